//! Subjects, and the credentials that belong to them.

use super::acceptance::Acceptance;
use super::answers::LastWord;
use crate::ppid::{CredentialIndex, SubjectId};
use kazasu_service::store::{Connection, SqlError};
use kazasu_service::values;
use std::collections::BTreeSet;

/// An earlier certificate of the same person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Predecessor {
    pub(crate) credential: CredentialIndex,
    /// It was superseded or ran out, and so the next certificate continues it.
    pub(crate) continued: bool,
}

/// What a PPID is made of.
pub(crate) struct Subject {
    pub(crate) pairwise_version: u32,
    pub(crate) lineage_broken: bool,
}

/// What is known of a credential before anybody is asked.
pub(crate) struct Known {
    /// It was seen revoked once. That stays, whatever a later answer says.
    pub(crate) revoked: bool,
    /// It belongs to a subject.
    pub(crate) has_subject: bool,
    /// What the OCSP responder said last.
    pub(crate) last_word: Option<LastWord>,
}

/// Looks a credential up.
pub(crate) fn look_up(
    c: &mut Connection<'_>,
    credential: &CredentialIndex,
) -> Result<Known, SqlError> {
    let known = c.optional(
        "SELECT asked.has_subject, asked.revoked,
           answer.word, answer.this_update, answer.asked_at, answer.valid_until
         FROM (SELECT
             CASE WHEN EXISTS (SELECT 1 FROM credentials WHERE credential_index = ?1)
               THEN 1 ELSE 0 END AS has_subject,
             CASE WHEN EXISTS (SELECT 1 FROM revoked_credentials WHERE credential_index = ?1)
               THEN 1 ELSE 0 END AS revoked) AS asked
         LEFT JOIN revocation_answers AS answer ON answer.credential_index = ?1",
        values![credential],
        |row| {
            Ok(Known {
                revoked: row.get("revoked")?,
                has_subject: row.get("has_subject")?,
                last_word: LastWord::of_row(row)?,
            })
        },
    )?;
    known.ok_or(SqlError::Kind)
}

/// Whose credential it is, if it is known.
pub(crate) fn of_credential(
    c: &mut Connection<'_>,
    credential: &CredentialIndex,
) -> Result<Option<SubjectId>, SqlError> {
    c.optional(
        "SELECT subject FROM credentials WHERE credential_index = ?1",
        values![credential],
        |row| row.get("subject"),
    )
}

pub(crate) fn by_id(c: &mut Connection<'_>, id: &SubjectId) -> Result<Option<Subject>, SqlError> {
    c.optional(
        "SELECT pairwise_version, lineage_broken FROM subjects WHERE id = ?1",
        values![id],
        |row| {
            Ok(Subject {
                pairwise_version: row.get("pairwise_version")?,
                lineage_broken: row.get("lineage_broken")?,
            })
        },
    )
}

/// The credential was seen revoked once. That stays, whatever a later answer says.
pub(crate) fn is_revoked(
    c: &mut Connection<'_>,
    credential: &CredentialIndex,
) -> Result<bool, SqlError> {
    let found = c.optional(
        "SELECT seen_at FROM revoked_credentials WHERE credential_index = ?1",
        values![credential],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

pub(crate) fn record_revoked(
    c: &mut Connection<'_>,
    credential: &CredentialIndex,
    now: i64,
) -> Result<(), SqlError> {
    c.execute(
        "INSERT INTO revoked_credentials (credential_index, seen_at) VALUES (?1, ?2)
         ON CONFLICT DO NOTHING",
        values![credential, now],
    )?;
    Ok(())
}

/// The subject of an accepted credential. An unknown credential continues its predecessors'
/// subject, newest first, as long as each was superseded or ran out; otherwise the person is new
/// here, marked if an earlier credential was known. Two subjects are never merged.
pub(crate) fn resolve(c: &mut Connection<'_>, a: &Acceptance) -> Result<SubjectId, SqlError> {
    if let Some(subject) = of_credential(c, &a.credential)? {
        return Ok(subject);
    }
    let mut continued = BTreeSet::new();
    let mut unbroken = true;
    let mut lineage_broken = false;
    for predecessor in a.predecessors.iter().flatten() {
        unbroken &= predecessor.continued;
        match of_credential(c, &predecessor.credential)? {
            Some(subject) if unbroken => _ = continued.insert(subject),
            Some(_) => lineage_broken = true,
            None => {}
        }
    }
    let only = continued.first().filter(|_| continued.len() == 1);
    let subject = match only {
        Some(subject) => *subject,
        None => {
            lineage_broken |= !continued.is_empty();
            c.execute(
                "INSERT INTO subjects (id, pairwise_version, lineage_broken, created_at)
                 VALUES (?1, ?2, ?3, ?4)",
                values![a.new_subject, a.pairwise_version, lineage_broken, a.now],
            )?;
            a.new_subject
        }
    };
    let inserted = c.execute(
        "INSERT INTO credentials (credential_index, subject, created_at) VALUES (?1, ?2, ?3)
         ON CONFLICT DO NOTHING",
        values![a.credential, subject, a.now],
    )?;
    if inserted == 1 {
        return Ok(subject);
    }
    // Another node accepted the same card's first tap at the same time: its subject counts.
    c.execute("DELETE FROM subjects WHERE id = ?1", values![a.new_subject])?;
    of_credential(c, &a.credential)?.ok_or(SqlError::Kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixture::empty_store;

    const OLD: CredentialIndex = [1; 32];
    const OLDER: CredentialIndex = [2; 32];
    const NEW: CredentialIndex = [9; 32];

    fn acceptance(
        credential: CredentialIndex,
        new_subject: u8,
        predecessors: &[(CredentialIndex, bool)],
    ) -> Acceptance {
        let predecessor = |&(credential, continued)| Predecessor {
            credential,
            continued,
        };
        Acceptance {
            transaction_id: String::new(),
            companion_hash: [0; 32],
            assertion_hash: [0; 32],
            credential,
            predecessors: Some(predecessors.iter().map(predecessor).collect()),
            new_subject: [new_subject; 16],
            pairwise_version: 1,
            sealed_name: None,
            return_hash: None,
            now: 0,
            expires_at: 0,
            details: kazasu_service::audit::Details::default(),
        }
    }

    /// Accepts the credentials one after the other, each with a fresh subject's number; returns
    /// the last one's subject and whether its lineage broke.
    async fn last_subject(accepted: Vec<Acceptance>) -> (u8, bool) {
        let (store, _folder) = empty_store().await;
        store
            .write(move |c| {
                let mut last = [0; 16];
                for a in &accepted {
                    last = resolve(c, a)?;
                }
                Ok((last[0], by_id(c, &last)?.unwrap().lineage_broken))
            })
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_known_credential_keeps_its_subject() {
        let taps = vec![acceptance(NEW, 1, &[]), acceptance(NEW, 2, &[])];
        assert_eq!(last_subject(taps).await, (1, false));
    }

    #[tokio::test]
    async fn a_superseded_predecessor_passes_its_subject_on() {
        let taps = vec![acceptance(OLD, 1, &[]), acceptance(NEW, 2, &[(OLD, true)])];
        assert_eq!(last_subject(taps).await, (1, false));
    }

    #[tokio::test]
    async fn a_lost_cards_successor_is_a_new_subject_that_must_be_linked_again() {
        let taps = vec![acceptance(OLD, 1, &[]), acceptance(NEW, 2, &[(OLD, false)])];
        assert_eq!(last_subject(taps).await, (2, true));
    }

    #[tokio::test]
    async fn a_predecessor_nobody_saw_here_breaks_nothing() {
        assert_eq!(
            last_subject(vec![acceptance(NEW, 1, &[(OLD, false)])]).await,
            (1, false)
        );
    }

    #[tokio::test]
    async fn a_break_in_between_ends_the_chain() {
        let taps = vec![
            acceptance(OLDER, 1, &[]),
            acceptance(NEW, 2, &[(OLD, false), (OLDER, true)]),
        ];
        assert_eq!(last_subject(taps).await, (2, true));
    }

    #[tokio::test]
    async fn two_subjects_are_never_merged() {
        let taps = vec![
            acceptance(OLDER, 1, &[]),
            acceptance(OLD, 2, &[]),
            acceptance(NEW, 3, &[(OLD, true), (OLDER, true)]),
        ];
        assert_eq!(last_subject(taps).await, (3, true));
    }

    #[tokio::test]
    async fn a_skipped_renewal_still_finds_the_subject() {
        let taps = vec![
            acceptance(OLDER, 1, &[]),
            acceptance(NEW, 2, &[(OLD, true), (OLDER, true)]),
        ];
        assert_eq!(last_subject(taps).await, (1, false));
    }
}

//! The responder's last word on each credential, in the database: it survives a restart, and the
//! other nodes see it. Revoked is not among the words: it is recorded for ever, elsewhere.

use crate::ppid::CredentialIndex;
use kazasu_assertion::revocation::{Judgement, Status};
use kazasu_service::store::{Connection, Row, SqlError};
use kazasu_service::values;

/// For how many seconds a word other than good stands against older ones. No answer and no list
/// is used at a greater age, so none that is older can follow.
const BAD_WORD_LIVES: i64 = 7 * 24 * 3_600;

/// What the responder said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LastWord {
    pub(crate) word: Word,
    /// When the authority knew it.
    pub(crate) this_update: i64,
    /// When it was asked.
    pub(crate) asked_at: i64,
    /// From then on it means nothing.
    pub(crate) valid_until: i64,
}

/// A status that can change again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Good,
    OnHold,
    Unknown,
}

impl LastWord {
    /// Whether it is good, and was heard so recently, after `answered_after`, that nobody needs to be
    /// asked.
    /// [`super::acceptance::accept_known`] asks the same of the database.
    pub(crate) fn spares_asking(&self, answered_after: i64, now: i64) -> bool {
        self.word == Word::Good
            && answered_after < self.asked_at
            && self.asked_at <= now
            && now < self.valid_until
    }

    pub(crate) fn status(&self) -> Status {
        match self.word {
            Word::Good => Status::Good,
            Word::OnHold => Status::OnHold {
                at: self.this_update,
            },
            Word::Unknown => Status::Unknown,
        }
    }

    /// From the columns `word, this_update, asked_at, valid_until`; `None` where they are NULL, as
    /// an outer join leaves them.
    pub(crate) fn of_row(row: &Row<'_>) -> Result<Option<Self>, SqlError> {
        let Some(word) = row.get::<Option<String>>("word")? else {
            return Ok(None);
        };
        Ok(Some(Self {
            word: match word.as_str() {
                "good" => Word::Good,
                "on_hold" => Word::OnHold,
                _ => Word::Unknown,
            },
            this_update: row.get("this_update")?,
            asked_at: row.get("asked_at")?,
            valid_until: row.get("valid_until")?,
        }))
    }
}

/// Remembers an answer, unless a newer one is remembered already: another node may have asked
/// later and been faster. A good answer without nextUpdate is not kept, but ends what it overtakes.
pub(crate) fn remember(
    c: &mut Connection<'_>,
    credential: &CredentialIndex,
    said: &Judgement,
    now: i64,
) -> Result<(), SqlError> {
    let (word, valid_until) = match said.status {
        Status::Good => ("good", said.fresh_until),
        Status::OnHold { .. } => ("on_hold", Some(said.this_update + BAD_WORD_LIVES)),
        // Revoked is recorded for ever, by another function.
        Status::Unknown | Status::Revoked { .. } => {
            ("unknown", Some(said.this_update + BAD_WORD_LIVES))
        }
    };
    let Some(valid_until) = valid_until else {
        c.execute(
            "DELETE FROM revocation_answers WHERE credential_index = ?1 AND this_update <= ?2",
            values![*credential, said.this_update],
        )?;
        return Ok(());
    };
    c.execute(
        "INSERT INTO revocation_answers
           (credential_index, word, this_update, asked_at, valid_until)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (credential_index) DO UPDATE SET
           word = excluded.word, this_update = excluded.this_update,
           asked_at = excluded.asked_at, valid_until = excluded.valid_until
         WHERE revocation_answers.this_update <= excluded.this_update",
        values![*credential, word, said.this_update, now, valid_until],
    )?;
    Ok(())
}

/// Deletes what means nothing any more.
pub(crate) fn delete_old(c: &mut Connection<'_>, now: i64) -> Result<(), SqlError> {
    c.execute(
        "DELETE FROM revocation_answers WHERE valid_until <= ?1",
        values![now],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixture::empty_store;
    use crate::store::subjects::look_up;

    const CREDENTIAL: CredentialIndex = [1; 32];

    fn said(status: Status, this_update: i64, fresh_until: Option<i64>) -> Judgement {
        Judgement {
            status,
            this_update,
            fresh_until,
        }
    }

    /// What is remembered at second 20 after these answers, each heard ten seconds after the
    /// authority knew it.
    async fn remembered(answers: Vec<Judgement>) -> Option<(Word, i64)> {
        let (store, _folder) = empty_store().await;
        let last_word = store.write(move |c| {
            for answer in &answers {
                remember(c, &CREDENTIAL, answer, answer.this_update + 10)?;
            }
            delete_old(c, 20)?;
            let known = look_up(c, &CREDENTIAL)?;
            assert!(!known.revoked && !known.has_subject);
            assert!(look_up(c, &[2; 32])?.last_word.is_none());
            Ok(known.last_word)
        });
        let word = last_word.await.unwrap()?;
        assert_eq!(word.asked_at, word.this_update + 10);
        Some((word.word, word.valid_until))
    }

    #[tokio::test]
    async fn the_newest_word_is_remembered_in_whatever_order_they_come() {
        let good = said(Status::Good, 1, Some(90));
        let hold = said(Status::OnHold { at: 2 }, 2, Some(90));
        let unknown = said(Status::Unknown, 3, None);
        let held = Some((Word::OnHold, 2 + BAD_WORD_LIVES));
        assert_eq!(remembered(vec![good]).await, Some((Word::Good, 90)));
        assert_eq!(remembered(vec![good, hold]).await, held);
        assert_eq!(remembered(vec![hold, good]).await, held);
        let not_known = Some((Word::Unknown, 3 + BAD_WORD_LIVES));
        assert_eq!(remembered(vec![unknown, hold, good]).await, not_known);
        let again = said(Status::Good, 4, Some(80));
        let released = remembered(vec![hold, again]).await;
        assert_eq!(released, Some((Word::Good, 80)));
    }

    #[tokio::test]
    async fn a_good_word_without_an_end_is_not_kept_but_ends_an_older_one() {
        let brief = said(Status::Good, 5, None);
        assert_eq!(remembered(vec![brief]).await, None);
        let hold = said(Status::OnHold { at: 4 }, 4, None);
        assert_eq!(remembered(vec![hold, brief]).await, None);
        let later = said(Status::OnHold { at: 6 }, 6, None);
        let held = remembered(vec![later, brief]).await;
        assert_eq!(held, Some((Word::OnHold, 6 + BAD_WORD_LIVES)));
    }

    #[tokio::test]
    async fn a_word_that_has_run_out_is_deleted() {
        assert_eq!(
            remembered(vec![said(Status::Good, 1, Some(20))]).await,
            None
        );
        let last = said(Status::Good, 1, Some(21));
        assert_eq!(remembered(vec![last]).await, Some((Word::Good, 21)));
    }

    #[test]
    fn only_a_young_good_word_spares_asking() {
        let word = |word, asked_at, valid_until| LastWord {
            word,
            this_update: 0,
            asked_at,
            valid_until,
        };
        let good = word(Word::Good, 100, 1000);
        assert!(good.spares_asking(40, 100) && good.spares_asking(99, 159));
        assert!(!good.spares_asking(100, 160) && !good.spares_asking(100, 100));
        // A clock that was set back proves nothing.
        assert!(!good.spares_asking(39, 99));
        assert!(!word(Word::Good, 100, 110).spares_asking(50, 110));
        for bad in [Word::OnHold, Word::Unknown] {
            assert!(!word(bad, 100, 1000).spares_asking(40, 100));
        }
    }
}

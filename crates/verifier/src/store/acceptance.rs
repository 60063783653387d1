//! The one use of a transaction: an assertion is accepted, and the result handed back to the
//! browser that started.

use super::subjects::{self, Predecessor};
use super::transactions::{by_companion, details, event, find};
use crate::ppid::{CredentialIndex, SubjectId};
use crate::transaction::{State, Transaction};
use kazasu_service::audit::{self, Details};
use kazasu_service::store::{Connection, Engine, SqlError, Store, StoreError};
use kazasu_service::values;
use kazasu_statement::Reason;

/// A verified assertion about to be accepted.
pub(crate) struct Acceptance {
    pub(crate) transaction_id: String,
    pub(crate) companion_hash: [u8; 32],
    pub(crate) assertion_hash: [u8; 32],
    pub(crate) credential: CredentialIndex,
    /// What lineage said; `None` if the credential was known when it was looked up.
    pub(crate) predecessors: Option<Vec<Predecessor>>,
    /// Used if the person turns out to be new.
    pub(crate) new_subject: SubjectId,
    pub(crate) pairwise_version: u32,
    pub(crate) sealed_name: Option<Vec<u8>>,
    pub(crate) return_hash: Option<[u8; 32]>,
    pub(crate) now: i64,
    pub(crate) expires_at: i64,
    /// Of the event.
    pub(crate) details: Details,
}

/// Accepts where there is nothing to find out: a known credential, of which the authority said it
/// was good when it was asked after `answered_after`, and a transaction that waits for it. `false`
/// if that is not so; then nothing has changed.
pub(crate) async fn accept_known(
    store: &Store,
    a: Acceptance,
    answered_after: i64,
) -> Result<bool, StoreError> {
    match store.engine() {
        Engine::Sqlite => {
            let accepted = store.write(move |c| accept_known_in_steps(c, &a, answered_after));
            accepted.await
        }
        Engine::Postgres => {
            let accepted =
                store.write_statement(move |c| accept_known_at_once(c, &a, answered_after));
            accepted.await
        }
    }
}

fn accept_known_in_steps(
    c: &mut Connection<'_>,
    a: &Acceptance,
    answered_after: i64,
) -> Result<bool, SqlError> {
    let subject = c.optional(
        "SELECT known.subject FROM credentials AS known
           JOIN revocation_answers AS answer ON answer.credential_index = known.credential_index
         WHERE known.credential_index = ?1 AND answer.word = 'good' AND answer.asked_at > ?2
           AND answer.asked_at <= ?3 AND answer.valid_until > ?3 AND NOT EXISTS
             (SELECT 1 FROM revoked_credentials WHERE credential_index = ?1)",
        values![a.credential, answered_after, a.now],
        |row| row.get::<SubjectId>("subject"),
    )?;
    if subject.is_none() || !use_up(c, a, subject)? {
        return Ok(false);
    }
    audit::record(c, a.now, "accepted", &a.details)?;
    Ok(true)
}

/// The same as one statement: on PostgreSQL each costs a round trip. SQLite has no such form.
fn accept_known_at_once(
    c: &mut Connection<'_>,
    a: &Acceptance,
    answered_after: i64,
) -> Result<bool, SqlError> {
    let accepted = c.execute(
        "WITH known AS (
           SELECT known.subject FROM credentials AS known
             JOIN revocation_answers AS answer ON answer.credential_index = known.credential_index
           WHERE known.credential_index = ?8 AND answer.word = 'good' AND answer.asked_at > ?10
             AND answer.asked_at <= ?4 AND answer.valid_until > ?4 AND NOT EXISTS
               (SELECT 1 FROM revoked_credentials WHERE credential_index = ?8)
         ), accepted AS (
           UPDATE transactions SET state = 'accepted', expires_at = ?3, auth_time = ?4,
             assertion_hash = ?5, sealed_name = ?6, return_hash = ?7, subject = known.subject
           FROM known WHERE id = ?1 AND companion_hash = ?2 AND expires_at > ?4
             AND (state = 'paired' OR (state = 'claimed' AND mode = 'same-phone'))
           RETURNING id
         )
         INSERT INTO audit_events (at, kind, details) SELECT ?4, 'accepted', ?9 FROM accepted",
        values![
            &a.transaction_id,
            a.companion_hash,
            a.expires_at,
            a.now,
            a.assertion_hash,
            &a.sealed_name,
            a.return_hash,
            a.credential,
            a.details.to_json(),
            answered_after,
        ],
    )?;
    Ok(accepted == 1)
}

/// Accepts: the transaction's one use, the event, and the credential's subject, all or nothing.
pub(crate) fn accept(
    c: &mut Connection<'_>,
    a: &Acceptance,
) -> Result<Result<(), Reason>, SqlError> {
    if subjects::is_revoked(c, &a.credential)? {
        return Ok(Err(Reason::CertificateRevoked));
    }
    let known = subjects::of_credential(c, &a.credential)?;
    if known.is_none() && a.predecessors.is_none() {
        return Ok(Err(Reason::LineageUnavailable)); // erased since it was looked up
    }
    if !use_up(c, a, known)? {
        let found = by_companion(c, &a.companion_hash, a.now)?;
        return Ok(match found {
            None => Err(Reason::TicketUnknown),
            Some(found) if found.assertion_hash == Some(a.assertion_hash) && !is_undone(&found) => {
                Ok(())
            }
            Some(found) => Err(found.not_ready_because().unwrap_or(Reason::AlreadyAccepted)),
        });
    }
    if known.is_none() {
        let subject = subjects::resolve(c, a)?;
        c.execute(
            "UPDATE transactions SET subject = ?2 WHERE id = ?1",
            values![&a.transaction_id, subject],
        )?;
    }
    audit::record(c, a.now, "accepted", &a.details)?;
    Ok(Ok(()))
}

/// The transaction's one use. `false` if it was used, or cannot be.
fn use_up(
    c: &mut Connection<'_>,
    a: &Acceptance,
    subject: Option<SubjectId>,
) -> Result<bool, SqlError> {
    let used = c.execute(
        "UPDATE transactions SET state = 'accepted', expires_at = ?3, auth_time = ?4,
           assertion_hash = ?5, sealed_name = ?6, return_hash = ?7, subject = ?8
         WHERE id = ?1 AND companion_hash = ?2 AND expires_at > ?4
           AND (state = 'paired' OR (state = 'claimed' AND mode = 'same-phone'))",
        values![
            &a.transaction_id,
            a.companion_hash,
            a.expires_at,
            a.now,
            a.assertion_hash,
            &a.sealed_name,
            a.return_hash,
            subject,
        ],
    )?;
    Ok(used == 1)
}

fn is_undone(transaction: &Transaction) -> bool {
    !matches!(transaction.state, State::Accepted | State::Redeemed)
}

/// What opening a return URL led to.
pub(crate) enum HandBack {
    /// The browser that started has it: go on with this transaction.
    Continue(String),
    /// Another browser had it: the code is dead, and this transaction rejected if it was still open.
    WrongBrowser(Option<String>),
    /// No such code.
    Unknown,
}

/// Takes a return URL's code. `browser_hash` is `None` if the browser sent no cookie.
pub(crate) fn hand_back(
    c: &mut Connection<'_>,
    return_hash: &[u8; 32],
    browser_hash: Option<&[u8; 32]>,
    now: i64,
) -> Result<HandBack, SqlError> {
    let found = find(
        c,
        "SELECT * FROM transactions WHERE return_hash = ?1",
        return_hash,
        now,
    )?;
    let Some(found) = found else {
        return Ok(HandBack::Unknown);
    };
    if browser_hash == Some(&found.browser_hash) {
        c.execute(
            "UPDATE transactions SET returned = 1
             WHERE id = ?1 AND state = 'accepted' AND expires_at > ?2",
            values![&found.id, now],
        )?;
        return Ok(HandBack::Continue(found.id));
    }
    // Once the right browser has come back the code means nothing more, in whatever hands.
    let rejected = c.execute(
        "UPDATE transactions SET state = 'rejected', reason = 'wrong_browser', sealed_name = NULL,
           return_hash = NULL
         WHERE id = ?1 AND state = 'accepted' AND returned = 0 AND expires_at > ?2",
        values![&found.id, now],
    )?;
    if rejected == 0 {
        return Ok(HandBack::WrongBrowser(None));
    }
    let event = details(&found, Some(Reason::WrongBrowser));
    audit::record(c, now, "rejected", &event)?;
    Ok(HandBack::WrongBrowser(Some(found.id)))
}

/// Records that an assertion was refused; the transaction goes on.
pub(crate) fn refuse(
    c: &mut Connection<'_>,
    id: &str,
    reason: Reason,
    now: i64,
) -> Result<(), SqlError> {
    event(c, now, "refused", id, Some(reason))
}

#[cfg(test)]
mod tests;

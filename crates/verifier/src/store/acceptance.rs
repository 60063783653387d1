//! The one use of a transaction: an assertion is accepted, and the result handed back to the
//! browser that started.

use super::subjects::{self, Predecessor};
use super::transactions::{by_companion, event, find};
use crate::ppid::{CredentialIndex, SubjectId};
use crate::transaction::{State, Transaction};
use kazasu_statement::Reason;
use rusqlite::{Connection, named_params, params};

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
}

/// Accepts: the transaction's one use, the event, and the credential's subject, all or nothing.
pub(crate) fn accept(c: &Connection, a: &Acceptance) -> rusqlite::Result<Result<(), Reason>> {
    if subjects::is_revoked(c, &a.credential)? {
        return Ok(Err(Reason::CertificateRevoked));
    }
    if a.predecessors.is_none() && subjects::of_credential(c, &a.credential)?.is_none() {
        return Ok(Err(Reason::LineageUnavailable)); // erased since it was looked up
    }
    let accepted = c
        .prepare_cached(
            "UPDATE transactions SET state = 'accepted', expires_at = :expires_at, auth_time = :now,
               assertion_hash = :assertion_hash, sealed_name = :sealed_name, return_hash = :return_hash
             WHERE id = :id AND companion_hash = :companion_hash AND expires_at > :now
               AND (state = 'paired' OR (state = 'claimed' AND mode = 'same-phone'))",
        )?
        .execute(named_params! {
            ":id": a.transaction_id, ":companion_hash": a.companion_hash, ":now": a.now,
            ":expires_at": a.expires_at, ":assertion_hash": a.assertion_hash,
            ":sealed_name": a.sealed_name, ":return_hash": a.return_hash,
        })?;
    if accepted == 0 {
        let found = by_companion(c, &a.companion_hash, a.now)?;
        return Ok(match found {
            None => Err(Reason::TicketUnknown),
            Some(found) if found.assertion_hash == Some(a.assertion_hash) && !is_undone(&found) => {
                Ok(())
            }
            Some(found) => Err(found.not_ready_because().unwrap_or(Reason::AlreadyAccepted)),
        });
    }
    let subject = subjects::resolve(c, a)?;
    c.prepare_cached("UPDATE transactions SET subject = ?2 WHERE id = ?1")?
        .execute(params![a.transaction_id, subject])?;
    event(c, a.now, "accepted", &a.transaction_id, None)?;
    Ok(Ok(()))
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
    c: &Connection,
    return_hash: &[u8; 32],
    browser_hash: Option<&[u8; 32]>,
    now: i64,
) -> rusqlite::Result<HandBack> {
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
        c.prepare_cached("UPDATE transactions SET returned = 1 WHERE id = ?1 AND state = 'accepted' AND expires_at > ?2")?
            .execute(params![found.id, now])?;
        return Ok(HandBack::Continue(found.id));
    }
    // Once the right browser has come back the code means nothing more, in whatever hands.
    let rejected = c
        .prepare_cached(
            "UPDATE transactions SET state = 'rejected', reason = 'wrong_browser', sealed_name = NULL,
               return_hash = NULL
             WHERE id = ?1 AND state = 'accepted' AND returned = 0 AND expires_at > ?2",
        )?
        .execute(params![found.id, now])?;
    if rejected == 0 {
        return Ok(HandBack::WrongBrowser(None));
    }
    event(c, now, "rejected", &found.id, Some(Reason::WrongBrowser))?;
    Ok(HandBack::WrongBrowser(Some(found.id)))
}

/// Records that an assertion was refused; the transaction goes on.
pub(crate) fn refuse(c: &Connection, id: &str, reason: Reason, now: i64) -> rusqlite::Result<()> {
    event(c, now, "refused", id, Some(reason))
}

#[cfg(test)]
mod tests;

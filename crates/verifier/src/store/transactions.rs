//! The steps of a transaction. Each is one conditional statement; what follows it only finds out
//! why it did not apply. Functions return a reason where a companion is told it.

use crate::transaction::{PAIRING_TRIES, State, Transaction};
use kazasu_service::audit::{self, Details};
use kazasu_service::store::{Connection, Row, SqlError, Value};
use kazasu_service::values;
use kazasu_statement::{Language, Mode, Purpose, Reason};
use std::str::FromStr;

/// A transaction about to begin.
pub(crate) struct NewTransaction {
    pub(crate) id: String,
    pub(crate) request_hash: [u8; 32],
    pub(crate) language: Language,
    pub(crate) browser_hash: [u8; 32],
    pub(crate) browser: String,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) delete_after: i64,
}

/// Begins a transaction from a pushed request, whose use this is. `false` if the request was used
/// before.
pub(crate) fn begin(c: &mut Connection<'_>, new: &NewTransaction) -> Result<bool, SqlError> {
    let inserted = c.execute(
        "INSERT INTO transactions (id, request_hash, relying_party, redirect_uri, request_state,
           nonce, code_challenge, purpose, wants_name, language, browser_hash, browser,
           created_at, state, expires_at, delete_after)
         SELECT ?1, request_hash, relying_party, redirect_uri, request_state,
           nonce, code_challenge, purpose, wants_name, ?2, ?3, ?4,
           ?5, 'created', ?6, ?7
         FROM pushed_requests WHERE request_hash = ?8 AND expires_at > ?5
         ON CONFLICT (request_hash) DO NOTHING",
        values![
            new.id.as_str(),
            new.language.as_str(),
            new.browser_hash,
            new.browser.as_str(),
            new.created_at,
            new.expires_at,
            new.delete_after,
            new.request_hash,
        ],
    )?;
    Ok(inserted == 1)
}

pub(crate) fn by_id(
    c: &mut Connection<'_>,
    id: &str,
    now: i64,
) -> Result<Option<Transaction>, SqlError> {
    find(c, "SELECT * FROM transactions WHERE id = ?1", id, now)
}

/// The transaction a pushed request grew into.
pub(crate) fn by_request(
    c: &mut Connection<'_>,
    hash: &[u8; 32],
    now: i64,
) -> Result<Option<Transaction>, SqlError> {
    find(
        c,
        "SELECT * FROM transactions WHERE request_hash = ?1",
        hash,
        now,
    )
}

/// The transaction a companion secret belongs to.
pub(crate) fn by_companion(
    c: &mut Connection<'_>,
    hash: &[u8; 32],
    now: i64,
) -> Result<Option<Transaction>, SqlError> {
    find(
        c,
        "SELECT * FROM transactions WHERE companion_hash = ?1",
        hash,
        now,
    )
}

pub(super) fn find(
    c: &mut Connection<'_>,
    sql: &'static str,
    key: impl Into<Value>,
    now: i64,
) -> Result<Option<Transaction>, SqlError> {
    c.optional(sql, &[key.into()], |row| from_row(row, now))
}

/// A ticket about to be minted: the one after `after`, so that of two clicks one wins.
pub(crate) struct NewTicket {
    pub(crate) mode: Mode,
    pub(crate) after: u32,
    pub(crate) hash: [u8; 32],
    pub(crate) expires_at: i64,
}

/// Mints a ticket. A claim of the one before dies with its secret, its digits and its challenge.
pub(crate) fn mint(
    c: &mut Connection<'_>,
    id: &str,
    ticket: &NewTicket,
    now: i64,
) -> Result<bool, SqlError> {
    let minted = c.execute(
        "UPDATE transactions SET state = 'created', mode = ?2, ticket_number = ?3,
           ticket_hash = ?4, ticket_expires_at = ?5,
           companion_hash = NULL, digits = NULL, digits_expire_at = NULL
         WHERE id = ?1 AND ticket_number = ?6
           AND state IN ('created', 'claimed', 'paired') AND expires_at > ?7",
        values![
            id,
            ticket.mode.as_str(),
            ticket.after + 1,
            ticket.hash,
            ticket.expires_at,
            ticket.after,
            now,
        ],
    )?;
    Ok(minted == 1)
}

/// Takes an acceptance back that no browser was told of, so that a browser which only waits gets
/// the same answers whether the phone has tapped or not. `lifetime` is that of transactions, in
/// seconds; the acceptance had shortened it. `false` if there was nothing to take back.
pub(crate) fn withdraw(
    c: &mut Connection<'_>,
    id: &str,
    lifetime: i64,
    now: i64,
) -> Result<bool, SqlError> {
    let withdrawn = c.execute(
        "UPDATE transactions SET state = 'claimed', expires_at = created_at + CAST(?2 AS INTEGER),
           subject = NULL, auth_time = NULL, sealed_name = NULL, assertion_hash = NULL,
           return_hash = NULL
         WHERE id = ?1 AND mode = 'same-phone' AND returned = 0 AND auth_time IS NOT NULL
           AND state IN ('accepted', 'expired') AND created_at + CAST(?2 AS INTEGER) > ?3",
        values![id, lifetime, now],
    )?;
    if withdrawn == 1 {
        event(c, now, "refused", id, Some(Reason::Cancelled))?;
    }
    Ok(withdrawn == 1)
}

/// Claims a ticket; the first wins.
pub(crate) fn claim(
    c: &mut Connection<'_>,
    ticket_hash: &[u8; 32],
    companion_hash: &[u8; 32],
    now: i64,
) -> Result<Result<Transaction, Reason>, SqlError> {
    let claimed = c.optional(
        "UPDATE transactions SET state = 'claimed', companion_hash = ?2
         WHERE ticket_hash = ?1 AND state = 'created' AND ticket_expires_at > ?3 AND expires_at > ?3
         RETURNING *",
        values![ticket_hash, companion_hash, now],
        |row| from_row(row, now),
    )?;
    if let Some(transaction) = claimed {
        return Ok(Ok(transaction));
    }
    let found = find(
        c,
        "SELECT * FROM transactions WHERE ticket_hash = ?1",
        ticket_hash,
        now,
    )?;
    Ok(Err(match found {
        None => Reason::TicketUnknown,
        Some(found) => match found.state {
            State::Created => Reason::TicketExpired,
            State::Cancelled | State::Rejected | State::Expired => {
                found.closed_because().unwrap_or(Reason::TicketExpired)
            }
            _ => Reason::TicketAlreadyClaimed,
        },
    }))
}

/// Replaces the six digits.
pub(crate) fn start_pairing(
    c: &mut Connection<'_>,
    companion_hash: &[u8; 32],
    digits: &str,
    expires_at: i64,
    now: i64,
) -> Result<Result<Transaction, Reason>, SqlError> {
    let started = c.optional(
        "UPDATE transactions SET digits = ?2, digits_expire_at = ?3
         WHERE companion_hash = ?1 AND state = 'claimed' AND mode <> 'same-phone' AND expires_at > ?4
         RETURNING *",
        values![companion_hash, digits, expires_at, now],
        |row| from_row(row, now),
    )?;
    if let Some(transaction) = started {
        return Ok(Ok(transaction));
    }
    let found = by_companion(c, companion_hash, now)?;
    Ok(Err(found.map_or(Reason::TicketUnknown, |found| {
        found.closed_because().unwrap_or(Reason::ModeNotAllowed)
    })))
}

/// What typing digits led to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pairing {
    Paired,
    Wrong {
        tries_left: u32,
    },
    /// The last try was wrong: the transaction is over.
    Rejected,
    /// Nothing waits for digits here.
    NotWaiting,
}

/// Compares the digits that the browser typed; a wrong or late try counts.
pub(crate) fn pair(
    c: &mut Connection<'_>,
    id: &str,
    browser_hash: &[u8; 32],
    digits: &str,
    now: i64,
) -> Result<Pairing, SqlError> {
    let tried: Option<(bool, u32)> = c.optional(
        "UPDATE transactions SET
           state = CASE WHEN digits = ?3 AND digits_expire_at > ?4 THEN 'paired'
                        WHEN pairing_tries + 1 >= ?5 THEN 'rejected' ELSE state END,
           reason = CASE WHEN digits = ?3 AND digits_expire_at > ?4 THEN NULL
                         WHEN pairing_tries + 1 >= ?5 THEN 'pairing_failed' END,
           digits = CASE WHEN digits = ?3 AND digits_expire_at > ?4 THEN NULL ELSE digits END,
           pairing_tries = CASE WHEN digits = ?3 AND digits_expire_at > ?4 THEN pairing_tries
                                ELSE pairing_tries + 1 END
         WHERE id = ?1 AND browser_hash = ?2 AND digits IS NOT NULL
           AND state = 'claimed' AND mode <> 'same-phone' AND expires_at > ?4
         RETURNING CASE WHEN state = 'paired' THEN 1 ELSE 0 END AS paired, pairing_tries",
        values![id, browser_hash, digits, now, PAIRING_TRIES],
        |row| Ok((row.get("paired")?, row.get("pairing_tries")?)),
    )?;
    let outcome = match tried {
        None => return Ok(Pairing::NotWaiting),
        Some((true, _)) => Pairing::Paired,
        Some((false, tries)) if tries >= PAIRING_TRIES => Pairing::Rejected,
        Some((false, tries)) => {
            return Ok(Pairing::Wrong {
                tries_left: PAIRING_TRIES - tries,
            });
        }
    };
    if outcome == Pairing::Rejected {
        event(c, now, "rejected", id, Some(Reason::PairingFailed))?;
    }
    Ok(outcome)
}

/// Ends an open transaction because a person asked. `false` if it was over already.
pub(crate) fn cancel(c: &mut Connection<'_>, id: &str, now: i64) -> Result<bool, SqlError> {
    let cancelled = c.execute(
        "UPDATE transactions SET state = 'cancelled', sealed_name = NULL, digits = NULL
         WHERE id = ?1 AND state IN ('created', 'claimed', 'paired', 'accepted') AND expires_at > ?2",
        values![id, now],
    )?;
    if cancelled == 1 {
        event(c, now, "rejected", id, Some(Reason::Cancelled))?;
    }
    Ok(cancelled == 1)
}

/// Ends what ran out of time; returns the identifiers.
pub(crate) fn expire(c: &mut Connection<'_>, now: i64) -> Result<Vec<String>, SqlError> {
    let expired = c.query(
        "UPDATE transactions SET state = 'expired', sealed_name = NULL, digits = NULL
         WHERE expires_at <= ?1 AND state IN ('created', 'claimed', 'paired', 'accepted')
         RETURNING *",
        values![now],
        |row| from_row(row, now),
    )?;
    for transaction in &expired {
        audit::record(c, now, "expired", &details(transaction, None))?;
    }
    Ok(expired
        .into_iter()
        .map(|transaction| transaction.id)
        .collect())
}

/// What an event about a transaction tells.
pub(crate) fn details(transaction: &Transaction, reason: Option<Reason>) -> Details {
    let reason = reason.map(|reason| reason.to_string());
    Details::default()
        .with("transaction", &*transaction.id)
        .with("relying_party", &*transaction.relying_party)
        .with("purpose", transaction.purpose.as_str())
        .with("mode", transaction.mode.map(|mode| mode.as_str()))
        .with("reason", reason.as_deref())
}

/// Writes an event about a transaction, if it is still there.
pub(super) fn event(
    c: &mut Connection<'_>,
    at: i64,
    kind: &str,
    id: &str,
    reason: Option<Reason>,
) -> Result<(), SqlError> {
    match by_id(c, id, at)? {
        Some(transaction) => audit::record(c, at, kind, &details(&transaction, reason)),
        None => Ok(()),
    }
}

/// In the order of the columns, which is the order in which they are found at once.
pub(super) fn from_row(row: &Row<'_>, now: i64) -> Result<Transaction, SqlError> {
    let mut transaction = Transaction {
        id: row.get("id")?,
        relying_party: row.get("relying_party")?,
        redirect_uri: row.get("redirect_uri")?,
        request_state: row.get("request_state")?,
        nonce: row.get("nonce")?,
        code_challenge: row.get("code_challenge")?,
        purpose: word::<Purpose>(row, "purpose")?,
        wants_name: row.get("wants_name")?,
        language: word::<Language>(row, "language")?,
        browser_hash: row.get("browser_hash")?,
        browser: row.get("browser")?,
        created_at: row.get("created_at")?,
        state: word(row, "state")?,
        expires_at: row.get("expires_at")?,
        mode: optional_word(row, "mode")?,
        ticket_number: row.get("ticket_number")?,
        ticket_expires_at: row.get("ticket_expires_at")?,
        digits_expire_at: row.get("digits_expire_at")?,
        pairing_tries: row.get("pairing_tries")?,
        assertion_hash: row.get("assertion_hash")?,
        subject: row.get("subject")?,
        auth_time: row.get("auth_time")?,
        sealed_name: row.get("sealed_name")?,
        returned: row.get("returned")?,
        // The schema's CHECK knows these two and no other.
        reason: row
            .get::<Option<String>>("reason")?
            .map(|word| match word.as_str() {
                "wrong_browser" => Reason::WrongBrowser,
                _ => Reason::PairingFailed,
            }),
    };
    if !transaction.state.is_final() && transaction.expires_at <= now {
        transaction.state = State::Expired;
    }
    Ok(transaction)
}

fn word<T: FromStr>(row: &Row<'_>, column: &str) -> Result<T, SqlError> {
    let text: String = row.get(column)?;
    text.parse().map_err(|_| SqlError::Kind)
}

fn optional_word<T: FromStr>(row: &Row<'_>, column: &str) -> Result<Option<T>, SqlError> {
    let text: Option<String> = row.get(column)?;
    let parsed = text.as_deref().map(str::parse).transpose();
    parsed.map_err(|_| SqlError::Kind)
}

#[cfg(test)]
mod tests;

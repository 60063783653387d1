//! The steps of a transaction. Each is one conditional statement; what follows it only finds out
//! why it did not apply. Functions return a reason where a companion is told it.

use crate::transaction::{PAIRING_TRIES, State, Transaction};
use kazasu_statement::{Language, Mode, Purpose, Reason};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};
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
pub(crate) fn begin(c: &Connection, new: &NewTransaction) -> rusqlite::Result<bool> {
    let inserted = c
        .prepare_cached(
            "INSERT INTO transactions (id, request_hash, relying_party, redirect_uri, request_state,
               nonce, code_challenge, purpose, wants_name, language, browser_hash, browser,
               created_at, state, expires_at, delete_after)
             SELECT :id, request_hash, relying_party, redirect_uri, request_state,
               nonce, code_challenge, purpose, wants_name, :language, :browser_hash, :browser,
               :created_at, 'created', :expires_at, :delete_after
             FROM pushed_requests WHERE request_hash = :request_hash AND expires_at > :created_at
             ON CONFLICT (request_hash) DO NOTHING",
        )?
        .execute(named_params! {
            ":id": new.id, ":request_hash": new.request_hash, ":language": new.language.as_str(),
            ":browser_hash": new.browser_hash, ":browser": new.browser,
            ":created_at": new.created_at, ":expires_at": new.expires_at,
            ":delete_after": new.delete_after,
        })?;
    Ok(inserted == 1)
}

pub(crate) fn by_id(c: &Connection, id: &str, now: i64) -> rusqlite::Result<Option<Transaction>> {
    find(c, "SELECT * FROM transactions WHERE id = ?1", id, now)
}

/// The transaction a pushed request grew into.
pub(crate) fn by_request(
    c: &Connection,
    hash: &[u8; 32],
    now: i64,
) -> rusqlite::Result<Option<Transaction>> {
    find(
        c,
        "SELECT * FROM transactions WHERE request_hash = ?1",
        hash,
        now,
    )
}

/// The transaction a companion secret belongs to.
pub(crate) fn by_companion(
    c: &Connection,
    hash: &[u8; 32],
    now: i64,
) -> rusqlite::Result<Option<Transaction>> {
    find(
        c,
        "SELECT * FROM transactions WHERE companion_hash = ?1",
        hash,
        now,
    )
}

pub(super) fn find(
    c: &Connection,
    sql: &str,
    key: impl rusqlite::ToSql,
    now: i64,
) -> rusqlite::Result<Option<Transaction>> {
    c.prepare_cached(sql)?
        .query_row([key], |row| from_row(row, now))
        .optional()
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
    c: &Connection,
    id: &str,
    ticket: &NewTicket,
    now: i64,
) -> rusqlite::Result<bool> {
    let minted = c
        .prepare_cached(
            "UPDATE transactions SET state = 'created', mode = :mode, ticket_number = :after + 1,
               ticket_hash = :hash, ticket_expires_at = :expires_at,
               companion_hash = NULL, digits = NULL, digits_expire_at = NULL
             WHERE id = :id AND ticket_number = :after
               AND state IN ('created', 'claimed', 'paired') AND expires_at > :now",
        )?
        .execute(named_params! {
            ":id": id, ":mode": ticket.mode.as_str(), ":after": ticket.after,
            ":hash": ticket.hash, ":expires_at": ticket.expires_at, ":now": now,
        })?;
    Ok(minted == 1)
}

/// Claims a ticket; the first wins.
pub(crate) fn claim(
    c: &Connection,
    ticket_hash: &[u8; 32],
    companion_hash: &[u8; 32],
    now: i64,
) -> rusqlite::Result<Result<Transaction, Reason>> {
    let claimed = c
        .prepare_cached(
            "UPDATE transactions SET state = 'claimed', companion_hash = ?2
             WHERE ticket_hash = ?1 AND state = 'created' AND ticket_expires_at > ?3 AND expires_at > ?3
             RETURNING *",
        )?
        .query_row(params![ticket_hash, companion_hash, now], |row| from_row(row, now))
        .optional()?;
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
    c: &Connection,
    companion_hash: &[u8; 32],
    digits: &str,
    expires_at: i64,
    now: i64,
) -> rusqlite::Result<Result<Transaction, Reason>> {
    let started = c
        .prepare_cached(
            "UPDATE transactions SET digits = ?2, digits_expire_at = ?3
             WHERE companion_hash = ?1 AND state = 'claimed' AND mode = 'other-device' AND expires_at > ?4
             RETURNING *",
        )?
        .query_row(params![companion_hash, digits, expires_at, now], |row| from_row(row, now))
        .optional()?;
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
    c: &Connection,
    id: &str,
    browser_hash: &[u8; 32],
    digits: &str,
    now: i64,
) -> rusqlite::Result<Pairing> {
    let tried: Option<(bool, u32)> = c
        .prepare_cached(
            "UPDATE transactions SET
               state = CASE WHEN digits = :digits AND digits_expire_at > :now THEN 'paired'
                            WHEN pairing_tries + 1 >= :tries THEN 'rejected' ELSE state END,
               reason = CASE WHEN NOT (digits = :digits AND digits_expire_at > :now)
                              AND pairing_tries + 1 >= :tries THEN 'pairing_failed' END,
               digits = CASE WHEN digits = :digits AND digits_expire_at > :now THEN NULL ELSE digits END,
               pairing_tries = pairing_tries + NOT (digits = :digits AND digits_expire_at > :now)
             WHERE id = :id AND browser_hash = :browser_hash AND digits IS NOT NULL
               AND state = 'claimed' AND mode = 'other-device' AND expires_at > :now
             RETURNING state = 'paired', pairing_tries",
        )?
        .query_row(
            named_params! {
                ":id": id, ":browser_hash": browser_hash, ":digits": digits, ":now": now,
                ":tries": PAIRING_TRIES,
            },
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
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
pub(crate) fn cancel(c: &Connection, id: &str, now: i64) -> rusqlite::Result<bool> {
    let cancelled = c
        .prepare_cached(
            "UPDATE transactions SET state = 'cancelled', sealed_name = NULL, digits = NULL
             WHERE id = ?1 AND state IN ('created', 'claimed', 'paired', 'accepted') AND expires_at > ?2",
        )?
        .execute(params![id, now])?;
    if cancelled == 1 {
        event(c, now, "rejected", id, Some(Reason::Cancelled))?;
    }
    Ok(cancelled == 1)
}

/// Ends what ran out of time; returns the identifiers.
pub(crate) fn expire(c: &Connection, now: i64) -> rusqlite::Result<Vec<String>> {
    c.prepare_cached(
        "UPDATE transactions SET state = 'expired', sealed_name = NULL, digits = NULL
         WHERE expires_at <= ?1 AND state IN ('created', 'claimed', 'paired', 'accepted') RETURNING id",
    )?
    .query_map([now], |row| row.get(0))?
    .collect()
}

/// Writes an event about a transaction.
pub(super) fn event(
    c: &Connection,
    at: i64,
    kind: &str,
    id: &str,
    reason: Option<Reason>,
) -> rusqlite::Result<()> {
    c.prepare_cached(
        "INSERT INTO events (at, kind, transaction_id, relying_party, purpose, mode, reason)
         SELECT ?1, ?2, id, relying_party, purpose, mode, ?4 FROM transactions WHERE id = ?3",
    )?
    .execute(params![
        at,
        kind,
        id,
        reason.map(|reason| reason.to_string())
    ])?;
    Ok(())
}

fn from_row(row: &Row<'_>, now: i64) -> rusqlite::Result<Transaction> {
    let state: State = word(row, "state")?;
    let expires_at = row.get("expires_at")?;
    let reason: Option<String> = row.get("reason")?;
    Ok(Transaction {
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
        state: if !state.is_final() && expires_at <= now {
            State::Expired
        } else {
            state
        },
        expires_at,
        mode: optional_word(row, "mode")?,
        ticket_number: row.get("ticket_number")?,
        ticket_expires_at: row.get("ticket_expires_at")?,
        pairing_tries: row.get("pairing_tries")?,
        assertion_hash: row.get("assertion_hash")?,
        subject: row.get("subject")?,
        auth_time: row.get("auth_time")?,
        sealed_name: row.get("sealed_name")?,
        returned: row.get("returned")?,
        // The schema's CHECK knows these two and no other.
        reason: reason.map(|word| match word.as_str() {
            "wrong_browser" => Reason::WrongBrowser,
            _ => Reason::PairingFailed,
        }),
    })
}

fn word<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    row: &Row<'_>,
    column: &str,
) -> rusqlite::Result<T> {
    parse(&row.get::<_, String>(column)?)
}

fn optional_word<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    row: &Row<'_>,
    column: &str,
) -> rusqlite::Result<Option<T>> {
    row.get::<_, Option<String>>(column)?
        .as_deref()
        .map(parse)
        .transpose()
}

fn parse<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    text: &str,
) -> rusqlite::Result<T> {
    text.parse()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}

#[cfg(test)]
mod tests;

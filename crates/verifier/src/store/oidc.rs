//! Pushed requests, authorization codes and used client assertions.

use super::subjects::{self, Subject};
use super::transactions;
use crate::ppid::SubjectId;
use crate::transaction::{State, Transaction};
use kazasu_statement::{Language, Purpose};
use rusqlite::{Connection, OptionalExtension as _, named_params, params};

/// A checked authorization request.
pub(crate) struct PushedRequest {
    pub(crate) relying_party: String,
    pub(crate) redirect_uri: String,
    pub(crate) request_state: Option<String>,
    pub(crate) nonce: String,
    pub(crate) code_challenge: String,
    pub(crate) purpose: Purpose,
    pub(crate) wants_name: bool,
    pub(crate) language: Option<Language>,
    pub(crate) prompt_none: bool,
}

pub(crate) fn push(
    c: &Connection,
    hash: &[u8; 32],
    request: &PushedRequest,
    expires_at: i64,
) -> rusqlite::Result<()> {
    c.prepare_cached(
        "INSERT INTO pushed_requests VALUES (:hash, :relying_party, :redirect_uri, :request_state,
           :nonce, :code_challenge, :purpose, :wants_name, :language, :prompt_none, :expires_at)",
    )?
    .execute(named_params! {
        ":hash": hash, ":relying_party": request.relying_party,
        ":redirect_uri": request.redirect_uri, ":request_state": request.request_state,
        ":nonce": request.nonce, ":code_challenge": request.code_challenge,
        ":purpose": request.purpose.as_str(), ":wants_name": request.wants_name,
        ":language": request.language.map(Language::as_str), ":prompt_none": request.prompt_none,
        ":expires_at": expires_at,
    })?;
    Ok(())
}

/// What the authorization endpoint needs of a pushed request.
pub(crate) struct Pushed {
    pub(crate) relying_party: String,
    pub(crate) redirect_uri: String,
    pub(crate) request_state: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) prompt_none: bool,
}

pub(crate) fn pushed(
    c: &Connection,
    hash: &[u8; 32],
    now: i64,
) -> rusqlite::Result<Option<Pushed>> {
    c.prepare_cached(
        "SELECT relying_party, redirect_uri, request_state, language, prompt_none
         FROM pushed_requests WHERE request_hash = ?1 AND expires_at > ?2",
    )?
    .query_row(params![hash, now], |row| {
        Ok(Pushed {
            relying_party: row.get(0)?,
            redirect_uri: row.get(1)?,
            request_state: row.get(2)?,
            language: row.get(3)?,
            prompt_none: row.get(4)?,
        })
    })
    .optional()
}

/// Marks a client assertion as used. `false` if it was used before.
pub(crate) fn use_assertion(
    c: &Connection,
    party: &str,
    jti: &str,
    expires_at: i64,
) -> rusqlite::Result<bool> {
    let inserted = c
        .prepare_cached("INSERT INTO client_assertions VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
        .execute(params![party, jti, expires_at])?;
    Ok(inserted == 1)
}

/// Issues a code for a transaction that is accepted and whose browser is proven. Several may be
/// live, one for each tab; redeeming one ends the transaction and with it the others.
pub(crate) fn issue_code(
    c: &Connection,
    hash: &[u8; 32],
    transaction_id: &str,
    expires_at: i64,
    now: i64,
) -> rusqlite::Result<bool> {
    let issued = c
        .prepare_cached(
            "INSERT INTO codes SELECT ?1, id, ?3 FROM transactions
             WHERE id = ?2 AND state = 'accepted' AND expires_at > ?4
               AND (mode <> 'same-phone' OR returned = 1)",
        )?
        .execute(params![hash, transaction_id, expires_at, now])?;
    Ok(issued == 1)
}

/// What a client presents with a code.
pub(crate) struct Redemption {
    pub(crate) code_hash: [u8; 32],
    pub(crate) relying_party: String,
    pub(crate) redirect_uri: String,
    /// Computed from the code verifier.
    pub(crate) code_challenge: String,
}

/// A redeemed transaction, with the name it had until then.
pub(crate) struct Redeemed {
    pub(crate) transaction: Transaction,
    pub(crate) subject_id: SubjectId,
    pub(crate) subject: Subject,
}

/// Redeems a code. A code that was shown is dead, also where something did not match.
pub(crate) fn redeem(
    c: &Connection,
    r: &Redemption,
    now: i64,
) -> rusqlite::Result<Option<Redeemed>> {
    let code: Option<(String, i64)> = c
        .prepare_cached(
            "DELETE FROM codes WHERE code_hash = ?1 RETURNING transaction_id, expires_at",
        )?
        .query_row([r.code_hash], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, expires_at)) = code else {
        return Ok(None);
    };
    let Some(transaction) = transactions::by_id(c, &id, now)? else {
        return Ok(None);
    };
    let matches = expires_at > now
        && transaction.state == State::Accepted
        && transaction.relying_party == r.relying_party
        && transaction.redirect_uri == r.redirect_uri
        && transaction.code_challenge == r.code_challenge;
    let Some(subject_id) = transaction.subject.filter(|_| matches) else {
        return Ok(None);
    };
    let Some(subject) = subjects::by_id(c, &subject_id)? else {
        return Ok(None);
    };
    let redeemed = c
        .prepare_cached(
            "UPDATE transactions SET state = 'redeemed', sealed_name = NULL
             WHERE id = ?1 AND state = 'accepted' AND expires_at > ?2",
        )?
        .execute(params![id, now])?;
    Ok((redeemed == 1).then_some(Redeemed {
        transaction,
        subject_id,
        subject,
    }))
}

/// Deletes what has had its time.
pub(crate) fn delete_old(c: &Connection, now: i64) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM pushed_requests WHERE expires_at <= ?1",
        "DELETE FROM client_assertions WHERE expires_at <= ?1",
        "DELETE FROM codes WHERE expires_at <= ?1",
        "DELETE FROM transactions WHERE delete_after <= ?1",
    ] {
        c.prepare_cached(sql)?.execute([now])?;
    }
    Ok(())
}

//! Pushed requests, authorization codes and used client assertions.

use super::subjects::{self, Subject};
use super::transactions;
use crate::ppid::SubjectId;
use crate::transaction::{State, Transaction};
use kazasu_service::store::{Connection, SqlError};
use kazasu_service::values;
use kazasu_statement::{Language, Purpose};

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
    c: &mut Connection<'_>,
    hash: &[u8; 32],
    request: &PushedRequest,
    expires_at: i64,
) -> Result<(), SqlError> {
    c.execute(
        "INSERT INTO pushed_requests (request_hash, relying_party, redirect_uri, request_state,
           nonce, code_challenge, purpose, wants_name, language, prompt_none, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT DO NOTHING",
        values![
            hash,
            &request.relying_party,
            &request.redirect_uri,
            &request.request_state,
            &request.nonce,
            &request.code_challenge,
            request.purpose.as_str(),
            request.wants_name,
            request.language.map(Language::as_str),
            request.prompt_none,
            expires_at,
        ],
    )?;
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
    c: &mut Connection<'_>,
    hash: &[u8; 32],
    now: i64,
) -> Result<Option<Pushed>, SqlError> {
    c.optional(
        "SELECT relying_party, redirect_uri, request_state, language, prompt_none
         FROM pushed_requests WHERE request_hash = ?1 AND expires_at > ?2",
        values![hash, now],
        |row| {
            Ok(Pushed {
                relying_party: row.get("relying_party")?,
                redirect_uri: row.get("redirect_uri")?,
                request_state: row.get("request_state")?,
                language: row.get("language")?,
                prompt_none: row.get("prompt_none")?,
            })
        },
    )
}

/// Marks a client assertion as used. `false` if it was used before.
pub(crate) fn use_assertion(
    c: &mut Connection<'_>,
    party: &str,
    jti: &str,
    expires_at: i64,
) -> Result<bool, SqlError> {
    let inserted = c.execute(
        "INSERT INTO client_assertions (relying_party, jti, expires_at) VALUES (?1, ?2, ?3)
         ON CONFLICT DO NOTHING",
        values![party, jti, expires_at],
    )?;
    Ok(inserted == 1)
}

/// Issues a code for a transaction that is accepted and whose browser is proven. Several may be
/// live, one for each tab; redeeming one ends the transaction and with it the others.
pub(crate) fn issue_code(
    c: &mut Connection<'_>,
    hash: &[u8; 32],
    transaction_id: &str,
    expires_at: i64,
    now: i64,
) -> Result<bool, SqlError> {
    let issued = c.execute(
        "INSERT INTO codes (code_hash, transaction_id, expires_at)
         SELECT ?1, id, ?3 FROM transactions
         WHERE id = ?2 AND state = 'accepted' AND expires_at > ?4
           AND (mode <> 'same-phone' OR returned = 1)",
        values![hash, transaction_id, expires_at, now],
    )?;
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
    c: &mut Connection<'_>,
    r: &Redemption,
    now: i64,
) -> Result<Option<Redeemed>, SqlError> {
    let code: Option<(String, i64)> = c.optional(
        "DELETE FROM codes WHERE code_hash = ?1 RETURNING transaction_id, expires_at",
        values![r.code_hash],
        |row| Ok((row.get("transaction_id")?, row.get("expires_at")?)),
    )?;
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
    let redeemed = c.execute(
        "UPDATE transactions SET state = 'redeemed', sealed_name = NULL
         WHERE id = ?1 AND state = 'accepted' AND expires_at > ?2",
        values![&id, now],
    )?;
    Ok((redeemed == 1).then_some(Redeemed {
        transaction,
        subject_id,
        subject,
    }))
}

/// Deletes what has had its time.
pub(crate) fn delete_old(c: &mut Connection<'_>, now: i64) -> Result<(), SqlError> {
    for sql in [
        "DELETE FROM pushed_requests WHERE expires_at <= ?1",
        "DELETE FROM client_assertions WHERE expires_at <= ?1",
        "DELETE FROM codes WHERE expires_at <= ?1",
        "DELETE FROM transactions WHERE delete_after <= ?1",
    ] {
        c.execute(sql, values![now])?;
    }
    Ok(())
}

//! What a sign-in provider asks: is this the person, and does their session still hold?

use super::hash;
use super::rows;
use crate::account::{AccountId, AccountKind, AccountState};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use kazasu_service::page::Language;
use kazasu_service::secret;
use kazasu_service::store::{Connection, Row, SqlError, Store, StoreError};
use kazasu_service::values;
use serde::Serialize;
use zeroize::Zeroizing;

/// Who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The account.
    pub account: AccountId,
    /// Whose it is.
    pub kind: AccountKind,
    /// The person's names, the registered one first.
    pub names: Vec<String>,
    /// Which language to speak, if known.
    pub language: Option<Language>,
    /// What they signed in with.
    pub with: With,
    /// To be kept with the session, and asked about again: [`has_session`].
    pub session_generation: i64,
}

/// What somebody signed in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum With {
    /// The password.
    Password,
    /// A temporary access pass, which is for registering second factors.
    AccessPass,
}

/// Why somebody did not sign in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// There is no such account, or the secret is another one.
    #[error("the account or the secret is wrong")]
    Wrong,
    /// It was revoked.
    #[error("the account is revoked")]
    Revoked,
    /// It was locked.
    #[error("the account is locked")]
    Locked,
    /// There were too many wrong attempts; this one was not even looked at.
    #[error("too many wrong attempts; again in {retry_after} seconds")]
    TooOften {
        /// When the next one will be, in seconds.
        retry_after: u64,
    },
    /// The database.
    #[error("the directory's database failed")]
    Store(#[from] StoreError),
}

/// What an attempt finds.
struct Found {
    person: SignedIn,
    state: AccountState,
    password: Option<String>,
    access_pass: Option<[u8; 32]>,
}

/// Checks a password or an access pass. Each attempt counts as a wrong one until it is found right,
/// so that those made at once count, too; the database remembers them.
///
/// # Errors
/// [`SignInError`].
pub async fn sign_in(
    store: &Store,
    account: &AccountId,
    secret: Zeroizing<String>,
    now: i64,
) -> Result<SignedIn, SignInError> {
    let id = account.as_str().to_owned();
    let attempt = store.write(move |c| attempt(c, &id, now)).await?;
    let found = match attempt {
        Err(refused_until) if refused_until > now => {
            let retry_after = (refused_until - now).unsigned_abs();
            return Err(SignInError::TooOften { retry_after });
        }
        // Whether there is such an account shall not be told by how long this takes.
        Err(_) => {
            hash::matches(secret, None).await;
            return Err(SignInError::Wrong);
        }
        Ok(found) => found,
    };
    match found.state {
        AccountState::Active => {}
        AccountState::Revoked { .. } => return Err(SignInError::Revoked),
        AccountState::Locked => return Err(SignInError::Locked),
    }
    let given = hash_of_pass(&secret);
    let is_pass = found
        .access_pass
        .is_some_and(|kept| verify_slices_are_equal(&kept, &given).is_ok());
    let with = match is_pass {
        true => With::AccessPass,
        false if hash::matches(secret, found.password).await => With::Password,
        false => return Err(SignInError::Wrong),
    };
    let id = account.as_str().to_owned();
    let forget = store.write(move |c| c.execute(FORGET_FAILURES, values![id]));
    forget.await?;
    Ok(SignedIn {
        with,
        ..found.person
    })
}

/// Whether a session that was begun with this number still holds: the account is active, and
/// neither its password was replaced nor was it locked since.
///
/// # Errors
/// [`StoreError`].
pub async fn has_session(
    store: &Store,
    account: &AccountId,
    session_generation: i64,
    now: i64,
) -> Result<bool, StoreError> {
    let id = account.as_str().to_owned();
    let found = store.read(move |c| {
        c.optional(
            "SELECT session_generation FROM directory_accounts
             WHERE id = ?1 AND locked = 0 AND (revoked_at IS NULL OR revoked_at > ?2)",
            values![id, now],
            |row| row.get::<i64>("session_generation"),
        )
    });
    Ok(found.await? == Some(session_generation))
}

/// What is kept of an access pass. It has 80 random bits, so a plain hash is enough. People may
/// type it without the hyphens, and in small letters.
pub(super) fn hash_of_pass(pass: &str) -> [u8; 32] {
    let bare = pass.chars().filter(|c| *c != '-' && !c.is_whitespace());
    let bare: Zeroizing<String> = Zeroizing::new(bare.collect());
    secret::hash(Zeroizing::new(bare.to_ascii_uppercase()).as_bytes())
}

/// Counts the attempt. After the fifth that may be wrong only one in thirty seconds is looked at,
/// after the tenth one in a quarter of an hour.
const COUNT: &str = "UPDATE directory_accounts
  SET failures = failures + 1,
      refused_until = CASE WHEN failures < 4 THEN 0
                           WHEN failures < 9 THEN CAST(?2 AS INTEGER) + 30
                           ELSE CAST(?2 AS INTEGER) + 900 END
  WHERE id = ?1 AND refused_until <= ?2
  RETURNING id, kind, locked, revoked_at, language, password, access_pass, access_pass_until,
            session_generation";

const FORGET_FAILURES: &str =
    "UPDATE directory_accounts SET failures = 0, refused_until = 0 WHERE id = ?1";

/// What to compare with, or until when no attempt is looked at.
fn attempt(c: &mut Connection<'_>, id: &str, now: i64) -> Result<Result<Found, i64>, SqlError> {
    let Some(mut found) = c.optional(COUNT, values![id, now], |row| found(row, now))? else {
        let refused = c.optional(
            "SELECT refused_until FROM directory_accounts WHERE id = ?1",
            values![id],
            |row| row.get("refused_until"),
        )?;
        return Ok(Err(refused.unwrap_or(0)));
    };
    found.person.names = rows::names(c, id)?;
    Ok(Ok(found))
}

fn found(row: &Row<'_>, now: i64) -> Result<Found, SqlError> {
    let until: Option<i64> = row.get("access_pass_until")?;
    let access_pass: Option<[u8; 32]> = row.get("access_pass")?;
    Ok(Found {
        person: SignedIn {
            account: rows::account_id(row, "id")?,
            kind: rows::kind(row)?,
            names: Vec::new(),
            language: rows::language(row)?,
            with: With::Password,
            session_generation: row.get("session_generation")?,
        },
        state: rows::state(row, now)?,
        password: row.get("password")?,
        access_pass: access_pass.filter(|_| until.is_some_and(|until| now < until)),
    })
}

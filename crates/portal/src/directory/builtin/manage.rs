//! What a member of staff looks at and unlocks from a terminal.

use super::{once, rows};
use crate::account::{AccountId, AccountKind, AccountState};
use crate::directory::{Account, KEPT_CONTACT};
use chrono::{DateTime, SecondsFormat};
use kazasu_service::audit::{self, Details};
use kazasu_service::page::Language;
use kazasu_service::store::{Connection, SqlError, Store, StoreError};
use kazasu_service::values;
use serde::Serialize;

/// A line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The account.
    pub account: String,
    /// `student` or `staff`.
    pub kind: &'static str,
    /// `active`, `revoked` or `locked`.
    pub state: &'static str,
}

/// An account as a member of staff sees it. Times are RFC 3339, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The account.
    pub account: String,
    /// `student` or `staff`.
    pub kind: &'static str,
    /// `active`, `revoked` or `locked`.
    pub state: &'static str,
    /// Since when it is revoked.
    pub revoked_since: Option<String>,
    /// The registered name first.
    pub names: Vec<String>,
    /// Where its person is told what happened.
    pub contacts: Vec<ShownContact>,
    /// `ja` or `en`.
    pub language: Option<&'static str>,
    /// Of a member of staff who is a student now: the student account.
    pub student_account: Option<String>,
    /// It has a password.
    pub has_password: bool,
    /// Attempts to sign in since the last that succeeded.
    pub failures: i64,
}

/// A contact as a member of staff sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownContact {
    /// An e-mail address.
    pub address: String,
    /// It is not the account's own mailbox.
    pub outside: bool,
    /// When it became a contact.
    pub since: Option<String>,
    /// When it ceased to be one.
    pub until: Option<String>,
}

/// Every account, by its name.
///
/// # Errors
/// [`StoreError`].
pub async fn list(store: &Store, now: i64) -> Result<Vec<Listed>, StoreError> {
    let accounts = store.read(move |c| {
        c.query(
            "SELECT id, kind, locked, revoked_at FROM directory_accounts ORDER BY id",
            &[],
            |row| {
                Ok(Listed {
                    account: row.get("id")?,
                    kind: rows::kind(row)?.as_str(),
                    state: word(rows::state(row, now)?),
                })
            },
        )
    });
    accounts.await
}

/// One account; `None` if there is no such one.
///
/// # Errors
/// [`StoreError`].
pub async fn show(store: &Store, id: &AccountId, now: i64) -> Result<Option<Shown>, StoreError> {
    let id = id.as_str().to_owned();
    let found = store.read(move |c| {
        let Some(account) = rows::account(c, &id, now)? else {
            return Ok(None);
        };
        let rest = c.optional(
            "SELECT password IS NOT NULL AS has_password, failures FROM directory_accounts
             WHERE id = ?1",
            values![id],
            |row| Ok((row.get("has_password")?, row.get("failures")?)),
        )?;
        Ok(rest.map(|(has_password, failures)| shown(account, has_password, failures)))
    });
    found.await
}

/// Lets the account be used again, and its person try to sign in at once. Whoever was locked out
/// still needs a new password. `false` if there is no such account.
///
/// # Errors
/// [`StoreError`].
pub async fn unlock(store: &Store, id: &AccountId, now: i64) -> Result<bool, StoreError> {
    let id = id.as_str().to_owned();
    let unlocked = store.write(move |c| {
        let unlocked = c.execute(
            "UPDATE directory_accounts SET locked = 0, failures = 0, refused_until = 0
             WHERE id = ?1",
            values![id],
        )?;
        if unlocked == 1 {
            audit::record(c, now, "account_unlocked", &Details::default())?;
        }
        Ok(unlocked == 1)
    });
    unlocked.await
}

/// Removes an account and everything the directory knows about it. `false` if there is no such
/// account.
pub(crate) fn remove(c: &mut Connection<'_>, id: &AccountId) -> Result<bool, SqlError> {
    let id = id.as_str();
    let removed = c.execute("DELETE FROM directory_accounts WHERE id = ?1", values![id])?;
    c.execute(
        "DELETE FROM directory_operations WHERE account = ?1",
        values![id],
    )?;
    Ok(removed == 1)
}

/// Deletes contacts that ceased to be some long ago, and what was changed then. Returns how many
/// rows went.
pub(crate) fn purge(c: &mut Connection<'_>, now: i64) -> Result<u64, SqlError> {
    let contacts = c.execute(
        "DELETE FROM directory_contacts WHERE gone_at <= ?1",
        values![now - KEPT_CONTACT],
    )?;
    Ok(contacts + once::forget(c, now)?)
}

fn shown(account: Account, has_password: bool, failures: i64) -> Shown {
    let contact = |contact: crate::directory::Contact| ShownContact {
        address: contact.address,
        outside: contact.outside,
        since: contact.since.filter(|since| *since > 0).and_then(time),
        until: contact.until.and_then(time),
    };
    Shown {
        account: account.id.to_string(),
        kind: AccountKind::as_str(account.kind),
        state: word(account.state),
        revoked_since: match account.state {
            AccountState::Revoked { since } => since.and_then(time),
            AccountState::Active | AccountState::Locked => None,
        },
        names: account.names,
        contacts: account.contacts.into_iter().map(contact).collect(),
        language: account.language.map(Language::tag),
        student_account: account.student_account.map(|id| id.to_string()),
        has_password,
        failures,
    }
}

fn word(state: AccountState) -> &'static str {
    match state {
        AccountState::Active => "active",
        AccountState::Revoked { .. } => "revoked",
        AccountState::Locked => "locked",
    }
}

fn time(seconds: i64) -> Option<String> {
    let time = DateTime::from_timestamp(seconds, 0)?;
    Some(time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

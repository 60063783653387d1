//! Accounts as the tables have them.

use crate::account::{AccountId, AccountKind, AccountState};
use crate::directory::{Account, Contact, KEPT_CONTACT};
use kazasu_service::page::Language;
use kazasu_service::store::{Connection, Row, SqlError};
use kazasu_service::values;

/// The account as it is at `now`.
pub(super) fn account(
    c: &mut Connection<'_>,
    id: &str,
    now: i64,
) -> Result<Option<Account>, SqlError> {
    let read = |row: &Row<'_>| {
        Ok(Account {
            id: account_id(row, "id")?,
            kind: kind(row)?,
            state: state(row, now)?,
            names: Vec::new(),
            contacts: Vec::new(),
            language: language(row)?,
            student_account: row
                .get::<Option<String>>("student")?
                .and_then(|id| AccountId::parse(&id, None)),
        })
    };
    let found = c.optional(
        "SELECT a.id, a.kind, a.locked, a.revoked_at, a.language, s.id AS student
         FROM directory_accounts a LEFT JOIN directory_accounts s
           ON s.id = a.student_account AND (s.revoked_at IS NULL OR s.revoked_at > ?2)
         WHERE a.id = ?1",
        values![id, now],
        read,
    )?;
    let Some(mut account) = found else {
        return Ok(None);
    };
    account.names = names(c, id)?;
    account.contacts = contacts(c, id, now)?;
    Ok(Some(account))
}

/// Whether an account can be used, from the columns `locked` and `revoked_at`. A lock outlives
/// the person's leaving.
pub(super) fn state(row: &Row<'_>, now: i64) -> Result<AccountState, SqlError> {
    let revoked: Option<i64> = row.get("revoked_at")?;
    Ok(match revoked.filter(|since| *since <= now) {
        _ if row.get("locked")? => AccountState::Locked,
        Some(since) => AccountState::Revoked { since: Some(since) },
        None => AccountState::Active,
    })
}

pub(super) fn account_id(row: &Row<'_>, column: &str) -> Result<AccountId, SqlError> {
    AccountId::parse(&row.get::<String>(column)?, None).ok_or(SqlError::Kind)
}

pub(super) fn kind(row: &Row<'_>) -> Result<AccountKind, SqlError> {
    AccountKind::from_word(&row.get::<String>("kind")?).ok_or(SqlError::Kind)
}

pub(super) fn language(row: &Row<'_>) -> Result<Option<Language>, SqlError> {
    let tag: Option<String> = row.get("language")?;
    Ok(tag.and_then(|tag| Language::from_tag(&tag)))
}

pub(super) fn names(c: &mut Connection<'_>, id: &str) -> Result<Vec<String>, SqlError> {
    c.query(
        "SELECT name FROM directory_names WHERE account = ?1 ORDER BY position",
        values![id],
        |row| row.get("name"),
    )
}

/// Contacts, and those that ceased to be some not long ago.
fn contacts(c: &mut Connection<'_>, id: &str, now: i64) -> Result<Vec<Contact>, SqlError> {
    c.query(
        "SELECT address, outside, since, gone_at FROM directory_contacts
         WHERE account = ?1 AND (gone_at IS NULL OR gone_at > ?2)
         ORDER BY since, address",
        values![id, now - KEPT_CONTACT],
        |row| {
            Ok(Contact {
                address: row.get("address")?,
                outside: row.get("outside")?,
                since: Some(row.get("since")?),
                until: row.get("gone_at")?,
            })
        },
    )
}

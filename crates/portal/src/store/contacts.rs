//! Who is told about an account: its contacts in the directory, and those that were until lately.

use crate::account::AccountId;
use crate::directory::Contact;
use kazasu_service::page::Language;
use kazasu_service::store::{Connection, SqlError};
use kazasu_service::values;

/// A contact as it is remembered.
pub(crate) struct Remembered {
    pub(crate) address: String,
    /// First missed in the directory then.
    pub(crate) gone_at: Option<i64>,
}

/// Remembers what the directory says now. Of an account that was not watched before nobody knows
/// since when its contacts are what they are; they count as old.
pub(crate) fn remember(
    c: &mut Connection<'_>,
    account: &AccountId,
    contacts: &[Contact],
    language: Option<Language>,
    now: i64,
) -> Result<(), SqlError> {
    let watched = c.execute(
        "UPDATE watched_accounts SET looked_at = ?2, language = ?3 WHERE account = ?1",
        values![account.as_str(), now, language.map(Language::tag)],
    )?;
    if watched == 0 {
        c.execute(
            "INSERT INTO watched_accounts (account, looked_at, language) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
            values![account.as_str(), now, language.map(Language::tag)],
        )?;
    }
    for contact in contacts {
        let since = contact.since.unwrap_or(if watched == 0 { 0 } else { now });
        c.execute(
            "INSERT INTO contacts (account, address, outside, since, seen_at, gone_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (account, address) DO UPDATE
               SET outside = ?3, seen_at = ?5,
                   since = CASE WHEN contacts.gone_at IS NULL THEN contacts.since ELSE ?4 END,
                   gone_at = ?6",
            values![
                account.as_str(),
                &contact.address,
                contact.outside,
                since,
                now,
                contact.until,
            ],
        )?;
    }
    c.execute(
        "UPDATE contacts SET gone_at = ?2
         WHERE account = ?1 AND seen_at < ?2 AND gone_at IS NULL",
        values![account.as_str(), now],
    )?;
    Ok(())
}

/// Whom to tell: contacts now, and those that were after `since`; those outside the account first.
pub(crate) fn to_tell(
    c: &mut Connection<'_>,
    account: &AccountId,
    since: i64,
) -> Result<Vec<Remembered>, SqlError> {
    c.query(
        "SELECT address, gone_at FROM contacts
         WHERE account = ?1 AND (gone_at IS NULL OR gone_at > ?2)
         ORDER BY outside DESC, since, address",
        values![account.as_str(), since],
        |row| {
            Ok(Remembered {
                address: row.get("address")?,
                gone_at: row.get("gone_at")?,
            })
        },
    )
}

/// When the contacts of an account were read last, if they are read from time to time.
pub(crate) fn read_at(
    c: &mut Connection<'_>,
    account: &AccountId,
) -> Result<Option<i64>, SqlError> {
    c.optional(
        "SELECT looked_at FROM watched_accounts WHERE account = ?1",
        values![account.as_str()],
        |row| row.get("looked_at"),
    )
}

/// In which language an account's person is told; `None` if nobody knows.
pub(crate) fn language(
    c: &mut Connection<'_>,
    account: &AccountId,
) -> Result<Option<Language>, SqlError> {
    let tag = c.optional(
        "SELECT language FROM watched_accounts WHERE account = ?1",
        values![account.as_str()],
        |row| row.get::<Option<String>>("language"),
    )?;
    Ok(tag.flatten().and_then(|tag| Language::from_tag(&tag)))
}

/// When the contacts last changed, if that is known.
pub(crate) fn changed_at(
    c: &mut Connection<'_>,
    account: &AccountId,
) -> Result<Option<i64>, SqlError> {
    let changed = c.optional(
        "SELECT max(CASE WHEN coalesce(gone_at, 0) > since THEN gone_at ELSE since END) AS changed
         FROM contacts WHERE account = ?1",
        values![account.as_str()],
        |row| row.get::<Option<i64>>("changed"),
    )?;
    Ok(changed.flatten().filter(|at| *at > 0))
}

/// Linked accounts whose contacts were not read since, at most twenty.
pub(crate) fn not_looked_at_since(
    c: &mut Connection<'_>,
    since: i64,
) -> Result<Vec<AccountId>, SqlError> {
    let found: Vec<String> = c.query(
        "SELECT l.account AS account FROM links l
         LEFT JOIN watched_accounts w ON w.account = l.account
         WHERE l.ended_at IS NULL AND (w.looked_at IS NULL OR w.looked_at <= ?1)
         ORDER BY coalesce(w.looked_at, 0) LIMIT 20",
        values![since],
        |row| row.get("account"),
    )?;
    Ok(found
        .iter()
        .filter_map(|text| AccountId::parse(text, None))
        .collect())
}

/// Notes that somebody tried to read an account's contacts, whatever came of it.
pub(crate) fn looked_at(
    c: &mut Connection<'_>,
    account: &AccountId,
    now: i64,
) -> Result<(), SqlError> {
    c.execute(
        "INSERT INTO watched_accounts (account, looked_at) VALUES (?1, ?2)
         ON CONFLICT (account) DO UPDATE SET looked_at = ?2",
        values![account.as_str(), now],
    )?;
    Ok(())
}

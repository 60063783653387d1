//! Accounts whose person said "this was not me", and the notices in which they can say so.

use crate::account::AccountId;
use crate::link::Link;
use kazasu_service::store::{Connection, Row, SqlError};
use kazasu_service::values;

/// An event that people were told about.
pub(crate) struct Told {
    /// Its kind and, after a colon, the identifier of a link or an operation.
    pub(crate) event: String,
    pub(crate) account: AccountId,
    /// What happened, one word.
    pub(crate) kind: String,
    /// Coarse description of where.
    pub(crate) browser: String,
    pub(crate) at: i64,
}

impl Told {
    /// Whether it tells that this link was made.
    pub(crate) fn is_about(&self, link: &Link) -> bool {
        let (_, id) = self.event.split_once(':').unwrap_or_default();
        id == link.id
    }
}

/// Remembers that people are told about an event, so that they can object until `expires_at`.
pub(crate) fn tell(
    c: &mut Connection<'_>,
    told: &Told,
    token_hash: &[u8; 32],
    expires_at: i64,
) -> Result<(), SqlError> {
    c.execute(
        "INSERT INTO notices (event, token_hash, account, kind, browser, at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        values![
            &told.event,
            token_hash,
            told.account.as_str(),
            &told.kind,
            &told.browser,
            told.at,
            expires_at,
        ],
    )?;
    Ok(())
}

/// The event that a token in a mail is about.
pub(crate) fn told(
    c: &mut Connection<'_>,
    token_hash: &[u8; 32],
    now: i64,
) -> Result<Option<Told>, SqlError> {
    c.optional(
        "SELECT event, account, kind, browser, at FROM notices
         WHERE token_hash = ?1 AND expires_at > ?2",
        values![token_hash, now],
        read,
    )
}

fn read(row: &Row<'_>) -> Result<Told, SqlError> {
    let account: String = row.get("account")?;
    Ok(Told {
        event: row.get("event")?,
        account: AccountId::parse(&account, None).ok_or(SqlError::Kind)?,
        kind: row.get("kind")?,
        browser: row.get("browser")?,
        at: row.get("at")?,
    })
}

/// Every event of an account that people were told about, the newest first, with the time until
/// when they can object.
pub(crate) fn told_of(
    c: &mut Connection<'_>,
    account: &AccountId,
) -> Result<Vec<(Told, i64)>, SqlError> {
    c.query(
        "SELECT event, account, kind, browser, at, expires_at FROM notices
         WHERE account = ?1 ORDER BY at DESC, event",
        values![account.as_str()],
        |row| Ok((read(row)?, row.get("expires_at")?)),
    )
}

/// Since when an account is frozen.
pub(crate) fn since(c: &mut Connection<'_>, account: &AccountId) -> Result<Option<i64>, SqlError> {
    c.optional(
        "SELECT frozen_at FROM freezes WHERE account = ?1",
        values![account.as_str()],
        |row| row.get("frozen_at"),
    )
}

/// Freezes an account. `false` if it was before.
pub(crate) fn freeze(
    c: &mut Connection<'_>,
    account: &AccountId,
    event: &str,
    now: i64,
) -> Result<bool, SqlError> {
    let frozen = c.execute(
        "INSERT INTO freezes (account, frozen_at, event) VALUES (?1, ?2, ?3)
         ON CONFLICT DO NOTHING",
        values![account.as_str(), now, event],
    )?;
    Ok(frozen == 1)
}

/// Lets an account be used again; returns the event that its person had objected to. `None` if it
/// was not frozen.
pub(crate) fn lift(
    c: &mut Connection<'_>,
    account: &AccountId,
) -> Result<Option<String>, SqlError> {
    c.optional(
        "DELETE FROM freezes WHERE account = ?1 RETURNING event",
        values![account.as_str()],
        |row| row.get("event"),
    )
}

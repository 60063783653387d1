//! Links. Among active ones a pseudonym and an account come once each; the indexes see to it.

use crate::account::AccountId;
use crate::link::{Ended, EndedBecause, Link};
use kazasu_service::store::{Connection, Row, SqlError};
use kazasu_service::values;

fn read(row: &Row<'_>) -> Result<Link, SqlError> {
    let account: String = row.get("account")?;
    let ended_at: Option<i64> = row.get("ended_at")?;
    let because: Option<String> = row.get("ended_because")?;
    let because = because.and_then(|word| EndedBecause::from_word(&word));
    Ok(Link {
        id: row.get("id")?,
        ppid: row.get("ppid")?,
        account: AccountId::parse(&account, None).ok_or(SqlError::Kind)?,
        linked_at: row.get("linked_at")?,
        matures_at: row.get("matures_at")?,
        replaces: row.get("replaces")?,
        ended: ended_at
            .zip(because)
            .map(|(at, because)| Ended { at, because }),
    })
}

/// The active link of a pseudonym.
pub(crate) fn of_ppid(c: &mut Connection<'_>, ppid: &str) -> Result<Option<Link>, SqlError> {
    c.optional(
        "SELECT * FROM links WHERE ppid = ?1 AND ended_at IS NULL",
        values![ppid],
        read,
    )
}

/// The active link of an account.
pub(crate) fn of_account(
    c: &mut Connection<'_>,
    account: &AccountId,
) -> Result<Option<Link>, SqlError> {
    c.optional(
        "SELECT * FROM links WHERE account = ?1 AND ended_at IS NULL",
        values![account.as_str()],
        read,
    )
}

/// Every link that an account or a pseudonym had, the newest first.
pub(crate) fn all_of(
    c: &mut Connection<'_>,
    account: Option<&AccountId>,
    ppid: Option<&str>,
) -> Result<Vec<Link>, SqlError> {
    c.query(
        "SELECT * FROM links WHERE account = CAST(?1 AS TEXT) OR ppid = CAST(?2 AS TEXT)
         ORDER BY linked_at DESC, id",
        values![account.map(AccountId::as_str), ppid],
        read,
    )
}

/// Deletes the links of a pseudonym that ended.
pub(crate) fn forget_ended(c: &mut Connection<'_>, ppid: &str) -> Result<(), SqlError> {
    c.execute(
        "DELETE FROM links WHERE ppid = ?1 AND ended_at IS NOT NULL",
        values![ppid],
    )?;
    Ok(())
}

/// The link of another card that ended since then, without anybody having objected: what is linked
/// now takes its place.
pub(crate) fn ended_since(
    c: &mut Connection<'_>,
    account: &AccountId,
    ppid: &str,
    since: i64,
) -> Result<Option<Link>, SqlError> {
    c.optional(
        "SELECT * FROM links
         WHERE account = ?1 AND ppid <> ?2 AND ended_at > ?3
           AND ended_because IN ('unlinked', 'unlinked_by_sign_in', 'erased')
         ORDER BY ended_at DESC, linked_at DESC, id LIMIT 1",
        values![account.as_str(), ppid, since],
        read,
    )
}

/// A link to which the holder of an earlier card can object.
pub(crate) struct Replacement {
    /// The earlier card's link.
    pub(crate) earlier: String,
    /// What took its place.
    pub(crate) by: Link,
}

/// What took the place of this pseudonym's link and is still maturing, if there is anything: at once,
/// or by way of links that ended before they had matured. Who ended theirs with their own card has
/// nothing to object to.
pub(crate) fn replacement_of(
    c: &mut Connection<'_>,
    ppid: &str,
    now: i64,
) -> Result<Option<Replacement>, SqlError> {
    c.optional(
        "WITH RECURSIVE later (earlier, at, id) AS (
           SELECT id, ended_at, id FROM links
           WHERE ppid = ?1 AND ended_because IN ('replaced', 'unlinked_by_sign_in', 'erased')
           UNION
           SELECT later.earlier, later.at, n.id
           FROM later JOIN links m ON m.id = later.id JOIN links n ON n.replaces = m.id
           WHERE m.id = later.earlier OR m.ended_at < m.matures_at)
         SELECT l.*, later.earlier AS earlier FROM later JOIN links l ON l.id = later.id
         WHERE l.ended_at IS NULL AND l.matures_at > ?2 ORDER BY later.at DESC LIMIT 1",
        values![ppid, now],
        |row| {
            Ok(Replacement {
                earlier: row.get("earlier")?,
                by: read(row)?,
            })
        },
    )
}

/// Writes a link. `false` if the pseudonym or the account has an active one.
pub(crate) fn insert(
    c: &mut Connection<'_>,
    link: &Link,
    name_match: &str,
) -> Result<bool, SqlError> {
    let inserted = c.execute(
        "INSERT INTO links (id, ppid, account, linked_at, matures_at, name_match, replaces)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        values![
            &link.id,
            &link.ppid,
            link.account.as_str(),
            link.linked_at,
            link.matures_at,
            name_match,
            &link.replaces,
        ],
    )?;
    Ok(inserted == 1)
}

/// Ends an active link. `false` if it was not.
pub(crate) fn end(
    c: &mut Connection<'_>,
    id: &str,
    because: EndedBecause,
    now: i64,
) -> Result<bool, SqlError> {
    let ended = c.execute(
        "UPDATE links SET ended_at = ?2, ended_because = ?3 WHERE id = ?1 AND ended_at IS NULL",
        values![id, now, because.as_str()],
    )?;
    Ok(ended == 1)
}

/// Makes a link active again that its own card did not end. `false` if it is not one, or its account
/// or pseudonym has another by now.
pub(crate) fn restore(c: &mut Connection<'_>, id: &str) -> Result<bool, SqlError> {
    let restored = c.execute(
        "UPDATE links SET ended_at = NULL, ended_because = NULL
         WHERE id = ?1 AND ended_because IN ('replaced', 'unlinked_by_sign_in', 'erased')
           AND NOT EXISTS
           (SELECT 1 FROM links o WHERE o.ended_at IS NULL
              AND (o.ppid = links.ppid OR o.account = links.account))",
        values![id],
    )?;
    Ok(restored == 1)
}

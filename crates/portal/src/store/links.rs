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

/// The link that took the place of this pseudonym's and is still maturing, if there is one: the
/// holder of the earlier card can object to it.
pub(crate) fn replacement_of(
    c: &mut Connection<'_>,
    ppid: &str,
    now: i64,
) -> Result<Option<Link>, SqlError> {
    c.optional(
        "SELECT n.* FROM links n JOIN links o ON o.id = n.replaces
         WHERE o.ppid = ?1 AND o.ended_because = 'replaced'
           AND n.ended_at IS NULL AND n.matures_at > ?2",
        values![ppid, now],
        read,
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

/// Makes a replaced link active again. `false` if it is not one, or its account or pseudonym has
/// another by now.
pub(crate) fn restore(c: &mut Connection<'_>, id: &str) -> Result<bool, SqlError> {
    let restored = c.execute(
        "UPDATE links SET ended_at = NULL, ended_because = NULL
         WHERE id = ?1 AND ended_because = 'replaced' AND NOT EXISTS
           (SELECT 1 FROM links o WHERE o.ended_at IS NULL
              AND (o.ppid = links.ppid OR o.account = links.account))",
        values![id],
    )?;
    Ok(restored == 1)
}

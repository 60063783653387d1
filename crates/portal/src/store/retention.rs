//! What has had its time goes.

use crate::account::AccountId;
use crate::settings::{Lifetimes, Retention};
use crate::store::contacts;
use kazasu_service::store::{Connection, SqlError};
use kazasu_service::values;

/// Deletes sessions and procedures whose time is over.
pub(crate) fn sweep(c: &mut Connection<'_>, now: i64) -> Result<(), SqlError> {
    c.execute(
        "DELETE FROM procedures WHERE expires_at <= ?1",
        values![now],
    )?;
    c.execute("DELETE FROM sessions WHERE expires_at <= ?1", values![now])?;
    Ok(())
}

/// Deletes what is no longer kept: links that ended, what was issued, contacts that are none any
/// more, and what nobody can object to any longer. Returns how many rows went.
pub(crate) fn purge(
    c: &mut Connection<'_>,
    lifetimes: &Lifetimes,
    retention: &Retention,
    now: i64,
) -> Result<u64, SqlError> {
    let history = now - retention.history;
    let mut gone = 0;
    gone += c.execute("DELETE FROM links WHERE ended_at <= ?1", values![history])?;
    gone += c.execute(
        "DELETE FROM operations WHERE state <> 'recorded' AND finished_at <= ?1",
        values![history],
    )?;
    // Long enough for the card's holder to object to a link that was made after that.
    gone += c.execute(
        "DELETE FROM links WHERE ended_because = 'erased' AND ended_at <= ?1",
        values![now - 2 * lifetimes.maturity],
    )?;
    // Of an account that was erased nothing stays for longer than somebody may have to notice.
    let objection = now - lifetimes.objection;
    let erased = "DELETE FROM operations
         WHERE state <> 'recorded' AND finished_at <= ?1 AND recorded_at <= ?1
           AND NOT EXISTS (SELECT 1 FROM links WHERE links.account = operations.account)";
    gone += c.execute(erased, values![objection])?;
    gone += c.execute(
        "DELETE FROM contacts WHERE gone_at <= ?1",
        values![objection],
    )?;
    gone += c.execute("DELETE FROM notices WHERE expires_at <= ?1", values![now])?;
    // Contacts of accounts without a link are of no use once nobody has to be told any more.
    let unlinked = "DELETE FROM contacts WHERE seen_at <= ?1 AND NOT EXISTS
           (SELECT 1 FROM links WHERE links.account = contacts.account AND links.ended_at IS NULL)
         AND NOT EXISTS (SELECT 1 FROM notices WHERE notices.account = contacts.account)";
    gone += c.execute(unlinked, values![objection])?;
    // A linked account without contacts stays watched: its first one shall not count as old.
    let unwatched = "DELETE FROM watched_accounts WHERE looked_at <= ?1 AND NOT EXISTS
           (SELECT 1 FROM contacts WHERE contacts.account = watched_accounts.account)
         AND NOT EXISTS (SELECT 1 FROM links
                         WHERE links.account = watched_accounts.account AND links.ended_at IS NULL)";
    gone += c.execute(unwatched, values![objection])?;
    Ok(gone)
}

/// Deletes what is stored about an account, except what is still needed to tell prior contacts and
/// to let somebody object: that goes when its time comes.
pub(crate) fn erase(
    c: &mut Connection<'_>,
    account: &AccountId,
    lifetimes: &Lifetimes,
    now: i64,
) -> Result<(), SqlError> {
    let id = account.as_str();
    let needed_since = now - lifetimes.objection;
    // Whoever erases is perhaps not the holder of a card whose link ended without a tap of it.
    let ended_since = now - lifetimes.maturity;
    c.execute(
        "UPDATE links SET ended_because = 'erased'
         WHERE account = ?1 AND ended_at > ?2
           AND ended_because IN ('replaced', 'unlinked_by_sign_in')",
        values![id, ended_since],
    )?;
    c.execute(
        "DELETE FROM links WHERE account = ?1 AND ended_at IS NOT NULL
           AND (ended_because <> 'erased' OR ended_at <= ?2)",
        values![id, ended_since],
    )?;
    c.execute(
        "DELETE FROM operations WHERE account = ?1 AND state <> 'recorded' AND recorded_at <= ?2",
        values![id, needed_since],
    )?;
    let kept = c.optional(
        "SELECT count(*) AS number FROM operations WHERE account = ?1",
        values![id],
        |row| row.get::<i64>("number"),
    )?;
    // Nor are contacts forgotten whose place others took lately: by whom is not known.
    let changed = contacts::changed_at(c, account)?.is_some_and(|at| at > needed_since);
    if kept == Some(0) && !changed {
        c.execute("DELETE FROM contacts WHERE account = ?1", values![id])?;
        c.execute(
            "DELETE FROM watched_accounts WHERE account = ?1",
            values![id],
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

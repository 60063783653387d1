//! Wrapping every stored credential index with one key more.

use super::nodes;
use crate::keys::{KeyCheck, KeyFailure, KeyKind};
use crate::ppid::CredentialIndex;
use kazasu_service::audit::{self, Details};
use kazasu_service::store::{Connection, Engine, SqlError, Value};
use kazasu_service::values;
use std::sync::LazyLock;

/// Indexes read at a time.
const PAGE: u32 = 1000;

/// Indexes written by one statement, which is a round trip to PostgreSQL.
const ROWS: usize = 100;

/// Inserts so many.
static INSERT_ROWS: LazyLock<String> = LazyLock::new(|| {
    let row = |number| format!("(?{}, ?{})", 2 * number + 1, 2 * number + 2);
    let rows: Vec<_> = (0..ROWS).map(row).collect();
    format!(
        "INSERT INTO rewrapped_indexes (old_index, new_index) VALUES {} ON CONFLICT DO NOTHING",
        rows.join(", ")
    )
});

const INSERT_ROW: &str =
    "INSERT INTO rewrapped_indexes (old_index, new_index) VALUES (?1, ?2) ON CONFLICT DO NOTHING";

/// For each column that holds credential indexes: how its values are read in order, and how they
/// are replaced.
const COLUMNS: [(&str, &str, &str); 3] = [
    (
        "credentials",
        "SELECT credential_index FROM credentials WHERE credential_index > ?1
         ORDER BY credential_index LIMIT ?2",
        "UPDATE credentials SET credential_index =
           (SELECT new_index FROM rewrapped_indexes WHERE old_index = credential_index)",
    ),
    (
        "revocation_answers",
        "SELECT credential_index FROM revocation_answers WHERE credential_index > ?1
         ORDER BY credential_index LIMIT ?2",
        "UPDATE revocation_answers SET credential_index =
           (SELECT new_index FROM rewrapped_indexes WHERE old_index = credential_index)",
    ),
    (
        "revoked_credentials",
        "SELECT credential_index FROM revoked_credentials WHERE credential_index > ?1
         ORDER BY credential_index LIMIT ?2",
        "UPDATE revoked_credentials SET credential_index =
           (SELECT new_index FROM rewrapped_indexes WHERE old_index = credential_index)",
    ),
];

/// What became of it.
#[derive(Debug)]
pub(crate) enum Rewrapped {
    /// So many stored indexes are wrapped by the key now.
    Done(u64),
    /// A verifier may still run: it was last seen then (seconds since the Unix epoch).
    Running(i64),
    /// Another rewrap came first, or the key is not the next one.
    NotNext,
    /// The key could not be used; nothing is changed.
    Failed(KeyFailure),
}

/// Wraps every stored index with the index key of `check`, all or nothing.
pub(crate) fn rewrap(
    c: &mut Connection<'_>,
    check: &KeyCheck,
    wrap: &dyn Fn(&CredentialIndex) -> Result<CredentialIndex, KeyFailure>,
    now: i64,
) -> Result<Rewrapped, SqlError> {
    nodes::lock(c)?;
    if c.engine() == Engine::Postgres {
        // What goes over every stored index takes as long as it takes, and nobody waits for it.
        c.execute("SET LOCAL statement_timeout = 0", values![])?;
    }
    if let Some(seen_at) = nodes::running(c, now)? {
        return Ok(Rewrapped::Running(seen_at));
    }
    let known = nodes::known(c)?;
    let applied = known
        .iter()
        .filter(|key| key.kind == KeyKind::Index)
        .count();
    if usize::try_from(check.version) != Ok(applied + 1) {
        return Ok(Rewrapped::NotNext);
    }
    // Only indexes that are all computed are put in their place, so a token that fails half way
    // leaves nothing behind.
    for (_, page, _) in COLUMNS {
        if let Err(failure) = compute(c, page, wrap)? {
            c.execute("DELETE FROM rewrapped_indexes", values![])?;
            return Ok(Rewrapped::Failed(failure));
        }
    }
    let mut count = 0;
    for (_, _, replace) in COLUMNS {
        count += c.execute(replace, values![])?;
    }
    c.execute("DELETE FROM rewrapped_indexes", values![])?;
    nodes::insert(c, check)?;
    let version = check.version.to_string();
    let details = Details::default().with("version", version.as_str());
    audit::record(c, now, "indexes_rewrapped", &details)?;
    Ok(Rewrapped::Done(count))
}

fn compute(
    c: &mut Connection<'_>,
    page: &'static str,
    wrap: &dyn Fn(&CredentialIndex) -> Result<CredentialIndex, KeyFailure>,
) -> Result<Result<(), KeyFailure>, SqlError> {
    let mut last = Vec::new();
    loop {
        let indexes: Vec<CredentialIndex> =
            c.query(page, values![last, PAGE], |row| row.get("credential_index"))?;
        let Some(end) = indexes.last() else {
            return Ok(Ok(()));
        };
        last = end.to_vec();
        for rows in indexes.chunks(ROWS) {
            let mut both: Vec<Value> = Vec::with_capacity(2 * ROWS);
            for old in rows {
                match wrap(old) {
                    Ok(new) => both.extend([Value::from(old), Value::from(new)]),
                    Err(failure) => return Ok(Err(failure)),
                }
            }
            if rows.len() == ROWS {
                c.execute(&INSERT_ROWS, &both)?;
                continue;
            }
            for row in both.chunks(2) {
                c.execute(INSERT_ROW, row)?;
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! Running verifiers, and whether their keys are this database's.

use crate::keys::{KeyCheck, KeyKind, KeyMismatch};
use kazasu_service::store::{Connection, SqlError};
use kazasu_service::values;

/// A verifier that was not seen for so long, in seconds, does not run any more. It says that it
/// runs every few seconds.
const ALIVE: i64 = 30;

/// A running verifier: 128 random bits.
pub(crate) type NodeId = [u8; 16];

/// Compares keys with the database, which remembers those it has not seen, and with a node also
/// that this verifier runs. Meets a rewrap under way at the row of the first index key.
pub(crate) fn register(
    c: &mut Connection<'_>,
    checks: &[KeyCheck],
    node: Option<&NodeId>,
    now: i64,
) -> Result<Result<(), KeyMismatch>, SqlError> {
    let Some(first) = checks.first() else {
        return Ok(Err(KeyMismatch::Missing {
            kind: KeyKind::Index,
            version: 1,
        }));
    };
    let is_new = insert(c, first)? == 1;
    lock(c)?;
    let known = known(c)?;
    if let Err(mismatch) = compare(checks, &known, is_new) {
        return Ok(Err(mismatch));
    }
    for check in checks {
        insert(c, check)?;
    }
    if let Some(node) = node {
        c.execute(
            "INSERT INTO nodes (id, seen_at) VALUES (?1, ?2)",
            values![node, now],
        )?;
    }
    Ok(Ok(()))
}

/// This verifier still runs.
pub(crate) fn seen(c: &mut Connection<'_>, node: &NodeId, now: i64) -> Result<(), SqlError> {
    c.execute(
        "UPDATE nodes SET seen_at = ?2 WHERE id = ?1",
        values![node, now],
    )?;
    Ok(())
}

/// This verifier ends; and those that a crash ended are forgotten.
pub(crate) fn ended(c: &mut Connection<'_>, node: &NodeId, now: i64) -> Result<(), SqlError> {
    c.execute(
        "DELETE FROM nodes WHERE id = ?1 OR seen_at <= ?2",
        values![node, now - ALIVE],
    )?;
    Ok(())
}

/// When a verifier was last seen, if one may still run.
pub(crate) fn running(c: &mut Connection<'_>, now: i64) -> Result<Option<i64>, SqlError> {
    c.optional(
        "SELECT seen_at FROM nodes WHERE seen_at > ?1 ORDER BY seen_at DESC LIMIT 1",
        values![now - ALIVE],
        |row| row.get("seen_at"),
    )
}

/// Keeps verifiers from starting, and rewraps from running, until the transaction ends.
pub(crate) fn lock(c: &mut Connection<'_>) -> Result<(), SqlError> {
    c.execute(
        "UPDATE key_checks SET version = version WHERE kind = 'index' AND version = 1",
        values![],
    )?;
    Ok(())
}

/// What the database knows of its keys, in order.
pub(crate) fn known(c: &mut Connection<'_>) -> Result<Vec<KeyCheck>, SqlError> {
    c.query(
        "SELECT kind, version, check_value FROM key_checks ORDER BY kind, version",
        values![],
        |row| {
            Ok(KeyCheck {
                kind: row
                    .get::<String>("kind")?
                    .parse()
                    .map_err(|_| SqlError::Kind)?,
                version: row.get("version")?,
                value: row.get("check_value")?,
            })
        },
    )
}

/// Remembers a key; returns 0 if one of this kind and version is known.
pub(crate) fn insert(c: &mut Connection<'_>, check: &KeyCheck) -> Result<u64, SqlError> {
    c.execute(
        "INSERT INTO key_checks (kind, version, check_value) VALUES (?1, ?2, ?3)
         ON CONFLICT DO NOTHING",
        values![check.kind.as_str(), check.version, check.value],
    )
}

/// Are these the keys of the database? A pairwise key that is new is only for new subjects; an
/// index key that is new has to be applied first, unless there is nothing to apply it to.
fn compare(checks: &[KeyCheck], known: &[KeyCheck], is_new: bool) -> Result<(), KeyMismatch> {
    for KeyCheck {
        kind,
        version,
        value,
    } in known.iter().copied()
    {
        let ours = checks
            .iter()
            .find(|c| c.kind == kind && c.version == version);
        match ours {
            Some(ours) if ours.value == value => {}
            Some(_) => return Err(KeyMismatch::Other { kind, version }),
            None => return Err(KeyMismatch::Missing { kind, version }),
        }
    }
    let unapplied = checks
        .iter()
        .find(|check| check.kind == KeyKind::Index && !known.iter().any(|known| known == *check));
    match unapplied {
        Some(check) if !is_new => Err(KeyMismatch::NotApplied {
            version: check.version,
        }),
        _ => Ok(()),
    }
}

//! Changes that are made once: each commits together with its identifier.

use crate::directory::{Operation, OperationId, OperationKind, Outcome};
use kazasu_service::store::{Connection, SqlError, Value};
use kazasu_service::values;

/// How long an identifier is remembered, in seconds. Whoever recorded it asks within minutes.
const KEPT: i64 = 30 * 86_400;

/// What became of a change.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// It was made.
    Now,
    /// It was made earlier, and not again.
    Before,
    /// It was given up, or the identifier is another change's.
    GivenUp,
    /// The account is revoked or locked.
    NotActive,
    /// There is no such account.
    NoSuchAccount,
}

/// A change under its identifier.
pub(super) struct Once {
    pub(super) id: OperationId,
    pub(super) kind: OperationKind,
    pub(super) account: String,
    pub(super) now: i64,
}

/// Forgets identifiers that nobody asks for any more; returns how many.
pub(super) fn forget(c: &mut Connection<'_>, now: i64) -> Result<u64, SqlError> {
    c.execute(
        "DELETE FROM directory_operations WHERE at <= ?1",
        values![now - KEPT],
    )
}

impl Once {
    /// Runs `update`, which changes one row if the account is as it has to be, unless it was made
    /// before.
    pub(super) fn make(
        &self,
        c: &mut Connection<'_>,
        update: &'static str,
        values: &[Value],
    ) -> Result<Made, SqlError> {
        let (id, account) = (self.id.as_str(), &self.account);
        if !insert(c, &self.id, account, self.kind, true, self.now)? {
            return Ok(match was_made(c, &self.id, account, self.kind)? {
                true => Made::Before,
                false => Made::GivenUp,
            });
        }
        if c.execute(update, values)? == 1 {
            return Ok(Made::Now);
        }
        c.execute(
            "DELETE FROM directory_operations WHERE id = ?1",
            values![id],
        )?;
        let known = c.query(
            "SELECT id FROM directory_accounts WHERE id = ?1",
            values![account],
            |row| row.get::<String>("id"),
        )?;
        Ok(match known.is_empty() {
            true => Made::NoSuchAccount,
            false => Made::NotActive,
        })
    }
}

/// Whether it was made; one that was not never will be.
pub(super) fn settle(c: &mut Connection<'_>, operation: &Operation) -> Result<Outcome, SqlError> {
    let Operation {
        id,
        kind,
        account,
        recorded_at,
    } = operation;
    insert(c, id, account.as_str(), *kind, false, *recorded_at)?;
    Ok(match was_made(c, id, account.as_str(), *kind)? {
        true => Outcome::Done,
        false => Outcome::NotDone,
    })
}

/// Whether the identifier is new.
fn insert(
    c: &mut Connection<'_>,
    id: &OperationId,
    account: &str,
    kind: OperationKind,
    made: bool,
    at: i64,
) -> Result<bool, SqlError> {
    let inserted = c.execute(
        "INSERT INTO directory_operations (id, account, kind, made, at)
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO NOTHING",
        values![id.as_str(), account, kind.as_str(), made, at],
    )?;
    Ok(inserted == 1)
}

fn was_made(
    c: &mut Connection<'_>,
    id: &OperationId,
    account: &str,
    kind: OperationKind,
) -> Result<bool, SqlError> {
    let made: Vec<bool> = c.query(
        "SELECT made FROM directory_operations WHERE id = ?1 AND account = ?2 AND kind = ?3",
        values![id.as_str(), account, kind.as_str()],
        |row| row.get("made"),
    )?;
    Ok(made == [true])
}

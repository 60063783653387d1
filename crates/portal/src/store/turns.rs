//! Whose turn it is. What may happen to an account depends on several rows, and a transaction of
//! PostgreSQL does not see what another one is about to write.

use crate::account::AccountId;
use kazasu_service::store::{Connection, Engine, SqlError};
use kazasu_service::values;

/// Waits until nobody else decides about this account. It is the caller's turn until its
/// transaction ends. SQLite has one writer, whose turn it always is.
pub(crate) fn take(c: &mut Connection<'_>, account: &AccountId) -> Result<(), SqlError> {
    if c.engine() == Engine::Postgres {
        c.query(
            "SELECT pg_advisory_xact_lock(hashtextextended('account ' || CAST(?1 AS TEXT), 0))",
            values![account.as_str()],
            |_| Ok(()),
        )?;
    }
    Ok(())
}

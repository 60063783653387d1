//! How much there is of what operators watch.

use kazasu_service::store::{Connection, SqlError};

/// How much there is.
pub(crate) struct Holdings {
    /// Operations whose outcome is not known yet.
    pub(crate) operations_open: i64,
    /// When the oldest of them was recorded.
    pub(crate) operations_oldest: Option<i64>,
    /// Active links.
    pub(crate) links: i64,
    /// Frozen accounts.
    pub(crate) frozen: i64,
}

/// Counts. Each is an index or a small table.
pub(crate) fn count(c: &mut Connection<'_>) -> Result<Holdings, SqlError> {
    let found = c.optional(
        "SELECT
           (SELECT count(*) FROM operations WHERE state = 'recorded') AS operations_open,
           (SELECT min(recorded_at) FROM operations WHERE state = 'recorded') AS operations_oldest,
           (SELECT count(*) FROM links WHERE ended_at IS NULL) AS links,
           (SELECT count(*) FROM freezes) AS frozen",
        &[],
        |row| {
            Ok(Holdings {
                operations_open: row.get("operations_open")?,
                operations_oldest: row.get("operations_oldest")?,
                links: row.get("links")?,
                frozen: row.get("frozen")?,
            })
        },
    )?;
    Ok(found.expect("without a table there is one row"))
}

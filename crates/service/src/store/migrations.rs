//! The schema's versions, and the way from each to the next.

use super::{Connection, SqlError, StoreError};

/// What brings the schema from one version to the next: SQL texts, one after the other. The first
/// migration of a list makes version 1 of an empty database.
pub type Migration = &'static [&'static str];

/// What opening a database does about its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Brings an empty or older database up to date.
    Migrate,
    /// Refuses any but an up-to-date one.
    Check,
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
  version INTEGER NOT NULL PRIMARY KEY -- the schema after this migration
)";

/// Does what `schema` says within a transaction that the caller began; `run` runs a text of
/// several statements.
pub(super) fn migrate(
    connection: &mut Connection<'_>,
    migrations: &[Migration],
    schema: Schema,
    run: impl Fn(&mut Connection<'_>, &str) -> Result<(), SqlError>,
) -> Result<(), StoreError> {
    run(connection, TABLE)?;
    let found: Option<u32> = connection
        .optional(
            "SELECT coalesce(max(version), 0) AS version FROM schema_migrations",
            &[],
            |row| row.get("version"),
        )
        .map_err(StoreError::from)?;
    let found = found.unwrap_or_default();
    let known = u32::try_from(migrations.len()).expect("a handful");
    if found > known {
        return Err(StoreError::Younger { found, known });
    }
    if found < known && schema == Schema::Check {
        return Err(StoreError::Older { found, known });
    }
    for (version, migration) in (1..=known).zip(migrations).skip(found as usize) {
        for text in *migration {
            run(connection, text)?;
        }
        connection.execute(
            "INSERT INTO schema_migrations (version) VALUES (?1)",
            crate::values![version],
        )?;
    }
    Ok(())
}

/// SQLite's words for a schema in PostgreSQL's. The two agree on everything else that is used.
pub(super) fn for_postgres(text: &str) -> String {
    // Longest first: a later pair must not meet a piece of an earlier one.
    let words = [
        (
            "INTEGER PRIMARY KEY",
            "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        ),
        (") STRICT, WITHOUT ROWID", ")"),
        (") STRICT", ")"),
        ("INTEGER", "BIGINT"),
        ("BLOB", "BYTEA"),
    ];
    words
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// A statement's text for PostgreSQL: types as in a schema, and `$1` for `?1`.
pub(super) fn statement_for_postgres(text: &str) -> String {
    for_postgres(text).replace('?', "$")
}

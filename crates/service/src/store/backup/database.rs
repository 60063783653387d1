//! A connection for one backup or restore: whole tables, whatever they are.

use super::super::connection::from_postgres;
use super::super::{Location, SqlError, StoreError, Value, postgres as server};
use super::{BackupError, VERSIONS};
use postgres::fallible_iterator::FallibleIterator as _;
use postgres::types::ToSql;
use rusqlite::types::ValueRef;
use rusqlite::{OpenFlags, params_from_iter};
use std::time::Duration;

pub(super) enum Database {
    Sqlite(rusqlite::Connection),
    Postgres(Box<postgres::Client>),
}

/// How rows go into one table.
pub(super) enum Insert {
    Sqlite(String),
    Postgres(Box<postgres::Statement>),
}

impl Database {
    /// Opens a database that is there.
    pub(super) fn open(location: &Location) -> Result<Self, BackupError> {
        Ok(match location {
            Location::Sqlite(path) => {
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let connection =
                    rusqlite::Connection::open_with_flags(path, flags).map_err(SqlError::from)?;
                connection
                    .busy_timeout(Duration::from_secs(5))
                    .map_err(SqlError::from)?;
                Self::Sqlite(connection)
            }
            Location::Postgres(location) => {
                let mut client = server::client(location)?;
                client
                    .batch_execute("SET client_min_messages = warning")
                    .map_err(StoreError::Unreachable)?;
                Self::Postgres(Box::new(client))
            }
        })
    }

    fn batch(&mut self, sqlite: &str, postgres: &str) -> Result<(), SqlError> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute_batch(sqlite)?),
            Self::Postgres(client) => Ok(client.batch_execute(postgres)?),
        }
    }

    /// From here on everything is read as it is now.
    pub(super) fn begin_snapshot(&mut self) -> Result<(), SqlError> {
        self.batch("BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    pub(super) fn begin(&mut self) -> Result<(), SqlError> {
        self.batch(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; BEGIN IMMEDIATE",
            "BEGIN",
        )
    }

    pub(super) fn commit(&mut self) -> Result<(), SqlError> {
        self.batch("COMMIT", "COMMIT")
    }

    pub(super) fn schema_version(&mut self) -> Result<u32, SqlError> {
        let sql = format!("SELECT max(version) AS version FROM {VERSIONS}");
        let version: Option<i64> = match self {
            Self::Sqlite(connection) => connection.query_row(&sql, [], |row| row.get(0))?,
            Self::Postgres(client) => client.query_one(&sql, &[])?.try_get(0)?,
        };
        version
            .and_then(|version| version.try_into().ok())
            .ok_or(SqlError::Kind)
    }

    /// Tables with their columns, in the order they were made: what is referred to comes first.
    pub(super) fn tables(&mut self) -> Result<Vec<(String, Vec<String>)>, SqlError> {
        let names = self.texts(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'
             ORDER BY rowid",
            "SELECT relname::text FROM pg_class WHERE relkind = 'r'
             AND relnamespace = current_schema()::regnamespace ORDER BY oid",
            None,
        )?;
        names
            .into_iter()
            .map(|name| {
                let columns = self.texts(
                    "SELECT name FROM pragma_table_info(?1) ORDER BY cid",
                    "SELECT attname::text FROM pg_attribute
                     WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped
                     ORDER BY attnum",
                    Some(&name),
                )?;
                Ok((name, columns))
            })
            .collect()
    }

    fn texts(
        &mut self,
        sqlite: &str,
        postgres: &str,
        parameter: Option<&str>,
    ) -> Result<Vec<String>, SqlError> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare(sqlite)?;
                let rows = statement.query_map(params_from_iter(parameter), |row| row.get(0))?;
                Ok(rows.collect::<Result<_, _>>()?)
            }
            Self::Postgres(client) => {
                let parameters: Vec<&(dyn ToSql + Sync)> =
                    parameter.iter().map(|text| text as _).collect();
                let rows = client.query(postgres, &parameters)?;
                rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
            }
        }
    }

    pub(super) fn has_rows(&mut self, table: &str) -> Result<bool, SqlError> {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM \"{table}\")");
        Ok(match self {
            Self::Sqlite(connection) => connection.query_row(&sql, [], |row| row.get(0))?,
            Self::Postgres(client) => client.query_one(&sql, &[])?.try_get(0)?,
        })
    }

    /// Hands every row of a table to `each`, one at a time.
    pub(super) fn each_row(
        &mut self,
        table: &str,
        columns: &[String],
        mut each: impl FnMut(&[Value]) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        let sql = format!("SELECT {} FROM \"{table}\"", list(columns));
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare(&sql).map_err(SqlError::from)?;
                let mut rows = statement.query([]).map_err(SqlError::from)?;
                while let Some(row) = rows.next().map_err(SqlError::from)? {
                    let values: Result<Vec<_>, SqlError> = (0..columns.len())
                        .map(|i| from_sqlite(row.get_ref(i)?))
                        .collect();
                    each(&values?)?;
                }
            }
            Self::Postgres(client) => {
                let none: [&(dyn ToSql + Sync); 0] = [];
                let mut rows = client.query_raw(&sql, none).map_err(SqlError::from)?;
                while let Some(row) = rows.next().map_err(SqlError::from)? {
                    let values: Result<Vec<_>, SqlError> =
                        (0..columns.len()).map(|i| from_postgres(&row, i)).collect();
                    each(&values?)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn insert(&mut self, table: &str, columns: &[String]) -> Result<Insert, SqlError> {
        let names = list(columns);
        let places = |sign| {
            let places: Vec<String> = (1..=columns.len()).map(|i| format!("{sign}{i}")).collect();
            places.join(", ")
        };
        Ok(match self {
            Self::Sqlite(_) => Insert::Sqlite(format!(
                "INSERT INTO \"{table}\" ({names}) VALUES ({})",
                places('?')
            )),
            // Numbers that PostgreSQL hands out are those of the backup.
            Self::Postgres(client) => Insert::Postgres(Box::new(client.prepare(&format!(
                "INSERT INTO \"{table}\" ({names}) OVERRIDING SYSTEM VALUE VALUES ({})",
                places('$')
            ))?)),
        })
    }

    pub(super) fn put(&mut self, insert: &Insert, row: &[Value]) -> Result<(), BackupError> {
        match (self, insert) {
            (Self::Sqlite(connection), Insert::Sqlite(sql)) => {
                let mut statement = connection.prepare_cached(sql).map_err(SqlError::from)?;
                statement
                    .execute(params_from_iter(row))
                    .map_err(SqlError::from)?;
            }
            (Self::Postgres(client), Insert::Postgres(statement)) => {
                let row: Vec<&(dyn ToSql + Sync)> = row.iter().map(|value| value as _).collect();
                if row.len() != statement.params().len() {
                    return Err(BackupError::Damaged(
                        "a row has not as many values as columns",
                    ));
                }
                client.execute(&**statement, &row).map_err(SqlError::from)?;
            }
            _ => unreachable!("a statement is used where it was made"),
        }
        Ok(())
    }

    /// Numbers that PostgreSQL hands out go on after the highest there is. SQLite does so anyway.
    pub(super) fn adjust_sequences(
        &mut self,
        tables: &[(String, Vec<String>)],
    ) -> Result<(), SqlError> {
        let Self::Postgres(client) = self else {
            return Ok(());
        };
        for (table, columns) in tables {
            for column in columns {
                let sql = format!(
                    "SELECT setval(sequence, (SELECT coalesce(max(\"{column}\"), 0) + 1 FROM \"{table}\"), false)
                     FROM pg_get_serial_sequence('\"{table}\"', '{column}') AS sequence
                     WHERE sequence IS NOT NULL"
                );
                if is_identity(client, table, column)? {
                    client.batch_execute(&sql)?;
                }
            }
        }
        Ok(())
    }
}

fn is_identity(client: &mut postgres::Client, table: &str, column: &str) -> Result<bool, SqlError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM pg_attribute
               WHERE attrelid = $1::text::regclass AND attname::text = $2 AND attidentity <> '')";
    Ok(client.query_one(sql, &[&table, &column])?.try_get(0)?)
}

fn list(columns: &[String]) -> String {
    let quoted: Vec<String> = columns.iter().map(|name| format!("\"{name}\"")).collect();
    quoted.join(", ")
}

fn from_sqlite(value: ValueRef<'_>) -> Result<Value, SqlError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(text) => {
            Value::Text(String::from_utf8(text.to_vec()).map_err(|_| SqlError::Kind)?)
        }
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        ValueRef::Real(_) => return Err(SqlError::Kind),
    })
}

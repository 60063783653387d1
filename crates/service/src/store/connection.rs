//! One connection, while a closure has it.

use super::postgres::Session;
use super::{FromValue, SqlError, Value};
use std::cell::Cell;

/// Which database it is. Only a statement that has to be another one asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A connection, while a closure of [`super::Store::read`] or [`super::Store::write`] has it.
pub struct Connection<'a>(pub(super) Inner<'a>);

pub(super) enum Inner<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres(&'a mut Session),
}

impl Connection<'_> {
    /// Runs a statement; returns how many rows it changed.
    ///
    /// # Errors
    /// [`SqlError`].
    pub fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, SqlError> {
        match &mut self.0 {
            Inner::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                Ok(statement.execute(rusqlite::params_from_iter(values))? as u64)
            }
            Inner::Postgres(session) => session.execute(sql, values),
        }
    }

    /// Every row a statement returns, as `read` sees it.
    ///
    /// # Errors
    /// [`SqlError`], also that of `read`.
    pub fn query<T>(
        &mut self,
        sql: &'static str,
        values: &[Value],
        mut read: impl FnMut(&Row<'_>) -> Result<T, SqlError>,
    ) -> Result<Vec<T>, SqlError> {
        match &mut self.0 {
            Inner::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                let mut rows = statement.query(rusqlite::params_from_iter(values))?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    found.push(read(&Row::new(RowOf::Sqlite(row)))?);
                }
                Ok(found)
            }
            Inner::Postgres(session) => {
                let rows = session.query(sql, values)?;
                rows.iter()
                    .map(|row| read(&Row::new(RowOf::Postgres(row))))
                    .collect()
            }
        }
    }

    /// The first row a statement returns, if any.
    ///
    /// # Errors
    /// As for [`Connection::query`].
    pub fn optional<T>(
        &mut self,
        sql: &'static str,
        values: &[Value],
        read: impl FnMut(&Row<'_>) -> Result<T, SqlError>,
    ) -> Result<Option<T>, SqlError> {
        // Every statement changes what it has to before its rows are read.
        Ok(self.query(sql, values, read)?.into_iter().next())
    }

    /// Which engine it is.
    pub fn engine(&self) -> Engine {
        match self.0 {
            Inner::Sqlite(_) => Engine::Sqlite,
            Inner::Postgres(_) => Engine::Postgres,
        }
    }
}

/// A row that a statement returned.
pub struct Row<'a> {
    of: RowOf<'a>,
    /// Where the next column is looked for first: most are read in order.
    next: Cell<usize>,
}

enum RowOf<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a postgres::Row),
}

impl<'a> Row<'a> {
    fn new(of: RowOf<'a>) -> Self {
        let next = Cell::new(0);
        Self { of, next }
    }

    /// A column by its name.
    ///
    /// # Errors
    /// [`SqlError`] if there is no such column, or it holds something else.
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T, SqlError> {
        let position = self.position(column).ok_or(SqlError::Kind)?;
        self.next.set(position + 1);
        T::from_value(self.value(position)?).ok_or(SqlError::Kind)
    }

    fn position(&self, column: &str) -> Option<usize> {
        let count = match self.of {
            RowOf::Sqlite(row) => row.as_ref().column_count(),
            RowOf::Postgres(row) => row.len(),
        };
        let next = self.next.get();
        let mut positions = (next..count).chain(0..next);
        positions.find(|&position| match self.of {
            RowOf::Sqlite(row) => row.as_ref().column_name(position) == Ok(column),
            RowOf::Postgres(row) => row.columns()[position].name() == column,
        })
    }

    fn value(&self, position: usize) -> Result<Value, SqlError> {
        match self.of {
            RowOf::Sqlite(row) => {
                use rusqlite::types::Value as Stored;
                Ok(match row.get(position)? {
                    Stored::Null => Value::Null,
                    Stored::Integer(number) => Value::Integer(number),
                    Stored::Text(text) => Value::Text(text),
                    Stored::Blob(bytes) => Value::Blob(bytes),
                    Stored::Real(_) => return Err(SqlError::Kind),
                })
            }
            RowOf::Postgres(row) => from_postgres(row, position),
        }
    }
}

pub(super) fn from_postgres(row: &postgres::Row, position: usize) -> Result<Value, SqlError> {
    use postgres::types::Type;
    let kind = row.columns()[position].type_();
    let value = match *kind {
        Type::INT8 => row.try_get::<_, Option<i64>>(position)?.map(Value::Integer),
        Type::INT4 => row
            .try_get::<_, Option<i32>>(position)?
            .map(|number| Value::Integer(number.into())),
        Type::BOOL => row
            .try_get::<_, Option<bool>>(position)?
            .map(|truth| Value::Integer(truth.into())),
        Type::TEXT | Type::VARCHAR | Type::NAME => {
            row.try_get::<_, Option<String>>(position)?.map(Value::Text)
        }
        Type::BYTEA => row
            .try_get::<_, Option<Vec<u8>>>(position)?
            .map(Value::Blob),
        _ => return Err(SqlError::Kind),
    };
    Ok(value.unwrap_or(Value::Null))
}

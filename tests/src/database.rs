//! A look into a verifier's SQLite database, while it runs or after.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::path::Path;

/// Every row of every table, as text. Two that are equal mean that nothing was written between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows(BTreeMap<String, Vec<String>>);

impl Rows {
    /// What the database at `path` holds now.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(path: &Path) -> rusqlite::Result<Self> {
        let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let names = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
        let names: Vec<String> = database
            .prepare(names)?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let rows = |name: String| Ok((name.clone(), rows(&database, &name)?));
        names
            .into_iter()
            .map(rows)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Without these tables.
    pub fn without(mut self, tables: &[&str]) -> Self {
        self.0.retain(|name, _| !tables.contains(&name.as_str()));
        self
    }

    /// The rows of one table; none if there is no such table.
    pub fn of(&self, table: &str) -> &[String] {
        self.0.get(table).map_or(&[], Vec::as_slice)
    }
}

fn rows(database: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = database.prepare(&format!("SELECT * FROM \"{table}\""))?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let text = |row: &rusqlite::Row<'_>| {
        let value =
            |(at, name): (usize, &String)| Ok(format!("{name}={}", shown(row.get_ref(at)?)));
        let values: Result<Vec<_>, rusqlite::Error> = names.iter().enumerate().map(value).collect();
        Ok(values?.join(" "))
    };
    statement.query_map([], text)?.collect()
}

fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

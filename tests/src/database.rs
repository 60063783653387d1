//! A look into a verifier's database, while it runs or after.

use anyhow::{Context, Result};
use postgres::{NoTls, SimpleQueryMessage, SimpleQueryRow};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::path::Path;

/// Every row of every table, as text. Two that are equal mean that nothing was written between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows(BTreeMap<String, Vec<String>>);

impl Rows {
    /// What a database holds now: a file in `folder`, or a server's address.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(database: &str, folder: &Path) -> Result<Self> {
        let mut tables = match database.starts_with("postgresql:") {
            true => {
                let address = database.to_owned();
                // Its client brings a runtime of its own, and a test has one already.
                let reading = std::thread::spawn(move || from_postgres(&address));
                reading.join().ok().context("reading panicked")??
            }
            false => from_sqlite(&folder.join(database))?,
        };
        // An engine may return rows in any order.
        tables.values_mut().for_each(|rows| rows.sort_unstable());
        Ok(Self(tables))
    }

    /// Without these tables.
    pub fn without(mut self, tables: &[&str]) -> Self {
        self.0.retain(|name, _| !tables.contains(&name.as_str()));
        self
    }

    /// All of them, a line a row.
    pub fn text(&self) -> String {
        let lines: Vec<&str> = self.0.values().flatten().map(String::as_str).collect();
        lines.join("\n")
    }

    /// The rows of one table; none if there is no such table.
    pub fn of(&self, table: &str) -> &[String] {
        self.0.get(table).map_or(&[], Vec::as_slice)
    }
}

/// Runs a statement on a database that no verifier has open: the first text on SQLite, the second
/// on PostgreSQL.
///
/// # Errors
/// If it fails.
pub fn execute(database: &str, folder: &Path, statement: &[String; 2]) -> Result<()> {
    let [sqlite, postgres] = statement.clone();
    if !database.starts_with("postgresql:") {
        Connection::open(folder.join(database))?.execute(&sqlite, [])?;
        return Ok(());
    }
    let address = database.to_owned();
    let running = std::thread::spawn(move || {
        postgres::Client::connect(&address, NoTls)?.execute(&postgres, &[])
    });
    running.join().ok().context("it panicked")??;
    Ok(())
}

fn from_sqlite(path: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table'";
    let names: Vec<String> = database
        .prepare(names)?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut tables = BTreeMap::new();
    for name in names {
        let mut statement = database.prepare(&format!("SELECT * FROM \"{name}\""))?;
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let text = |row: &rusqlite::Row<'_>| {
            let values = columns.iter().enumerate().map(|(at, column)| {
                let value = shown(row.get_ref(at)?);
                Ok(format!("{column}={value}"))
            });
            let values: rusqlite::Result<Vec<String>> = values.collect();
            Ok(values?.join(" "))
        };
        let rows = statement.query_map([], text)?.collect::<Result<_, _>>()?;
        tables.insert(name, rows);
    }
    Ok(tables)
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

fn from_postgres(address: &str) -> Result<BTreeMap<String, Vec<String>>> {
    let mut database = postgres::Client::connect(address, NoTls)?;
    let names = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'";
    let mut tables = BTreeMap::new();
    for row in database.query(names, &[])? {
        let name: String = row.get(0);
        let messages = database.simple_query(&format!("SELECT * FROM \"{name}\""))?;
        let text = |row: &SimpleQueryRow| {
            let values = row.columns().iter().enumerate().map(|(at, column)| {
                let value = row.get(at).unwrap_or("-");
                format!("{}={value}", column.name())
            });
            values.collect::<Vec<_>>().join(" ")
        };
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(text(row)),
            _ => None,
        });
        tables.insert(name, rows.collect());
    }
    Ok(tables)
}

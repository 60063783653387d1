//! docs/data-model.md explains every column there is, and none that is not.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use kazasu_service::store::{Location, Schema, Store};
use kazasu_verifier::MIGRATIONS;
use rusqlite::Connection;
use std::collections::BTreeSet;

const DOC: &str = include_str!("../../docs/data-model.md");

/// `table.column` of every column in the newest schema.
fn columns() -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("verifier.db");
    drop(Store::open(&Location::Sqlite(path.clone()), MIGRATIONS, Schema::Migrate).unwrap());
    let database = Connection::open(path).unwrap();
    let sql = "SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c
               WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// `table.column` of every row under a heading of the document: "## `table`", "| `column` | … |".
fn explained() -> BTreeSet<String> {
    let mut table = "";
    let mut found = BTreeSet::new();
    for line in DOC.lines() {
        if let Some(heading) = line.strip_prefix("## `") {
            table = heading.trim_end_matches('`');
        } else if line.starts_with("## ") {
            table = "";
        } else if let Some(row) = line.strip_prefix("| `").filter(|_| !table.is_empty()) {
            let (column, rest) = row.split_once("` | ").unwrap();
            assert!(rest.trim_end_matches(['|', ' ']).len() > 10, "{line}");
            found.insert(format!("{table}.{column}"));
        }
    }
    found
}

#[test]
fn every_column_is_explained() {
    assert_eq!(explained(), columns());
}

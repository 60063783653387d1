//! docs/data-model.md explains every column there is, and none that is not.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use kazasu_service::store::{Location, Migration, Schema, Store};
use rusqlite::Connection;
use std::collections::BTreeSet;

const DOC: &str = include_str!("../../docs/data-model.md");

/// `table.column` of every column in the newest schema.
fn columns(migrations: &'static [Migration]) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.db");
    drop(Store::open(&Location::Sqlite(path.clone()), migrations, Schema::Migrate).unwrap());
    let database = Connection::open(path).unwrap();
    let sql = "SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c
               WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// `table.column` of every row in a part of the document, "## The verifier", under a table's
/// heading, "### `table`": "| `column` | … |".
fn explained(part: &str) -> BTreeSet<String> {
    let (mut here, mut table) = ("", "");
    let mut found = BTreeSet::new();
    for line in DOC.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            (here, table) = (heading, "");
        } else if let Some(heading) = line.strip_prefix("### `") {
            table = heading.trim_end_matches('`');
        } else if let Some(row) = line.strip_prefix("| `").filter(|_| here == part) {
            let (column, rest) = row.split_once("` | ").unwrap();
            assert!(rest.trim_end_matches(['|', ' ']).len() > 10, "{line}");
            assert!(!table.is_empty(), "{line}");
            found.insert(format!("{table}.{column}"));
        }
    }
    found
}

#[test]
fn every_column_of_each_server_is_explained() {
    let every = explained("Every server");
    assert!(!every.is_empty());
    for (part, migrations) in [
        ("The verifier", kazasu_verifier::MIGRATIONS),
        ("The portal", kazasu_portal::MIGRATIONS),
    ] {
        let ours = explained(part);
        assert!(every.is_disjoint(&ours), "{part}");
        assert_eq!(&every | &ours, columns(migrations), "{part}");
    }
}

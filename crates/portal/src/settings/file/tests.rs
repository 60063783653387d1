//! The example of a configuration says what there is, and what is so without it.

use crate::settings::{Settings, SettingsError};
use std::collections::BTreeSet;
use std::path::Path;
use toml::{Table, Value};

const EXAMPLE: &str = include_str!("../../../portal.example.toml");

/// What the example chooses; everything else in it is as it would be without.
const CHOSEN: [&str; 15] = [
    "origin",
    "listen",
    "database",
    "keys",
    "verifier.issuer",
    "verifier.client_id",
    "sign_in.issuer",
    "sign_in.client_id",
    "sign_in.acr_values",
    "directory.sign_in_token",
    "mail.from",
    "mail.folder",
    "audit.export",
    "admin.listen",
    "pages",
];

/// Values that a test sets to see what is known beside them.
const UNKNOWN: &str = "surprise";

fn parse(table: &Table) -> Result<Settings, SettingsError> {
    Settings::parse(&table.to_string(), Path::new("/etc/kazasu"))
}

/// With what nobody can know but whoever runs the sign-in.
fn example() -> Table {
    let mut example: Table = EXAMPLE.parse().unwrap();
    let sign_in = example["sign_in"].as_table_mut().unwrap();
    sign_in.insert("acr_values".to_owned(), vec!["urn:mfa"].into());
    example
}

/// The table without what is not chosen; `prefix` is its own place.
fn chosen(table: Table, prefix: &str) -> Table {
    let mut kept = Table::new();
    for (key, value) in table {
        let place = format!("{prefix}{key}");
        if CHOSEN.contains(&place.as_str()) {
            kept.insert(key, value);
        } else if let Value::Table(inner) = value {
            let inner = chosen(inner, &format!("{place}."));
            if !inner.is_empty() {
                kept.insert(key, inner.into());
            }
        }
    }
    kept
}

#[test]
fn what_the_example_does_not_choose_is_as_it_would_be_without() {
    let whole = parse(&example()).unwrap();
    let least = chosen(example(), "");
    assert_ne!(least, example());
    let least = parse(&least).unwrap();
    // Settings have maps, which are told in any order.
    let told = |settings: Settings| {
        let text = format!("{settings:#?}");
        text.lines().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let (whole, least) = (told(whole), told(least));
    let differs: Vec<_> = whole.symmetric_difference(&least).collect();
    assert!(differs.is_empty(), "{differs:#?}");
}

/// The keys that a table knows, as the problem about one that it does not know tells them.
fn known(table: &str) -> Vec<String> {
    let mut text = example();
    let target = match table {
        "" => &mut text,
        _ => text[table].as_table_mut().unwrap(),
    };
    target.insert(UNKNOWN.to_owned(), 1.into());
    let Err(SettingsError::Invalid(problems)) = parse(&text) else {
        panic!("a key that nobody knows passed in {table:?}");
    };
    let [problem] = &problems[..] else {
        panic!("{problems:?}");
    };
    let (_, known) = problem.split_once("known are ").unwrap();
    known.split(", ").map(str::to_owned).collect()
}

/// Whether a line of this table of the example has the key, also as a remark.
fn has(table: &str, key: &str) -> bool {
    let mut here = "";
    EXAMPLE.lines().any(|line| {
        let line = line.trim_start_matches("# ");
        if let Some(header) = line.strip_prefix('[') {
            here = header.split(']').next().unwrap();
        }
        let assigned = line.split(" = ").next() == Some(key) && here == table;
        assigned || (table.is_empty() && here == key)
    })
}

#[test]
fn every_setting_is_in_the_example() {
    let tables = example().into_iter().filter(|(_, value)| value.is_table());
    let tables: Vec<String> = tables.map(|(key, _)| key).collect();
    assert!(tables.len() >= 14, "{tables:?}");
    let mut count = 0;
    for table in std::iter::once("").chain(tables.iter().map(String::as_str)) {
        for key in known(table) {
            let place = format!("{table}.{key}");
            // docs/directories.md describes that one.
            assert!(has(table, &key) || place == "directory.ldap", "{place}");
            count += 1;
        }
    }
    assert!(count > 60, "{count}");
}

//! docs/security.md names no test that does not exist.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::path::Path;

const DOC: &str = include_str!("../../docs/security.md");

/// Every link `[name](file.rs)` of the document.
fn named() -> Vec<(&'static str, &'static str)> {
    let links = DOC.split('[').skip(1);
    links
        .filter_map(|link| {
            let (name, rest) = link.split_once("](")?;
            let (file, _) = rest.split_once(')')?;
            file.ends_with(".rs").then_some((name, file))
        })
        .collect()
}

#[test]
fn every_named_test_exists() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let named = named();
    assert!(named.len() > 150, "the links were not read");
    for (name, file) in named {
        let source = std::fs::read_to_string(docs.join(file)).unwrap();
        let (before, _) = source
            .split_once(&format!("fn {name}("))
            .unwrap_or_else(|| panic!("{file} has no {name}"));
        let attributes = before.rsplit("\n\n").next().unwrap();
        assert!(
            attributes.contains("test]") || attributes.contains("test("),
            "{file}: {name} is no test"
        );
    }
}

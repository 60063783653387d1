//! What was measured: a table for people, a flat map of name to number for programs.

use anyhow::Context;
use std::collections::BTreeMap;
use std::path::Path;

/// The measurements of one run, in the order they were made.
#[derive(Default)]
pub(crate) struct Report {
    values: BTreeMap<String, f64>,
    lines: Vec<String>,
    broken: Vec<String>,
}

impl Report {
    /// Records a number under its key.
    pub(crate) fn record(&mut self, key: &str, value: f64) {
        let before = self.values.insert(key.to_owned(), value);
        assert!(before.is_none(), "{key} was measured twice");
    }

    /// Records a number that must not exceed `bound`.
    pub(crate) fn record_at_most(&mut self, key: &str, value: f64, bound: f64) {
        self.record(key, value);
        if value > bound {
            self.broken
                .push(format!("{key} is {value}, more than {bound}"));
        }
    }

    /// Records a number that must reach `floor`.
    pub(crate) fn record_at_least(&mut self, key: &str, value: f64, floor: f64) {
        self.record(key, value);
        if value < floor {
            self.broken
                .push(format!("{key} is {value}, less than {floor}"));
        }
    }

    /// Adds a line to the table.
    pub(crate) fn line(&mut self, text: String) {
        self.lines.push(text);
    }

    /// Whether every bound holds.
    pub(crate) fn bounds_hold(&self) -> bool {
        self.broken.is_empty()
    }

    /// Prints the table.
    pub(crate) fn print(&self) {
        for line in &self.lines {
            println!("{line}");
        }
        println!();
        for broken in &self.broken {
            println!("BOUND BROKEN: {broken}");
        }
    }

    /// Writes the map as JSON.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let text = serde_json::to_string_pretty(&self.values)?;
        std::fs::write(path, text + "\n").with_context(|| format!("writing {}", path.display()))
    }
}

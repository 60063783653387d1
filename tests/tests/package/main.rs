//! What is in deploy/: the unit, the container file, and the Debian package in a system of its own.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod container;
mod debian;
mod unit;

use std::path::PathBuf;

/// A file of the repository.
fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(path)
}

/// Says out loud that something could not be tried here; with CI=true that is a failure.
fn not_run(what: &str, why: &str) {
    assert!(std::env::var_os("CI").is_none(), "{what}: {why}");
    eprintln!("NOT RUN: {what}: {why}");
}

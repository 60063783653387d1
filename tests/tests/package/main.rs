//! What is in deploy/: the units, the container file, and the Debian packages in a system of their own.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod container;
mod debian;
mod unit;

use kazasu_tests::not_run;
use std::path::PathBuf;
use std::process::Command;

/// What deploy/ is for.
const PROGRAMS: [&str; 2] = ["verifier", "portal"];

/// A file of the repository.
fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(path)
}

/// A file of deploy/ with a program's words in it.
fn filled(name: &str, file: &str) -> String {
    let mut fill = Command::new(repository("deploy/fill"));
    let output = fill.args([name, file]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

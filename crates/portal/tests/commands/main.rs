//! The commands as an operator types them: the real binary, files in a temporary folder.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod audit;
mod backup;
mod configuration;
mod directory;
mod documents;
mod jwks;
mod watching;

use kazasu_demo::operator::{Done, Program, Site};

/// The binary of this package.
fn program() -> Program {
    Program {
        binary: env!("CARGO_BIN_EXE_kazasu-portal").into(),
        variables: "KAZASU_PORTAL",
        configuration: "portal.toml",
        host: "127.0.0.1:7090",
    }
}

/// What the sign-in calls one with a second factor.
const SECOND_FACTOR: &str = "--second-factor=urn:mihon:mfa";

fn init(words: &[&str]) -> Site {
    program().init(&[words, &[SECOND_FACTOR]].concat())
}

fn run(words: &[&str]) -> Done {
    program().run(words)
}

//! The verifier as its three partners see it, up to the point where a real card's signature is
//! needed: from there on the tests need the emulator and live in the package `kazasu-tests`.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod admin;
mod assertions;
mod client_assertions;
mod exceptions;
#[allow(dead_code, reason = "the package kazasu-tests uses the rest")]
mod harness;
mod limits;
mod pages;
mod pairing;
mod requests;
mod tickets;
mod tokens;

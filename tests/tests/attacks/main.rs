//! Tests that play the attacker against a running verifier. The clock is in the tests' hands; the
//! attacker has every browser, every companion and every relying party of the attacker's own.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod cancelling;
mod codes;
mod digits;
mod foreign_browser;
mod forms;
#[path = "../verifier/gate.rs"]
mod gate;
#[allow(dead_code, reason = "the verifier's own tests use the rest")]
#[path = "../../../crates/verifier/tests/flow/harness/mod.rs"]
mod harness;
mod left_open;
mod relay;
mod replay;
mod resuming;
mod stage;
mod tickets;
#[allow(dead_code, reason = "the tests of accepted taps use the rest")]
#[path = "../verifier/world/mod.rs"]
mod world;

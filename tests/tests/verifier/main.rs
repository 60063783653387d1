//! Accepted taps: the verifier with certificates of the emulated authority, whose OCSP responder
//! and lineage service it asks. The companion here signs in software and lies when it should.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod acceptance;
mod companion;
#[allow(dead_code, reason = "the attacks use the rest")]
mod gate;
mod hand_back;
#[allow(
    dead_code,
    unused_imports,
    reason = "the verifier's own tests use the rest"
)]
#[path = "../../../crates/verifier/tests/flow/harness/mod.rs"]
mod harness;
mod lifetime;
mod limits;
mod redemption;
mod revocation;
mod signing_keys;
#[allow(dead_code, reason = "the attacks use the rest")]
mod world;

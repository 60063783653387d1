//! Malformed and hostile input, thrown at a running verifier. Whatever comes, the answer is a
//! defined one, nothing is written, nothing that was sent is repeated or logged, and everybody
//! else is served as before.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod addresses;
mod challenges;
mod forms;
mod grpc;
#[allow(
    dead_code,
    unused_imports,
    reason = "the verifier's own tests use the rest"
)]
#[path = "../../../crates/verifier/tests/flow/harness/mod.rs"]
mod harness;
mod jwt;
mod log;
mod protobuf;
mod sizes;
mod slow;
mod target;
mod wire;

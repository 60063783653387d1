//! The verifier's keys: rotated, moved, lost, and somebody forgotten; every PPID stays what it is
//! as long as it should.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod erasure;
mod restore;
mod rotation;
mod site;
mod token;

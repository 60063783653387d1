//! Who tampers with the audit is seen, on both engines.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod export;
mod nodes;
mod site;
mod tampering;

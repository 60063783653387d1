//! How requests reach a server and what it tells about itself, over real sockets.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod admin;
mod drain;
mod harness;
mod impatience;
mod telemetry;
mod tls;

//! The commands as an operator types them: the real binary, files in a temporary folder.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod audit;
mod backup;
mod configuration;
mod documents;
mod operating;
mod program;
mod relying_party;

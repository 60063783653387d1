//! The other side in software: card, certificate authority, virtual readers.
//!
//! Nothing that is shipped contains this crate. Its AIDs, file layouts, object identifiers and
//! status words are its own, so that it and the programs it tests cannot be wrong together.

pub mod authority;
pub mod card;
mod channel;
pub mod control;
pub mod fault;
pub mod field;
pub mod holder;
pub mod reader;

pub use channel::{Answer, EmulatedChannel};

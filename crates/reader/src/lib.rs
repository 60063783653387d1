//! Contactless readers: libnfc, each in a child process of its own, and PC/SC.
//!
//! [`Readers`] lists them, [`Readers::open`] picks one, and [`OpenedReader::wait_for_card`] waits
//! for a card and lends a [`CardChannel`], which is the `Transceive` of `kazasu_card`.
//!
//! libnfc can call `abort()`, hang for ever and overflow its stack on a long command, so it is
//! only ever called in a child process: the same executable, started again with a hidden first
//! argument. Every `main` that opens libnfc readers therefore begins with
//! [`run_child_if_asked`].

#![warn(clippy::indexing_slicing)]

mod channel;
mod error;
mod kernel;
mod libnfc;
mod link;
mod pcsc;
mod readers;

pub use channel::{CardChannel, OpenedReader};
pub use error::ReaderError;
pub use libnfc::{ChildProgram, run_child_if_asked};
pub use readers::{Hint, Listing, ReaderInfo, ReaderKind, ReaderState, Readers, Settings};

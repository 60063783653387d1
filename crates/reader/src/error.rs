//! What can go wrong before there is a card to talk to.

use std::io;

/// Why no reader could be opened, or no card was found on it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReaderError {
    /// No reader is connected.
    #[error("no reader is connected")]
    NoReader,
    /// No reader has this name.
    #[error("no reader is called {name}")]
    UnknownReader {
        /// The name that was asked for.
        name: String,
    },
    /// Several readers are connected, none was named, and no card showed which one is meant.
    #[error("several readers are connected: {}", names.join(", "))]
    SeveralReaders {
        /// Their names.
        names: Vec<String>,
    },
    /// Cards lie on several readers, and none was named.
    #[error("there are cards on several readers: {}", names.join(", "))]
    SeveralCards {
        /// The readers' names.
        names: Vec<String>,
    },
    /// The time to wait for a card is over.
    #[error("no card was put on {name}")]
    NoCard {
        /// The reader that was watched.
        name: String,
    },
    /// Another program, or another part of this one, uses the reader.
    #[error("{name} is in use by another program")]
    InUse {
        /// The reader's name.
        name: String,
    },
    /// The reader cannot be opened, or stopped working and did not come back.
    #[error("{name} does not answer")]
    Gone {
        /// The reader's name.
        name: String,
    },
    /// The child process for libnfc could not be started.
    #[error("the libnfc process could not be started")]
    Child(#[source] io::Error),
}

//! Why the authority did not do as asked.

use std::io;
use std::path::PathBuf;

/// Why the authority did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The person has a card already.
    #[error("this person has a card already")]
    AlreadyEnrolled,
    /// The person has no card.
    #[error("this person has no card")]
    NotEnrolled,
    /// The certificate is revoked, which is for ever.
    #[error("the certificate is already revoked")]
    AlreadyRevoked,
    /// There is no hold to release.
    #[error("the certificate is not on hold")]
    NotOnHold,
    /// The last generation is in use.
    #[error("there is no further generation")]
    NoNextGeneration,
    /// The system could not make a key pair.
    #[error("no key pair could be made")]
    KeyGeneration,
    /// The state could not be read or written.
    #[error("cannot use the state file {path}")]
    StateFile {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// The state file is not one of ours.
    #[error("the state file {path} is damaged")]
    StateDamaged {
        /// The file.
        path: PathBuf,
    },
}

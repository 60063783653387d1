//! What can be wrong with keys: when they are loaded, and when they are used.

use super::kind::KeyKind;
use super::token::TokenError;
use kazasu_service::secret::SecretError;
use std::path::PathBuf;

/// Why keys cannot be loaded or changed. No message quotes what it stumbled over: it may be secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The file cannot be read or written; [`Keys::create`](super::Keys::create) never overwrites.
    #[error("keys file {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Somebody besides the owner may read the file.
    #[error("keys file {path} is open to others: chmod 600 it")]
    OpenToOthers {
        /// Which file.
        path: PathBuf,
    },
    /// The environment variable that should hold the keys, or lead to them, is not set.
    #[error("the environment variable {variable} is not set, and the keys should come from it")]
    NoVariable {
        /// Which variable.
        variable: String,
    },
    /// The token with the keys failed.
    #[error("the token with the keys")]
    Token(#[from] TokenError),
    /// Keys are already there; they are never overwritten.
    #[error("there are keys already; they are never overwritten")]
    Exists,
    /// Keys from a credential or a variable are changed where they are kept.
    #[error("these keys can only be read here: change the file they come from with --keys FILE")]
    ReadOnly,
    /// A key that something may still need.
    #[error("{kind} {version} stays: {why}")]
    StillNeeded {
        /// Which kind.
        kind: KeyKind,
        /// Its version.
        version: u32,
        /// What may need it.
        why: &'static str,
    },
    /// No such key.
    #[error("there is no key {kind} {version}")]
    NoSuchKey {
        /// Which kind.
        kind: KeyKind,
        /// Its version.
        version: u32,
    },
    /// There is no key of a kind.
    #[error("keys: there is no {kind} key; `kazasu-verifier keys rotate {kind}` adds one")]
    None {
        /// Which kind.
        kind: KeyKind,
    },
    /// A key is missing or is not what it must be.
    #[error("keys: {what}")]
    Invalid {
        /// Which key, and what is wrong.
        what: &'static str,
    },
}

impl From<SecretError> for KeysError {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::File { path, source } => Self::File { path, source },
            SecretError::OpenToOthers { path } => Self::OpenToOthers { path },
            SecretError::NoVariable { variable } => Self::NoVariable { variable },
        }
    }
}

/// Why a key could not be used for what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFailure {
    /// Something was made with a key that is not among the keys any more.
    #[error("the {kind} key of version {version} is missing")]
    Missing {
        /// Which list it should be in.
        kind: &'static str,
        /// Its version.
        version: u32,
    },
    /// No signing key for an algorithm is in use yet.
    #[error("no signing key for {algorithm:?} is in use")]
    NoSigningKey {
        /// The algorithm asked for.
        algorithm: jsonwebtoken::Algorithm,
    },
    /// The token with the keys failed.
    #[error("the token with the keys")]
    Token(#[from] TokenError),
    /// The library refused to sign.
    #[error("a signature could not be made")]
    Refused,
}

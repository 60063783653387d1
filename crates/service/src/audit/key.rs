//! The key that signs heads of the audit chain.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

/// An Ed25519 key for heads of the audit chain. Whoever checks a head needs [`AuditKey::public`]
/// of the version it names, so old versions are kept.
pub struct AuditKey {
    version: u32,
    pair: Ed25519KeyPair,
}

impl AuditKey {
    /// The key that RFC 8032 makes from a seed.
    #[must_use]
    pub fn from_seed(version: u32, seed: &[u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("any 32 bytes are a seed");
        Self { version, pair }
    }

    /// Its version among the audit keys, from 1.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The public key: 32 bytes, RFC 8032.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.pair
            .public_key()
            .as_ref()
            .try_into()
            .expect("an Ed25519 public key is 32 bytes long")
    }

    /// Signs a message: 64 bytes, RFC 8032.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.pair
            .sign(message)
            .as_ref()
            .try_into()
            .expect("an Ed25519 signature is 64 bytes long")
    }
}

impl std::fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuditKey({}, ..)", self.version)
    }
}

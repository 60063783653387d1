//! The key that signs heads of the audit chain.

use super::KeysError;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use zeroize::Zeroizing;

/// An Ed25519 key for heads of the audit chain. Whoever checks a head needs [`AuditKey::public`]
/// of the version it names, so old versions are kept.
pub struct AuditKey {
    version: u32,
    pair: Ed25519KeyPair,
}

impl AuditKey {
    pub(super) fn from_seed(version: u32, seed: &Zeroizing<[u8; 32]>) -> Result<Self, KeysError> {
        let pair =
            Ed25519KeyPair::from_seed_unchecked(&**seed).map_err(|_| KeysError::Invalid {
                what: "the audit key cannot be made",
            })?;
        Ok(Self { version, pair })
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

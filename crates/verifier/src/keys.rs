//! The verifier's secret keys. A database and its keys restored elsewhere bring back every PPID.
//!
//! Index, pairwise and signing keys are used where they live, and that may be a token. The others
//! are derived from theirs when the process starts, so that challenges and names, which are gone
//! after minutes, wait for no token.

mod admin;
mod check;
mod date;
mod error;
mod file;
mod kind;
mod load;
mod signing;
mod token;
mod versions;

pub use admin::{KeyInfo, KeyStore};
pub(crate) use check::KeyCheck;
pub use check::KeyMismatch;
pub(crate) use error::KeyFailure;
pub use error::KeysError;
pub use kind::{KeyKind, UnknownKind};
pub(crate) use signing::SigningKey;
pub use token::TokenError;

use aws_lc_rs::aead::RandomizedNonceKey;
use aws_lc_rs::hmac;
use file::KeysFile;
use jsonwebtoken::Algorithm;
use kazasu_service::audit::AuditKey;
use kazasu_service::secret::{base64url, length_prefixed};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use token::TokenKey;
use versions::Versions;

/// For so long relying parties see a signing key before it signs: they keep the keys they have
/// fetched for hours.
const SEEN_AHEAD: i64 = 86_400;

/// Everything the verifier keeps secret. Versions only grow; the highest one whose time has come
/// is used for what is new, the others for what is old.
pub struct Keys {
    index: Vec<MacKey>,
    pairwise: Versions<MacKey>,
    challenge: Versions<hmac::Key>,
    name: Versions<RandomizedNonceKey>,
    audit: Versions<AuditKey>,
    signing: Vec<SigningKey>,
}

/// A key that outlives everything made with it.
enum MacKey {
    Here(Box<hmac::Key>),
    InToken(TokenKey),
}

impl MacKey {
    async fn mac(&self, fields: &[&[u8]]) -> Result<[u8; 32], KeyFailure> {
        match self {
            Self::Here(key) => Ok(mac(key, fields)),
            Self::InToken(key) => Ok(key.mac(length_prefixed(fields)).await?),
        }
    }
}

impl Keys {
    /// Writes fresh keys to a new file, mode 0600.
    ///
    /// # Errors
    /// [`KeysError::Exists`] if there is such a file, [`KeysError::File`] if it cannot be written.
    pub fn create(path: &Path) -> Result<(), KeysError> {
        KeysFile::generate()?.write_new(path)
    }

    /// HMAC of `fields` with the first index key, and of each result with the next key. Rotation
    /// wraps what is stored, so a younger key covers the older index, not the fields.
    pub(crate) async fn index_mac(&self, fields: &[&[u8]]) -> Result<[u8; 32], KeyFailure> {
        let (first, later) = self
            .index
            .split_first()
            .expect("`whole` refuses keys without an index key");
        let mut index = first.mac(fields).await?;
        for key in later {
            index = key.mac(&[&index]).await?;
        }
        Ok(index)
    }

    /// HMAC of `fields` with the pairwise key of one version.
    pub(crate) async fn pairwise_mac(
        &self,
        version: u32,
        fields: &[&[u8]],
    ) -> Result<[u8; 32], KeyFailure> {
        let key = self.pairwise.get(version).ok_or(KeyFailure::Missing {
            kind: "pairwise",
            version,
        })?;
        key.mac(fields).await
    }

    /// The version that subjects are born with at `now`.
    pub(crate) fn pairwise_version_at(&self, now: i64) -> u32 {
        self.pairwise.at(now).0
    }

    /// The challenge key of one version.
    pub(crate) fn challenge(&self, version: u32) -> Option<&hmac::Key> {
        self.challenge.get(version)
    }

    /// The key that seals new challenges at `now`, and its version.
    pub(crate) fn challenge_at(&self, now: i64) -> (u32, &hmac::Key) {
        self.challenge.at(now)
    }

    /// The name key of one version.
    pub(crate) fn name(&self, version: u32) -> Option<&RandomizedNonceKey> {
        self.name.get(version)
    }

    /// The key that encrypts new names at `now`, and its version.
    pub(crate) fn name_at(&self, now: i64) -> (u32, &RandomizedNonceKey) {
        self.name.at(now)
    }

    /// The key that signs heads of the audit chain: the newest.
    #[must_use]
    pub fn audit(&self) -> &AuditKey {
        self.audit.newest()
    }

    /// The public audit keys of every version, to check what any of them signed.
    #[must_use]
    pub fn audit_public_keys(&self) -> Vec<[u8; 32]> {
        self.audit.all().map(AuditKey::public).collect()
    }

    /// The audit key of one version, to check what it signed.
    #[must_use]
    pub fn audit_version(&self, version: u32) -> Option<&AuditKey> {
        self.audit.get(version)
    }

    /// Every signing key, also those that are only published ahead or not used any more.
    pub(crate) fn signing(&self) -> &[SigningKey] {
        &self.signing
    }

    /// Lets each signing key wait until relying parties could see it for a day, whatever time it has
    /// of its own. `published_at` says since when they can, by `kid`. Of those that could sign at
    /// `now`, the one they have seen for longest does not wait: somebody has to sign.
    pub(crate) fn wait_until_seen(&mut self, published_at: &BTreeMap<String, i64>, now: i64) {
        let seen = |key: &SigningKey| published_at.get(&key.kid).copied().unwrap_or(now);
        for algorithm in [Algorithm::ES256, Algorithm::RS256] {
            let usable = |key: &&SigningKey| key.algorithm == algorithm && key.use_from <= now;
            let Some(first) = self.signing.iter().filter(usable).map(seen).min() else {
                continue;
            };
            for key in &mut self.signing {
                let seen_enough = seen(key) + SEEN_AHEAD;
                if key.algorithm == algorithm && seen(key) > first && key.use_from < seen_enough {
                    key.use_from = seen_enough;
                }
            }
        }
    }

    /// Whether there is a key of `algorithm` whose time has come.
    pub(crate) fn can_sign(&self, algorithm: Algorithm, now: i64) -> bool {
        let usable = |key: &SigningKey| key.algorithm == algorithm && key.use_from <= now;
        self.signing.iter().any(usable)
    }

    /// An ID token over `claims`, signed by the youngest key of `algorithm` whose time has come.
    pub(crate) async fn sign_token(
        &self,
        algorithm: Algorithm,
        claims: &impl Serialize,
        now: i64,
    ) -> Result<String, KeyFailure> {
        let usable = |key: &&SigningKey| key.algorithm == algorithm && key.use_from <= now;
        let key = self.signing.iter().filter(usable);
        let key = key
            .max_by_key(|key| key.use_from)
            .ok_or(KeyFailure::NoSigningKey { algorithm })?;
        key.token(claims).await
    }
}

/// Shows nothing but that keys are there.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}

/// HMAC-SHA-256 of length-prefixed fields.
pub(crate) fn mac(key: &hmac::Key, fields: &[&[u8]]) -> [u8; 32] {
    let tag = hmac::sign(key, &length_prefixed(fields));
    tag.as_ref()
        .try_into()
        .expect("HMAC-SHA-256 is 32 bytes long")
}

/// A one-time code that its owner's secret determines: base64url, 256 bits.
pub(crate) fn derived_code(secret: &[u8], fields: &[&[u8]]) -> String {
    base64url(&mac(&hmac::Key::new(hmac::HMAC_SHA256, secret), fields))
}

#[cfg(test)]
mod tests;

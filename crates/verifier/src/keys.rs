//! The verifier's secret keys. A database and its keys restored elsewhere bring back every PPID.
//!
//! Index, pairwise and signing keys outlive everything made with them. The others are derived
//! from theirs when the process starts, so that what is done for every challenge and name
//! waits for nobody.

mod audit;
mod error;
mod file;
mod signing;
mod versions;

pub use audit::AuditKey;
pub(crate) use error::KeyFailure;
pub use error::KeysError;
pub(crate) use signing::SigningKey;

use crate::secret::base64url;
use crate::settings::KeySource;
use aws_lc_rs::aead::{AES_256_GCM, RandomizedNonceKey};
use aws_lc_rs::hmac;
use file::{KeysFile, bytes, versions};
use jsonwebtoken::Algorithm;
use serde::Serialize;
use std::path::{Path, PathBuf};
use versions::Versions;
use zeroize::Zeroizing;

/// Keep the uses of derived keys apart.
const CHALLENGE_DOMAIN: &[u8] = b"kazasu/challenge-key/v1";
const NAME_DOMAIN: &[u8] = b"kazasu/name-key/v1";
const AUDIT_DOMAIN: &[u8] = b"kazasu/audit-key/v1";

/// Where systemd puts the credentials of a service: systemd.exec(5).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Everything the verifier keeps secret. Versions only grow; the highest one whose time has come
/// is used for what is new, the others for what is old.
pub struct Keys {
    index: Vec<hmac::Key>,
    pairwise: Versions<hmac::Key>,
    challenge: Versions<hmac::Key>,
    name: Versions<RandomizedNonceKey>,
    audit: Versions<AuditKey>,
    signing: Vec<SigningKey>,
}

impl Keys {
    /// Writes fresh keys to a new file, mode 0600.
    ///
    /// # Errors
    /// [`KeysError::File`] if the file exists or cannot be written.
    pub fn create(path: &Path) -> Result<(), KeysError> {
        KeysFile::generate()?.write_new(path)
    }

    /// Loads the keys from where the settings say.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn load(source: &KeySource) -> Result<Self, KeysError> {
        match source {
            KeySource::File(path) => Self::read(path),
            KeySource::Credential(name) => {
                let path = PathBuf::from(variable(CREDENTIALS)?.as_str()).join(name);
                // Who may read it is systemd's affair; an access list shows as the group's mode.
                let text = std::fs::read_to_string(&path).map(Zeroizing::new);
                let text = text.map_err(|source| KeysError::File { path, source })?;
                Self::parse(&KeysFile::parse(&text)?)
            }
            KeySource::Environment(name) => Self::parse(&KeysFile::parse(&variable(name)?)?),
        }
    }

    /// Reads a keys file.
    ///
    /// # Errors
    /// [`KeysError`], also when others than the owner may read the file.
    pub fn read(path: &Path) -> Result<Self, KeysError> {
        Self::parse(&KeysFile::read(path)?)
    }

    fn parse(file: &KeysFile) -> Result<Self, KeysError> {
        let index: Result<Vec<_>, _> = file
            .index
            .iter()
            .map(|key| Ok(hmac_key(&bytes(key)?)))
            .collect();
        let keys = Self {
            index: index?,
            pairwise: versions(
                &file.pairwise,
                "pairwise needs a key, and each version once",
                |_, key| Ok(hmac_key(key)),
            )?,
            challenge: versions(
                &file.challenge,
                "challenge needs a key, and each version once",
                |_, key| Ok(hmac_key(&derive(key, CHALLENGE_DOMAIN))),
            )?,
            name: versions(
                &file.name,
                "name needs a key, and each version once",
                |_, key| Ok(name_key(&derive(key, NAME_DOMAIN))),
            )?,
            audit: versions(
                &file.audit,
                "audit needs a key, and each version once; `keys rotate audit` adds one",
                |version, key| AuditKey::from_seed(version, &derive(key, AUDIT_DOMAIN)),
            )?,
            signing: file
                .signing
                .iter()
                .map(file::SigningKeyEntry::parse)
                .collect::<Result<_, _>>()?,
        };
        if keys.index.is_empty() || keys.signing.is_empty() {
            return Err(KeysError::Invalid {
                what: "index and signing each need a key",
            });
        }
        Ok(keys)
    }

    /// HMAC of `fields` with the first index key, and of each result with the next key. Rotation
    /// wraps what is stored, so a younger key covers the older index, not the fields.
    pub(crate) async fn index_mac(&self, fields: &[&[u8]]) -> Result<[u8; 32], KeyFailure> {
        let (first, later) = self
            .index
            .split_first()
            .expect("`parse` refuses keys without an index key");
        let index = mac(first, fields);
        Ok(later.iter().fold(index, |index, key| mac(key, &[&index])))
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
        Ok(mac(key, fields))
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

fn variable(name: &str) -> Result<Zeroizing<String>, KeysError> {
    std::env::var(name)
        .map(Zeroizing::new)
        .map_err(|_| KeysError::NoVariable {
            variable: name.to_owned(),
        })
}

fn derive(key: &Zeroizing<[u8; 32]>, domain: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(mac(&hmac_key(key), &[domain]))
}

fn hmac_key(key: &Zeroizing<[u8; 32]>) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &**key)
}

fn name_key(key: &Zeroizing<[u8; 32]>) -> RandomizedNonceKey {
    RandomizedNonceKey::new(&AES_256_GCM, &**key).expect("an AES-256 key is 32 bytes long")
}

/// HMAC-SHA-256 of length-prefixed fields.
pub(crate) fn mac(key: &hmac::Key, fields: &[&[u8]]) -> [u8; 32] {
    let tag = hmac::sign(key, &crate::secret::length_prefixed(fields));
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

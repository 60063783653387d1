//! The verifier's keys: one TOML file, readable by its owner only. A database and its keys
//! restored elsewhere bring back every PPID.

use crate::secret::{base64url, random};
use aws_lc_rs::aead::{AES_256_GCM, RandomizedNonceKey};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Why keys cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The file cannot be read or written; it is never overwritten.
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
    /// A key is missing or is not what it must be. The file's text is not quoted.
    #[error("keys file: {what}")]
    Invalid {
        /// Which key, and what is wrong.
        what: &'static str,
    },
}

/// Everything the verifier keeps secret. Versions only grow; the highest one is used for what is
/// new, the others for what is old.
pub struct Keys {
    index: Vec<hmac::Key>,
    pairwise: BTreeMap<u32, hmac::Key>,
    challenge: BTreeMap<u32, hmac::Key>,
    name: BTreeMap<u32, RandomizedNonceKey>,
    signing: Vec<SigningKey>,
}

/// A key that signs ID tokens.
pub(crate) struct SigningKey {
    pub(crate) public: Jwk,
    pub(crate) kid: String,
    pub(crate) private: EncodingKey,
    use_from: i64,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct KeysFile {
    index: Vec<String>,
    pairwise: Vec<VersionedKey>,
    challenge: Vec<VersionedKey>,
    name: Vec<VersionedKey>,
    signing: Vec<SigningKeyEntry>,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct VersionedKey {
    version: u32,
    key: String,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct SigningKeyEntry {
    use_from: i64,
    pkcs8: String,
}

const HEADER: &str = "\
# Secret keys of the verifier. Whoever has this file and the database can tell who is who.
# index:     credential index, applied one after the other; append a key only with the offline rewrap.
# pairwise, challenge, name: add a higher version to rotate; keep the old ones.
# signing:   ID tokens, P-256; add one with use_from at least 24 hours ahead.
";

impl Keys {
    /// Writes fresh keys to a new file, mode 0600.
    ///
    /// # Errors
    /// [`KeysError::File`] if the file exists or cannot be written.
    pub fn create(path: &Path) -> Result<(), KeysError> {
        let key = || hex::encode(random::<32>());
        let first = || {
            vec![VersionedKey {
                version: 1,
                key: key(),
            }]
        };
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .and_then(|pair| pair.to_pkcs8v1())
            .map_err(|_| KeysError::Invalid {
                what: "the signing key cannot be made",
            })?;
        let file = KeysFile {
            index: vec![key()],
            pairwise: first(),
            challenge: first(),
            name: first(),
            signing: vec![SigningKeyEntry {
                use_from: 0,
                pkcs8: STANDARD.encode(pair.as_ref()),
            }],
        };
        let text = Zeroizing::new(toml::to_string(&file).expect("plain strings and integers"));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        options
            .open(path)
            .and_then(|mut out| {
                out.write_all(HEADER.as_bytes())?;
                out.write_all(text.as_bytes())?;
                out.sync_all()
            })
            .map_err(|source| KeysError::File {
                path: path.into(),
                source,
            })
    }

    /// Reads a keys file.
    ///
    /// # Errors
    /// [`KeysError`], also when others than the owner may read the file.
    pub fn read(path: &Path) -> Result<Self, KeysError> {
        let file_error = |source| KeysError::File {
            path: path.into(),
            source,
        };
        let mode = fs::metadata(path).map_err(file_error)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(KeysError::OpenToOthers { path: path.into() });
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(file_error)?);
        // The parser's own message would quote the secret it stumbled over.
        let file: KeysFile = toml::from_str(&text).map_err(|_| KeysError::Invalid {
            what: "not the TOML expected",
        })?;
        Self::parse(&file)
    }

    fn parse(file: &KeysFile) -> Result<Self, KeysError> {
        let hmac_key = |_: u32, key: &[u8; 32]| Ok(hmac::Key::new(hmac::HMAC_SHA256, key));
        let index: Result<Vec<_>, _> = file
            .index
            .iter()
            .map(|key| Ok(hmac::Key::new(hmac::HMAC_SHA256, &*bytes(key)?)))
            .collect();
        let keys = Self {
            index: index?,
            pairwise: versions(&file.pairwise, hmac_key)?,
            challenge: versions(&file.challenge, hmac_key)?,
            name: versions(&file.name, |_, key| {
                RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| KeysError::Invalid {
                    what: "a name key is not 32 bytes",
                })
            })?,
            signing: file
                .signing
                .iter()
                .map(SigningKey::parse)
                .collect::<Result<_, _>>()?,
        };
        if keys.index.is_empty() || keys.signing.is_empty() {
            return Err(KeysError::Invalid {
                what: "index and signing each need a key",
            });
        }
        Ok(keys)
    }

    /// The index keys, in the order they are applied.
    pub(crate) fn index(&self) -> &[hmac::Key] {
        &self.index
    }

    /// The pairwise key of one version.
    pub(crate) fn pairwise(&self, version: u32) -> Option<&hmac::Key> {
        self.pairwise.get(&version)
    }

    /// The version new subjects are born with.
    pub(crate) fn newest_pairwise_version(&self) -> u32 {
        *newest(&self.pairwise).0
    }

    /// The challenge key of one version.
    pub(crate) fn challenge(&self, version: u32) -> Option<&hmac::Key> {
        self.challenge.get(&version)
    }

    /// The key that seals new challenges, and its version.
    pub(crate) fn newest_challenge(&self) -> (u32, &hmac::Key) {
        let (version, key) = newest(&self.challenge);
        (*version, key)
    }

    /// The name key of one version.
    pub(crate) fn name(&self, version: u32) -> Option<&RandomizedNonceKey> {
        self.name.get(&version)
    }

    /// The key that encrypts new names, and its version.
    pub(crate) fn newest_name(&self) -> (u32, &RandomizedNonceKey) {
        let (version, key) = newest(&self.name);
        (*version, key)
    }

    /// Every signing key, also those that are only published ahead.
    pub(crate) fn signing(&self) -> &[SigningKey] {
        &self.signing
    }

    /// The signing key in use at `now`: the youngest whose time has come.
    pub(crate) fn signing_at(&self, now: i64) -> Option<&SigningKey> {
        self.signing
            .iter()
            .filter(|key| key.use_from <= now)
            .max_by_key(|key| key.use_from)
    }
}

impl SigningKey {
    fn parse(entry: &SigningKeyEntry) -> Result<Self, KeysError> {
        let invalid = KeysError::Invalid {
            what: "a signing key is not a base64 PKCS#8 P-256 key",
        };
        let Ok(pkcs8) = STANDARD.decode(&entry.pkcs8).map(Zeroizing::new) else {
            return Err(invalid);
        };
        if EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).is_err() {
            return Err(invalid);
        }
        let private = EncodingKey::from_ec_der(&pkcs8);
        let Ok(mut public) = Jwk::from_encoding_key(&private, Algorithm::ES256) else {
            return Err(invalid);
        };
        let Ok(kid) = public.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256) else {
            return Err(invalid);
        };
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self {
            public,
            kid,
            private,
            use_from: entry.use_from,
        })
    }
}

/// Shows nothing but that keys are there.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}

fn newest<T>(keys: &BTreeMap<u32, T>) -> (&u32, &T) {
    keys.last_key_value()
        .expect("`versions` refuses an empty list")
}

fn versions<T>(
    entries: &[VersionedKey],
    make: impl Fn(u32, &[u8; 32]) -> Result<T, KeysError>,
) -> Result<BTreeMap<u32, T>, KeysError> {
    let mut keys = BTreeMap::new();
    for entry in entries {
        let key = make(entry.version, &*bytes(&entry.key)?)?;
        if keys.insert(entry.version, key).is_some() {
            return Err(KeysError::Invalid {
                what: "a version appears twice",
            });
        }
    }
    if keys.is_empty() {
        return Err(KeysError::Invalid {
            what: "pairwise, challenge and name each need a key",
        });
    }
    Ok(keys)
}

fn bytes(text: &str) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text, &mut *key).map_err(|_| KeysError::Invalid {
        what: "a key is not 64 hexadecimal digits",
    })?;
    Ok(key)
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
mod tests {
    use super::*;

    #[test]
    fn fresh_keys_are_private_never_overwritten_and_readable() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        Keys::create(&path).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert!(matches!(Keys::create(&path), Err(KeysError::File { .. })));
        let keys = Keys::read(&path).unwrap();
        assert_eq!(keys.newest_pairwise_version(), 1);
        assert!(keys.signing_at(0).is_some());
        assert_eq!(format!("{keys:?}"), "Keys(..)");
    }

    #[test]
    fn keys_open_to_others_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        Keys::create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            Keys::read(&path),
            Err(KeysError::OpenToOthers { .. })
        ));
    }

    #[test]
    fn a_message_about_a_broken_file_does_not_quote_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        Keys::create(&path).unwrap();
        let text = fs::read_to_string(&path)
            .unwrap()
            .replace("index = [\"", "index = [\"zz-canary");
        fs::write(&path, text).unwrap();
        let error = Keys::read(&path).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}

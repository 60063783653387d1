//! Keys as they are written: TOML, in a file, a credential or an environment variable.

use super::versions::Versions;
use super::{KeysError, signing};
use crate::secret::random;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The whole text.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub(super) struct KeysFile {
    pub(super) index: Vec<String>,
    pub(super) pairwise: Vec<VersionedKey>,
    pub(super) challenge: Vec<VersionedKey>,
    pub(super) name: Vec<VersionedKey>,
    /// Left out in files from before there was one; loading says what to do.
    #[serde(default)]
    pub(super) audit: Vec<VersionedKey>,
    pub(super) signing: Vec<SigningKeyEntry>,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub(super) struct VersionedKey {
    pub(super) version: u32,
    #[serde(default)]
    pub(super) use_from: i64,
    pub(super) key: String,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub(super) struct SigningKeyEntry {
    #[serde(default)]
    pub(super) use_from: i64,
    pub(super) pkcs8: String,
}

const HEADER: &str = "\
# Secret keys of the verifier. Whoever has this file and the database can tell who is who.
# `kazasu-verifier keys` lists, rotates and retires them; docs/keys.md explains each.
";

impl KeysFile {
    /// Fresh keys, one of each.
    pub(super) fn generate() -> Result<Self, KeysError> {
        let first = || vec![VersionedKey::generate(1, 0)];
        Ok(Self {
            index: vec![random_key()],
            pairwise: first(),
            challenge: first(),
            name: first(),
            audit: first(),
            signing: vec![
                SigningKeyEntry::generate(Algorithm::ES256, 0)?,
                SigningKeyEntry::generate(Algorithm::RS256, 0)?,
            ],
        })
    }

    /// Reads a text. The parser's own message would quote the secret it stumbled over.
    pub(super) fn parse(text: &str) -> Result<Self, KeysError> {
        toml::from_str(text).map_err(|_| KeysError::Invalid {
            what: "not the TOML expected",
        })
    }

    /// Reads a file that nobody but its owner may read.
    pub(super) fn read(path: &Path) -> Result<Self, KeysError> {
        let file_error = |source| KeysError::File {
            path: path.into(),
            source,
        };
        let mode = fs::metadata(path).map_err(file_error)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(KeysError::OpenToOthers { path: path.into() });
        }
        let text = fs::read_to_string(path).map_err(file_error)?;
        Self::parse(&Zeroizing::new(text))
    }

    /// Writes a new file, mode 0600, durable when it returns.
    pub(super) fn write_new(&self, path: &Path) -> Result<(), KeysError> {
        let text = Zeroizing::new(toml::to_string(self).expect("plain strings and integers"));
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
}

impl VersionedKey {
    pub(super) fn generate(version: u32, use_from: i64) -> Self {
        Self {
            version,
            use_from,
            key: random_key(),
        }
    }
}

impl SigningKeyEntry {
    pub(super) fn generate(algorithm: Algorithm, use_from: i64) -> Result<Self, KeysError> {
        Ok(Self {
            use_from,
            pkcs8: STANDARD.encode(signing::generate(algorithm)?),
        })
    }

    pub(super) fn parse(&self) -> Result<signing::SigningKey, KeysError> {
        let pkcs8 = STANDARD.decode(&self.pkcs8).map(Zeroizing::new);
        let pkcs8 = pkcs8.map_err(|_| KeysError::Invalid {
            what: "a signing key is not base64",
        })?;
        signing::SigningKey::from_pkcs8(&pkcs8, self.use_from)
    }
}

/// The keys of one list; `empty` is what to say if they do not make one.
pub(super) fn versions<T>(
    entries: &[VersionedKey],
    empty: &'static str,
    make: impl Fn(u32, &Zeroizing<[u8; 32]>) -> Result<T, KeysError>,
) -> Result<Versions<T>, KeysError> {
    let keys: Result<Vec<_>, _> = entries
        .iter()
        .map(|entry| {
            let key = make(entry.version, &bytes(&entry.key)?)?;
            Ok((entry.version, entry.use_from, key))
        })
        .collect();
    Versions::new(keys?).ok_or(KeysError::Invalid { what: empty })
}

/// A key of 32 bytes from its hexadecimal digits.
pub(super) fn bytes(text: &str) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text, &mut *key).map_err(|_| KeysError::Invalid {
        what: "a key is not 64 hexadecimal digits",
    })?;
    Ok(key)
}

fn random_key() -> String {
    hex::encode(Zeroizing::new(random::<32>()))
}

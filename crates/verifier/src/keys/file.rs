//! Keys as they are written: TOML, in a file, a credential or an environment variable.

use super::kind::{Inventory, KeyKind, Label};
use super::{KeysError, signing};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::Algorithm;
use kazasu_service::secret::random;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
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
    #[zeroize(skip)]
    pub(super) algorithm: Algorithm,
    pub(super) version: u32,
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
                SigningKeyEntry::generate(Algorithm::ES256, 1, 0)?,
                SigningKeyEntry::generate(Algorithm::RS256, 1, 0)?,
            ],
        })
    }

    /// Reads a text. The parser's own message would quote the secret it stumbled over.
    pub(super) fn parse(text: &str) -> Result<Self, KeysError> {
        toml::from_str(text).map_err(|_| KeysError::Invalid {
            what: "not the TOML expected",
        })
    }

    /// The lists whose keys have a version each.
    pub(super) fn versioned(&self) -> [(KeyKind, &Vec<VersionedKey>); 4] {
        [
            (KeyKind::Pairwise, &self.pairwise),
            (KeyKind::Challenge, &self.challenge),
            (KeyKind::Name, &self.name),
            (KeyKind::Audit, &self.audit),
        ]
    }

    /// Which keys there are.
    pub(super) fn inventory(&self) -> Inventory {
        let index = (1..).zip(&self.index);
        let index = index.map(|(version, _)| (KeyKind::Index.version(version), 0));
        let versioned = self.versioned().into_iter().flat_map(|(kind, list)| {
            list.iter()
                .map(move |e| (kind.version(e.version), e.use_from))
        });
        let signing = self.signing.iter().map(|e| (e.label(), e.use_from));
        index.chain(versioned).chain(signing).collect()
    }

    /// Adds a fresh key.
    pub(super) fn add(&mut self, label: Label, use_from: i64) -> Result<(), KeysError> {
        if let Some(list) = self.list_of(label.kind) {
            list.push(VersionedKey::generate(label.version, use_from));
        } else if let Some(algorithm) = label.kind.algorithm() {
            let entry = SigningKeyEntry::generate(algorithm, label.version, use_from)?;
            self.signing.push(entry);
        } else {
            self.index.push(random_key());
        }
        Ok(())
    }

    /// Removes a key that is not an index key.
    pub(super) fn remove(&mut self, label: Label) {
        match self.list_of(label.kind) {
            Some(list) => list.retain(|entry| entry.version != label.version),
            None => self.signing.retain(|entry| entry.label() != label),
        }
    }

    fn list_of(&mut self, kind: KeyKind) -> Option<&mut Vec<VersionedKey>> {
        match kind {
            KeyKind::Pairwise => Some(&mut self.pairwise),
            KeyKind::Challenge => Some(&mut self.challenge),
            KeyKind::Name => Some(&mut self.name),
            KeyKind::Audit => Some(&mut self.audit),
            KeyKind::Index | KeyKind::SigningEs256 | KeyKind::SigningRs256 => None,
        }
    }

    /// Writes a new file, mode 0600, durable when it returns.
    pub(super) fn write_new(&self, path: &Path) -> Result<(), KeysError> {
        match self.write(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(KeysError::Exists),
            written => written.map_err(|source| KeysError::File {
                path: path.into(),
                source,
            }),
        }
    }

    /// Puts this text in the place of a file's: the whole of it or, after a crash, the old one.
    pub(super) fn replace(&self, path: &Path) -> Result<(), KeysError> {
        let beside = path.with_extension("new");
        let removed = match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            // Gone, or what a crash had left.
            _ => Ok(()),
        };
        let replaced = removed
            .and_then(|()| self.write(&beside))
            .and_then(|()| fs::rename(&beside, path))
            .and_then(|()| {
                let folder = path.parent().filter(|folder| *folder != Path::new(""));
                File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
            });
        replaced.map_err(|source| KeysError::File {
            path: path.into(),
            source,
        })
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let text = Zeroizing::new(toml::to_string(self).expect("plain strings and integers"));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut out = options.open(path)?;
        out.write_all(HEADER.as_bytes())?;
        out.write_all(text.as_bytes())?;
        out.sync_all()
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
    pub(super) fn generate(
        algorithm: Algorithm,
        version: u32,
        use_from: i64,
    ) -> Result<Self, KeysError> {
        Ok(Self {
            algorithm,
            version,
            use_from,
            pkcs8: STANDARD.encode(signing::generate(algorithm)?),
        })
    }

    pub(super) fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeysError> {
        let pkcs8 = STANDARD.decode(&self.pkcs8).map(Zeroizing::new);
        pkcs8.map_err(|_| KeysError::Invalid {
            what: "a signing key is not base64",
        })
    }

    pub(super) fn label(&self) -> Label {
        let kind = match self.algorithm {
            Algorithm::RS256 => KeyKind::SigningRs256,
            _ => KeyKind::SigningEs256,
        };
        kind.version(self.version)
    }

    pub(super) fn parse(&self) -> Result<signing::SigningKey, KeysError> {
        let key = signing::SigningKey::from_pkcs8(&self.pkcs8()?, self.use_from)?;
        if key.algorithm == self.algorithm {
            Ok(key)
        } else {
            Err(KeysError::Invalid {
                what: "a signing key is for another algorithm than its entry says",
            })
        }
    }
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

//! Keys as an operator works on them: made, listed, rotated, retired, copied into a token. It says
//! which there are, never what they are.

use super::file::{KeysFile, bytes};
use super::kind::{Inventory, KeyKind, Label};
use super::load::open_token;
use super::token::Token;
use super::{Keys, KeysError, date};
use crate::settings::KeySource;
use kazasu_service::secret::SecretText;
use std::fmt;
use std::path::{Path, PathBuf};

/// For so long a successor is in use before a key may go: whatever was made with it has ended.
const SETTLED: i64 = 86_400;

/// A key, without the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyInfo {
    /// What it is for.
    pub kind: KeyKind,
    /// From 1.
    pub version: u32,
    /// Seconds since the Unix epoch; 0 is always.
    pub use_from: i64,
}

impl fmt::Display for KeyInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.version)?;
        match self.use_from {
            0 => Ok(()),
            time => write!(f, ", used from {}", date::text(time)),
        }
    }
}

/// The place where keys are.
pub struct KeyStore(Place);

enum Place {
    File(PathBuf),
    /// A credential or a variable.
    Text(SecretText),
    Token(Token),
}

impl KeyStore {
    /// Opens the place that the settings name.
    ///
    /// # Errors
    /// [`KeysError`] if a token cannot be opened.
    pub fn open(source: &KeySource) -> Result<Self, KeysError> {
        Ok(Self(match source {
            KeySource::Text(SecretText::File(path)) => Place::File(path.clone()),
            KeySource::Text(text) => Place::Text(text.clone()),
            KeySource::Token(token) => Place::Token(open_token(token)?),
        }))
    }

    /// Makes the first key of every kind.
    ///
    /// # Errors
    /// [`KeysError::Exists`] if there is any key.
    pub fn create(&self) -> Result<(), KeysError> {
        match &self.0 {
            Place::File(path) => KeysFile::generate()?.write_new(path),
            Place::Text(_) => Err(KeysError::ReadOnly),
            Place::Token(token) => {
                require_empty(token)?;
                for kind in KeyKind::ALL {
                    token.generate(kind.version(1), 0)?;
                }
                Ok(())
            }
        }
    }

    /// Copies a keys file into the token, so that every PPID, open transaction and published
    /// signing key stays what it is.
    ///
    /// # Errors
    /// [`KeysError::Exists`] if there is any key; also if this is no token.
    pub fn import(&self, file: &Path) -> Result<(), KeysError> {
        let Place::Token(token) = &self.0 else {
            return Err(KeysError::Invalid {
                what: "they are imported into a token, and the settings name none",
            });
        };
        let file = read(file)?;
        Keys::from_file(&file)?;
        require_empty(token)?;
        for (version, key) in (1..).zip(&file.index) {
            token.import_secret(KeyKind::Index.version(version), 0, &bytes(key)?)?;
        }
        for (kind, list) in file.versioned() {
            for entry in list {
                let label = kind.version(entry.version);
                let key = bytes(&entry.key)?;
                token.import_secret(label, entry.use_from, &key)?;
            }
        }
        for entry in &file.signing {
            token.import_signing(entry.label(), entry.use_from, &entry.pkcs8()?)?;
        }
        Ok(())
    }

    /// Every key, by kind and version.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn list(&self) -> Result<Vec<KeyInfo>, KeysError> {
        let info = |(label, use_from): (Label, i64)| KeyInfo {
            kind: label.kind,
            version: label.version,
            use_from,
        };
        Ok(self.inventory()?.into_iter().map(info).collect())
    }

    /// Adds the next version of a kind, to be used from `use_from` on (a token rounds it up to the
    /// next midnight, UTC), and returns it. An index key has no time: stored indexes are wrapped
    /// with it before a verifier starts again.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn rotate(&self, kind: KeyKind, use_from: i64) -> Result<KeyInfo, KeysError> {
        let use_from = if kind == KeyKind::Index { 0 } else { use_from };
        let inventory = self.inventory()?;
        let versions = inventory.keys().filter(|label| label.kind == kind);
        let version = versions.map(|label| label.version).max().unwrap_or(0) + 1;
        let label = kind.version(version);
        match &self.0 {
            Place::File(path) => {
                let mut file = read(path)?;
                file.add(label, use_from)?;
                file.replace(path)?;
            }
            Place::Text(_) => return Err(KeysError::ReadOnly),
            Place::Token(token) => token.generate(label, use_from)?,
        }
        let use_from = self.inventory()?.get(&label).copied().unwrap_or(use_from);
        Ok(KeyInfo {
            kind,
            version,
            use_from,
        })
    }

    /// Removes a key that nothing needs any more at `now`.
    ///
    /// # Errors
    /// [`KeysError::StillNeeded`], [`KeysError::NoSuchKey`] and others.
    pub fn retire(&self, kind: KeyKind, version: u32, now: i64) -> Result<(), KeysError> {
        let label = kind.version(version);
        let inventory = self.inventory()?;
        let Some(use_from) = inventory.get(&label) else {
            return Err(KeysError::NoSuchKey { kind, version });
        };
        if let Some(why) = still_needed(&inventory, label, now) {
            return Err(KeysError::StillNeeded { kind, version, why });
        }
        match &self.0 {
            Place::File(path) => {
                let mut file = read(path)?;
                file.remove(label);
                file.replace(path)
            }
            Place::Text(_) => Err(KeysError::ReadOnly),
            Place::Token(token) => Ok(token.destroy(label, *use_from)?),
        }
    }

    fn inventory(&self) -> Result<Inventory, KeysError> {
        match &self.0 {
            Place::File(path) => Ok(read(path)?.inventory()),
            Place::Text(text) => Ok(KeysFile::parse(&text.read()?)?.inventory()),
            Place::Token(token) => Ok(token.inventory()?),
        }
    }
}

fn read(path: &Path) -> Result<KeysFile, KeysError> {
    KeysFile::parse(&SecretText::File(path.into()).read()?)
}

fn require_empty(token: &Token) -> Result<(), KeysError> {
    match token.inventory()?.is_empty() {
        true => Ok(()),
        false => Err(KeysError::Exists),
    }
}

fn still_needed(inventory: &Inventory, label: Label, now: i64) -> Option<&'static str> {
    match label.kind {
        KeyKind::Index => return Some("every stored index is wrapped with it"),
        KeyKind::Pairwise => return Some("subjects born with it keep their PPIDs through it"),
        KeyKind::Audit => return Some("signed heads of the audit are checked with it"),
        _ => {}
    }
    let mut others = inventory.iter();
    let settled = others.any(|(other, use_from)| {
        other.kind == label.kind && other.version > label.version && use_from + SETTLED <= now
    });
    (!settled).then_some("no later one has been in use for a day")
}

//! Where the keys come from.

use kazasu_service::settings::Problems;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Where the keys come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// TOML; a file only its owner may read.
    Text(SecretText),
    /// Objects in a token behind PKCS#11.
    Token(TokenSource),
}

/// Which token, and how to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSource {
    /// The PKCS#11 module: a shared library.
    pub module: PathBuf,
    /// The label of the token.
    pub token: String,
    /// The PIN of the token's user.
    pub pin: SecretText,
}

/// Where a secret text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretText {
    /// In a file that only its owner may read.
    File(PathBuf),
    /// In the systemd credential of this name.
    Credential(String),
    /// In the environment variable of this name.
    Environment(String),
}

/// `keys = "keys.toml"`, or `keys = { source = "…", … }`.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a path, or a table with source = \"file\", \"credential\", \"env\" or \"pkcs11\" and what belongs to it"
)]
pub(super) enum KeysSetting {
    Path(PathBuf),
    Table(KeysTable),
}

#[derive(Deserialize)]
#[serde(tag = "source", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum KeysTable {
    File {
        path: PathBuf,
    },
    Credential {
        name: String,
    },
    Env {
        variable: String,
    },
    Pkcs11 {
        module: PathBuf,
        token: String,
        pin_file: Option<PathBuf>,
        pin_credential: Option<String>,
        pin_env: Option<String>,
    },
}

impl KeysSetting {
    /// Relative paths start at `folder`. `None` only if a problem is noted.
    pub(super) fn check(self, problems: &mut Problems, folder: &Path) -> Option<KeySource> {
        let text = match self {
            Self::Path(path) | Self::Table(KeysTable::File { path }) => {
                SecretText::File(folder.join(path))
            }
            Self::Table(KeysTable::Credential { name }) => SecretText::Credential(name),
            Self::Table(KeysTable::Env { variable }) => SecretText::Environment(variable),
            Self::Table(KeysTable::Pkcs11 {
                module,
                token,
                pin_file,
                pin_credential,
                pin_env,
            }) => {
                let pins = [
                    pin_file.map(|path| SecretText::File(folder.join(path))),
                    pin_credential.map(SecretText::Credential),
                    pin_env.map(SecretText::Environment),
                ];
                let mut pins = pins.into_iter().flatten();
                let (Some(pin), None) = (pins.next(), pins.next()) else {
                    problems.add("keys: name one of pin_file, pin_credential and pin_env");
                    return None;
                };
                return Some(KeySource::Token(TokenSource {
                    module: folder.join(module),
                    token,
                    pin,
                }));
            }
        };
        Some(KeySource::Text(text))
    }
}

//! Where the keys come from.

use kazasu_service::secret::{SecretTable, SecretText};
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

/// `keys = "keys.toml"`, or `keys = { source = "…", … }`.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a path, or a table with source = \"file\", \"credential\", \"env\" or \"pkcs11\" and what belongs to it"
)]
pub(super) enum KeysSetting {
    Text(SecretTable),
    Token(TokenTable),
}

#[derive(Deserialize)]
#[serde(tag = "source", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum TokenTable {
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
        match self {
            Self::Text(table) => Some(KeySource::Text(table.in_folder(folder))),
            Self::Token(TokenTable::Pkcs11 {
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
                Some(KeySource::Token(TokenSource {
                    module: folder.join(module),
                    token,
                    pin,
                }))
            }
        }
    }
}

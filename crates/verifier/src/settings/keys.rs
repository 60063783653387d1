//! Where the keys come from.

use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Where the keys come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A TOML file that only its owner may read.
    File(PathBuf),
    /// The same TOML as a systemd credential of this name.
    Credential(String),
    /// The same TOML in the environment variable of this name.
    Environment(String),
}

/// `keys = "keys.toml"`, or `keys = { source = "…", … }`.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a path, or a table with source = \"file\", \"credential\" or \"env\""
)]
pub(super) enum KeysSetting {
    Path(PathBuf),
    Table(KeysTable),
}

#[derive(Deserialize)]
#[serde(tag = "source", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum KeysTable {
    File { path: PathBuf },
    Credential { name: String },
    Env { variable: String },
}

impl KeysSetting {
    /// Relative paths start at `folder`.
    pub(super) fn check(self, folder: &Path) -> KeySource {
        match self {
            Self::Path(path) | Self::Table(KeysTable::File { path }) => {
                KeySource::File(folder.join(path))
            }
            Self::Table(KeysTable::Credential { name }) => KeySource::Credential(name),
            Self::Table(KeysTable::Env { variable }) => KeySource::Environment(variable),
        }
    }
}

//! `[directory]`: where accounts live.

use kazasu_service::secret::{SecretTable, SecretText};
use kazasu_service::settings::Problems;
use serde::Deserialize;
use std::path::Path;

/// Where accounts live.
#[derive(Debug, Clone)]
pub enum DirectorySettings {
    /// In the portal's own database.
    Builtin {
        /// What a sign-in provider shows on the second port to ask about passwords; nobody may ask
        /// without one.
        sign_in_token: Option<SecretText>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Builtin,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DirectoryTable {
    kind: Kind,
    sign_in_token: Option<SecretTable>,
}

impl DirectoryTable {
    pub(super) fn check(self, _: &mut Problems, folder: &Path) -> Option<DirectorySettings> {
        match self.kind {
            Kind::Builtin => Some(DirectorySettings::Builtin {
                sign_in_token: self.sign_in_token.map(|table| table.in_folder(folder)),
            }),
        }
    }
}

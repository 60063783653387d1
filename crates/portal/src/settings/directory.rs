//! `[directory]`: where accounts live.

mod ldap;

pub use ldap::{Bind, KindAttribute, LdapAttributes, LdapSettings, Lock, Marker};

use kazasu_service::secret::{SecretTable, SecretText};
use kazasu_service::settings::Problems;
use ldap::LdapTable;
use serde::Deserialize;
use std::path::Path;

/// Where accounts live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectorySettings {
    /// In the portal's own database.
    Builtin {
        /// What a sign-in provider shows on the second port to ask about passwords; nobody may ask
        /// without one.
        sign_in_token: Option<SecretText>,
    },
    /// In an LDAP server.
    Ldap(Box<LdapSettings>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Builtin,
    Ldap,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DirectoryTable {
    kind: Kind,
    sign_in_token: Option<SecretTable>,
    ldap: Option<LdapTable>,
}

impl DirectoryTable {
    /// Relative paths start at `folder`. `None` only if a problem is noted.
    pub(super) fn check(self, problems: &mut Problems, folder: &Path) -> Option<DirectorySettings> {
        let sign_in_token = self.sign_in_token.map(|table| table.in_folder(folder));
        match self.kind {
            Kind::Builtin => {
                if self.ldap.is_some() {
                    problems.add("directory.ldap: is for kind = \"ldap\"");
                }
                Some(DirectorySettings::Builtin { sign_in_token })
            }
            Kind::Ldap => {
                if sign_in_token.is_some() {
                    problems.add("directory.sign_in_token: is for kind = \"builtin\"");
                }
                let table = problems.required("directory.ldap", self.ldap)?;
                let settings = table.check(problems, folder)?;
                Some(DirectorySettings::Ldap(Box::new(settings)))
            }
        }
    }
}

#[cfg(test)]
mod tests;

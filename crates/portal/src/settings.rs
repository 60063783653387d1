//! The configuration: one TOML file, checked as a whole before anything starts.

mod accounts;
mod directory;
mod file;
mod lifetimes;
mod limits;
mod mail;
mod names;
mod providers;
mod recovery;

pub use accounts::Accounts;
pub use directory::{
    Bind, DirectorySettings, KindAttribute, LdapAttributes, LdapSettings, Lock, Marker,
};
pub use kazasu_service::settings::{Checked, SettingsError};
pub use lifetimes::{Lifetimes, Retention};
pub use limits::Limits;
pub use mail::{Delivery, Mail, Security, SmtpServer};
pub use names::{Names, Reaction};
pub use providers::{ClientAuthentication, SignIn, Verifier};
pub use recovery::Recovery;

use crate::zone::Zone;
use kazasu_service::page::{Bilingual, Institution};
use kazasu_service::secret::SecretText;
use kazasu_service::settings::{AuditSettings, Layers, Listening};
use kazasu_service::store::{Location, Schema};
use std::ffi::OsString;
use std::path::Path;

/// What environment variables of the portal's settings begin with, as in
/// `KAZASU_PORTAL__LISTEN=127.0.0.1:7090` or `KAZASU_PORTAL__LINKING__MATURES_AFTER=3600`.
pub const ENVIRONMENT_PREFIX: &str = "KAZASU_PORTAL";

/// The checked configuration.
#[derive(Debug)]
pub struct Settings {
    /// The portal's origin without a trailing slash.
    pub origin: String,
    /// How requests arrive, and what is told about them.
    pub listening: Listening,
    /// How often somebody may do something.
    pub limits: Limits,
    /// The database.
    pub database: Location,
    /// What starting does about its schema.
    pub schema: Schema,
    /// Where the keys come from.
    pub keys: SecretText,
    /// Who checks taps.
    pub verifier: Verifier,
    /// Who signs people in.
    pub sign_in: SignIn,
    /// Where accounts live.
    pub directory: DirectorySettings,
    /// What accounts are called, and whose may be linked.
    pub accounts: Accounts,
    /// What the name on the card has to be.
    pub names: Names,
    /// How people are told what happened.
    pub mail: Mail,
    /// Which clocks they have.
    pub zone: Zone,
    /// What a recovery issues.
    pub recovery: Recovery,
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// How long what is over is kept.
    pub retention: Retention,
    /// Where the audit's heads go.
    pub audit: AuditSettings,
    /// Whose pages these are.
    pub institution: Institution,
    /// The address of the support desk.
    pub support: Option<Bilingual>,
}

impl Settings {
    /// Reads and checks a configuration file, and the environment over it. Relative paths start
    /// at the file's folder.
    ///
    /// # Errors
    /// [`SettingsError`]; as many problems at once as can be found.
    pub fn read(
        path: &Path,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Checked<Self>, SettingsError> {
        let layers = Layers::read(path, ENVIRONMENT_PREFIX, environment)?;
        file::check(&layers, path.parent().unwrap_or(Path::new(".")))
    }

    /// Checks a configuration text; relative paths start at `folder`.
    ///
    /// # Errors
    /// As for [`Settings::read`].
    pub fn parse(text: &str, folder: &Path) -> Result<Self, SettingsError> {
        Ok(file::check(&Layers::parse(text)?, folder)?.settings)
    }

    /// Every secret besides the keys, with its place in the configuration.
    pub fn secrets(&self) -> Vec<(&'static str, &SecretText)> {
        let mut secrets = Vec::new();
        if let ClientAuthentication::Secret(secret) = &self.sign_in.authentication {
            secrets.push(("sign_in.client_secret", secret));
        }
        match &self.directory {
            DirectorySettings::Builtin { sign_in_token } => {
                let token = sign_in_token.iter();
                secrets.extend(token.map(|token| ("directory.sign_in_token", token)));
            }
            DirectorySettings::Ldap(ldap) => {
                if let Bind::Simple { password, .. } = &ldap.bind {
                    secrets.push(("directory.ldap.bind_password", password));
                }
            }
        }
        if let Delivery::Smtp(SmtpServer {
            login: Some((_, password)),
            ..
        }) = &self.mail.delivery
        {
            secrets.push(("mail.password", password));
        }
        secrets
    }
}

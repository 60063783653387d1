//! The configuration: one TOML file, checked as a whole before anything starts.

mod apps;
mod file;
mod keys;
mod lifetimes;
mod limits;
mod lineage;
mod relying_party;
mod revocation;
mod trust;

pub use apps::{AndroidApp, Apps, Stores};
pub use kazasu_service::settings::{AuditSettings, Checked, Listening, SettingsError};
pub use keys::{KeySource, TokenSource};
pub use lifetimes::Lifetimes;
pub use limits::Limits;
pub use lineage::Lineage;
pub(crate) use relying_party::{ClientAuthentication, ClientKey, hands_out_access};
pub use relying_party::{Localized, REDIRECT_URI_RULE, RelyingParty, is_redirect_uri};
pub use revocation::{NoncePolicy, Revocation};
pub use trust::Trust;

use kazasu_service::page::Institution;
use kazasu_service::settings::Layers;
use kazasu_service::store::{Location, Schema};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

/// What environment variables of the verifier's settings begin with, as in
/// `KAZASU_VERIFIER__LISTEN=127.0.0.1:7080` or `KAZASU_VERIFIER__REVOCATION__TIMEOUT_MS=500`.
pub const ENVIRONMENT_PREFIX: &str = "KAZASU_VERIFIER";

/// The checked configuration.
#[derive(Debug)]
pub struct Settings {
    /// The verifier's origin without a trailing slash: what statements sign, and the issuer of
    /// ID tokens.
    pub origin: String,
    /// The origin of ticket links. Its own host, because iOS does not open app links to the host
    /// of the page they are on.
    pub ticket_origin: String,
    /// How requests arrive, and what is told about them.
    pub listening: Listening,
    /// How often somebody may do something.
    pub limits: Limits,
    /// The database.
    pub database: Location,
    /// What starting does about its schema.
    pub schema: Schema,
    /// Where the keys come from.
    pub keys: KeySource,
    /// Whose certificates are accepted.
    pub trust: Trust,
    /// Where revocation is asked, and what is done with the answers.
    pub revocation: Revocation,
    /// Where lineage is asked.
    pub lineage: Lineage,
    /// Where the audit's heads go.
    pub audit: AuditSettings,
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// Whose pages these are.
    pub institution: Institution,
    /// The apps that may open ticket links.
    pub apps: Apps,
    /// The relying parties by identifier.
    pub relying_parties: BTreeMap<String, RelyingParty>,
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

    /// The published value of `acr`: a card that was present, and its PIN.
    pub(crate) fn acr(&self) -> String {
        format!("{}{ACR_PATH}", self.origin)
    }
}

/// Where the meaning of `acr` is published, under the origin.
pub(crate) const ACR_PATH: &str = "/acr/card-and-pin";

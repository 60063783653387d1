//! The configuration: one TOML file, checked as a whole before anything starts.

mod file;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey};
use kazasu_statement::{Claim, Language, Mode, Purpose};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("the configuration cannot be parsed")]
    Syntax(#[source] Box<toml::de::Error>),
    /// Values that cannot be; all that were found.
    #[error("the configuration cannot be used:\n{}", .0.iter().map(|p| format!("  - {p}")).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<String>),
}

/// The checked configuration.
#[derive(Debug)]
pub struct Settings {
    /// The verifier's origin without a trailing slash: what statements sign, and the issuer of
    /// ID tokens.
    pub origin: String,
    /// The origin of ticket links. Its own host, because iOS does not open app links to the host
    /// of the page they are on.
    pub ticket_origin: String,
    /// Where the one public port listens.
    pub listen: SocketAddr,
    /// The SQLite database.
    pub database: PathBuf,
    /// The keys file.
    pub keys: PathBuf,
    /// Whose certificates are accepted.
    pub trust: Trust,
    /// Where revocation is asked.
    pub ocsp_url: Url,
    /// How long a revocation or lineage answer may take.
    pub upstream_timeout: Duration,
    /// Where lineage is asked.
    pub lineage_url: Url,
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// The relying parties by identifier.
    pub relying_parties: BTreeMap<String, RelyingParty>,
}

/// Whose certificates are accepted; the two never mix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// The embedded JPKI anchors.
    Production,
    /// Test anchors, DER.
    Test(Vec<Vec<u8>>),
}

/// How long things live, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs)] // the names say it
pub struct Lifetimes {
    pub pushed_request: i64,
    pub transaction: i64,
    pub ticket: i64,
    pub pairing: i64,
    pub challenge: i64,
    pub accepted: i64,
    pub code: i64,
    pub id_token: i64,
    pub row: i64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            pushed_request: 60,
            transaction: 600,
            ticket: 120,
            pairing: 120,
            challenge: 180,
            accepted: 120,
            code: 60,
            id_token: 300,
            row: 86_400,
        }
    }
}

/// A service that may ask for taps.
pub struct RelyingParty {
    /// The OpenID Connect client identifier; statements sign it.
    pub id: String,
    /// What people call it, in Japanese.
    pub name_ja: String,
    /// What people call it, in English.
    pub name_en: String,
    /// Relying parties of one sector see the same PPID.
    pub sector: String,
    /// Where it may be answered, compared character by character.
    pub redirect_uris: Vec<String>,
    /// The allowed purposes, and the modes allowed for each.
    pub purposes: BTreeMap<Purpose, Vec<Mode>>,
    /// What it may ask for besides the PPID.
    pub claims: Vec<Claim>,
    pub(crate) keys: Vec<ClientKey>,
}

/// A public key a relying party authenticates with.
pub(crate) struct ClientKey {
    pub(crate) kid: Option<String>,
    pub(crate) algorithms: &'static [Algorithm],
    pub(crate) key: DecodingKey,
}

impl Settings {
    /// Reads and checks a configuration file. Relative paths start at the file's folder.
    ///
    /// # Errors
    /// [`SettingsError`]; as many problems at once as can be found.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path).map_err(|source| SettingsError::File {
            path: path.into(),
            source,
        })?;
        Self::parse(&text, path.parent().unwrap_or(Path::new(".")))
    }

    /// Checks a configuration text; relative paths start at `folder`.
    ///
    /// # Errors
    /// As for [`Settings::read`].
    pub fn parse(text: &str, folder: &Path) -> Result<Self, SettingsError> {
        let file: file::File =
            toml::from_str(text).map_err(|error| SettingsError::Syntax(Box::new(error)))?;
        file.check(folder)
    }

    /// The published value of `acr`: a card that was present, and its PIN.
    pub(crate) fn acr(&self) -> String {
        format!("{}{ACR_PATH}", self.origin)
    }
}

/// Where the meaning of `acr` is published, under the origin.
pub(crate) const ACR_PATH: &str = "/acr/card-and-pin";

impl RelyingParty {
    /// Its name in one of the two languages.
    pub(crate) fn name(&self, language: Language) -> &str {
        match language {
            Language::Japanese => &self.name_ja,
            Language::English => &self.name_en,
        }
    }

    /// The modes allowed for a purpose; none if the purpose is not allowed.
    pub(crate) fn modes(&self, purpose: Purpose) -> &[Mode] {
        self.purposes.get(&purpose).map_or(&[], Vec::as_slice)
    }
}

impl std::fmt::Debug for RelyingParty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RelyingParty")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl ClientKey {
    /// `None` for a kind of key that client assertions may not use.
    pub(crate) fn from_jwk(jwk: &Jwk) -> Option<Self> {
        let algorithms: &[Algorithm] = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => &[Algorithm::RS256, Algorithm::PS256],
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                &[Algorithm::ES256]
            }
            _ => return None,
        };
        let key = DecodingKey::from_jwk(jwk).ok()?;
        Some(Self {
            kid: jwk.common.key_id.clone(),
            algorithms,
            key,
        })
    }
}

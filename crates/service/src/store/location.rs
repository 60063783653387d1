//! Where the database is.

use super::Schema;
use crate::settings::Problems;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Where the database is.
#[derive(Clone)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(Box<Server>),
}

/// `database` in a configuration: where it is, or a table that says more.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum DatabaseTable {
    /// A file's path or a server's URL.
    Location(String),
    /// The same, and more.
    Table(LongDatabaseTable),
}

/// `database` in its long form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LongDatabaseTable {
    url: String,
    connections: Option<usize>,
    ca: Option<PathBuf>,
    migrate: Option<bool>,
}

impl DatabaseTable {
    /// Where the database is, and what starting does about its schema: with `migrate = false`
    /// nothing, so that of several nodes the first new one does not surprise the others.
    pub fn check(self, problems: &mut Problems, folder: &Path) -> Option<(Location, Schema)> {
        let table = match self {
            Self::Location(url) => LongDatabaseTable {
                url,
                connections: None,
                ca: None,
                migrate: None,
            },
            Self::Table(table) => table,
        };
        let location = Location::parse(&table.url, folder)
            .map_err(|error| problems.add(format!("database: {error}")))
            .ok()?;
        let location = match table.ca {
            Some(ca) => location.with_authority(folder.join(ca)),
            None => location,
        };
        let location = match table.connections {
            Some(connections) => location.with_connections(connections),
            None => location,
        };
        let schema = match table.migrate {
            Some(false) => Schema::Check,
            _ => Schema::Migrate,
        };
        Some((location, schema))
    }
}

/// A PostgreSQL server, and how many connections a node keeps to it.
#[derive(Clone)]
pub struct Server {
    pub(super) config: postgres::Config,
    pub(super) connections: usize,
    /// PEM of the authority that certified the server; with it, TLS is insisted on.
    pub(super) authority: Option<PathBuf>,
}

/// Why a location is refused. The text itself is not quoted: it may hold a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocationError {
    /// It starts like a PostgreSQL URL and is none.
    #[error("is no PostgreSQL URL")]
    Url(#[source] postgres::Error),
}

/// Connections of one node unless configured: a few for each core of the database server.
const CONNECTIONS: usize = 24;

impl Location {
    /// Reads `postgres://…` (libpq's URL form) as a server, and anything else as a file's path,
    /// which starts at `folder` if it is relative.
    ///
    /// # Errors
    /// [`LocationError`].
    pub fn parse(text: &str, folder: &Path) -> Result<Self, LocationError> {
        if !(text.starts_with("postgres://") || text.starts_with("postgresql://")) {
            return Ok(Self::Sqlite(folder.join(text)));
        }
        let mut config: postgres::Config = text.parse().map_err(LocationError::Url)?;
        config
            .application_name("kazasu")
            .connect_timeout(std::time::Duration::from_secs(3));
        Ok(Self::Postgres(Box::new(Server {
            config,
            connections: CONNECTIONS,
            authority: None,
        })))
    }

    /// Proves the server by the authority in this PEM file, and insists on TLS. Means nothing for
    /// a file.
    #[must_use]
    pub fn with_authority(mut self, pem: PathBuf) -> Self {
        if let Self::Postgres(server) = &mut self {
            server.config.ssl_mode(postgres::config::SslMode::Require);
            server.authority = Some(pem);
        }
        self
    }

    /// Keeps this many connections, at least one. Means nothing for a file.
    #[must_use]
    pub fn with_connections(mut self, connections: usize) -> Self {
        if let Self::Postgres(server) = &mut self {
            server.connections = connections.max(1);
        }
        self
    }
}

impl Server {
    /// How to prove the server.
    pub(super) fn tls(&self) -> Result<Option<rustls::ClientConfig>, rustls_pki_types::pem::Error> {
        let Some(path) = &self.authority else {
            return Ok(None);
        };
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(path)? {
            roots.add_parsable_certificates([certificate?]);
        }
        let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has every default protocol version");
        Ok(Some(
            config.with_root_certificates(roots).with_no_client_auth(),
        ))
    }
}

/// Without the password.
impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.debug_struct("Postgres").finish_non_exhaustive(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_file_and_a_url_a_server() {
        let folder = Path::new("/srv");
        let parse = |text| Location::parse(text, folder);
        assert!(matches!(parse("v.db"), Ok(Location::Sqlite(path)) if path == folder.join("v.db")));
        assert!(matches!(
            parse("postgres://kazasu@%2Frun%2Fpg/verifier"),
            Ok(Location::Postgres(_))
        ));
        assert!(parse("postgres://kazasu@host:port/x").is_err());
    }

    #[test]
    fn a_password_is_never_shown() {
        let location = Location::parse("postgres://u:secret@h/d", Path::new("/")).unwrap();
        assert!(!format!("{location:?}").contains("secret"));
        let error = Location::parse("postgres://u:secret@h:x/d", Path::new("/")).unwrap_err();
        let source = std::error::Error::source(&error).unwrap();
        assert!(!format!("{error:?} {source} {source:?}").contains("secret"));
    }
}

//! Connections to the server: few, secret, and made anew when it was away.

use super::trouble::{Trouble, code};
use crate::settings::{Bind, LdapSettings};
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{self, PemObject as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;
use url::Url;

/// Why the server cannot even be tried.
#[derive(Debug, thiserror::Error)]
pub enum LdapSetupError {
    /// The file with the authorities cannot be read.
    #[error("{path} holds no usable certificates")]
    Authorities {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: pem::Error,
    },
    /// There is no authority that could vouch for the server.
    #[error("no certification authority is known that could vouch for the LDAP server")]
    NoAuthority,
}

/// The connections to a server.
pub(super) struct Pool {
    url: Url,
    bind: Bind,
    settings: LdapConnSettings,
    idle: Mutex<Vec<Ldap>>,
    permits: Arc<Semaphore>,
}

/// A connection, while somebody uses it. It ends with this, unless it is given back.
pub(super) struct Lease {
    pub(super) ldap: Ldap,
    /// It was used before, so the server may have gone since.
    pub(super) is_used: bool,
    permit: OwnedSemaphorePermit,
}

impl Pool {
    /// Connects to nobody yet.
    pub(super) fn new(settings: &LdapSettings) -> Result<Self, LdapSetupError> {
        let mut connection = LdapConnSettings::new().set_starttls(settings.starttls);
        if settings.starttls || settings.url.scheme() == "ldaps" {
            connection = connection.set_config(Arc::new(tls(settings.ca.as_deref())?));
        }
        Ok(Self {
            url: settings.url.clone(),
            bind: settings.bind.clone(),
            settings: connection,
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(settings.connections)),
        })
    }

    /// A connection, as soon as there is one to spare.
    pub(super) async fn lease(&self) -> Result<Lease, Trouble> {
        let permit = self.permits.clone().acquire_owned().await;
        let permit = permit.expect("it is never closed");
        while let Some(mut ldap) = self.pop() {
            if !ldap.is_closed() {
                return Ok(Lease {
                    ldap,
                    is_used: true,
                    permit,
                });
            }
        }
        Ok(Lease {
            ldap: self.connect().await?,
            is_used: false,
            permit,
        })
    }

    /// In place of one that turned out to be dead: the others are, too.
    pub(super) async fn renew(&self, dead: Lease) -> Result<Lease, Trouble> {
        self.idle().clear();
        Ok(Lease {
            ldap: self.connect().await?,
            is_used: false,
            permit: dead.permit,
        })
    }

    /// Keeps a connection that works for the next one who needs it.
    pub(super) fn give_back(&self, lease: Lease) {
        self.idle().push(lease.ldap);
    }

    fn pop(&self) -> Option<Ldap> {
        self.idle().pop()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Ldap>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> Result<Ldap, Trouble> {
        let connecting = LdapConnAsync::from_url_with_settings(self.settings.clone(), &self.url);
        let (connection, mut ldap) = connecting.await?;
        // Whoever uses the connection learns of its end by themselves. Its warnings quote answers,
        // which name accounts, so they go nowhere.
        tokio::spawn(connection.drive().with_subscriber(NoSubscriber::new()));
        let bound = match &self.bind {
            Bind::Simple { dn, password } => {
                let password = password.read_line()?;
                ldap.simple_bind(dn, &password).await?
            }
            Bind::External => ldap.sasl_external_bind().await?,
        };
        match bound.rc {
            code::SUCCESS => Ok(ldap),
            refused => Err(Trouble::Code(refused)),
        }
    }
}

fn tls(ca: Option<&Path>) -> Result<ClientConfig, LdapSetupError> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            let unusable = |source| LdapSetupError::Authorities {
                path: path.to_owned(),
                source,
            };
            for certificate in CertificateDer::pem_file_iter(path).map_err(unusable)? {
                roots.add_parsable_certificates([certificate.map_err(unusable)?]);
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
        }
    }
    if roots.is_empty() {
        return Err(LdapSetupError::NoAuthority);
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

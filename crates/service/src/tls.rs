//! A server's certificate and key, which may be replaced while it runs.

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, SystemTime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_rustls::TlsAcceptor;

/// Where certificate and key are: PEM files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The server's certificate first, then those between it and the authority.
    pub certificate: PathBuf,
    /// The private key of the first certificate.
    pub key: PathBuf,
}

impl TlsFiles {
    /// The same files, relative paths starting at `folder`.
    pub fn in_folder(self, folder: &Path) -> Self {
        Self {
            certificate: folder.join(self.certificate),
            key: folder.join(self.key),
        }
    }
}

/// Why a certificate cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read, or holds no PEM of the kind.
    #[error("{path} holds no usable PEM")]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: pem::Error,
    },
    /// There is no certificate in the file.
    #[error("{0} holds no certificate")]
    Empty(PathBuf),
    /// The key does not belong to the certificate, or is of a kind that is not supported.
    #[error("certificate and key cannot be used together")]
    Pair(#[source] rustls::Error),
}

/// TLS 1.2 and 1.3 with a certificate that can be replaced. A clone is the same certificate.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    certificate: Arc<Replaceable>,
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn read(files: TlsFiles) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let seen = files.modified();
        let pair = load(&files, &provider)?;
        let certificate = Arc::new(Replaceable {
            files,
            current: RwLock::new(Arc::new(pair)),
            seen: Mutex::new(seen),
            provider: provider.clone(),
        });
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has suites for TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_cert_resolver(certificate.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            certificate,
        })
    }

    pub(crate) fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    /// Reads the files again; handshakes from now on use what they hold. If they cannot be used,
    /// the old certificate stays. Connections that are open live on either way.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn reload(&self) -> Result<(), TlsError> {
        let certificate = &self.certificate;
        // Taken before the files are read, so that a change meanwhile is seen the next time.
        let seen = certificate.files.modified();
        *certificate.seen.lock().expect(NO_PANIC) = seen;
        let pair = load(&certificate.files, &certificate.provider)?;
        *certificate.current.write().expect(NO_PANIC) = Arc::new(pair);
        Ok(())
    }

    /// [`Tls::reload`] if a file changed since it was last read; says whether one had.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn reload_if_changed(&self) -> Result<bool, TlsError> {
        let certificate = &self.certificate;
        if certificate.files.modified() == *certificate.seen.lock().expect(NO_PANIC) {
            return Ok(false);
        }
        self.reload().map(|()| true)
    }
}

const NO_PANIC: &str = "nothing panics while it holds the lock";

/// Reads the certificate again on SIGHUP, and within `period` when its files change. Runs for
/// ever. Without a certificate SIGHUP is only taken note of, so that it does not end the process.
///
/// # Errors
/// If the process cannot be told about SIGHUP.
pub async fn keep_fresh(tls: Option<Tls>, period: Duration) -> std::io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    loop {
        let asked = asked_before(&mut hangup, period).await;
        let Some(tls) = tls.clone() else { continue };
        let reload = move || match asked {
            true => tls.reload().map(|()| true),
            false => tls.reload_if_changed(),
        };
        let reloaded = tokio::task::spawn_blocking(reload).await;
        match reloaded.expect("reading a certificate does not panic") {
            Ok(true) => tracing::info!("the TLS certificate was read again"),
            Ok(false) => {}
            Err(error) => {
                let source = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(%error, source, "the TLS certificate stays the old one");
            }
        }
    }
}

async fn asked_before(hangup: &mut Signal, period: Duration) -> bool {
    tokio::time::timeout(period, hangup.recv()).await.is_ok()
}

/// When certificate and key were last written; `None` where that cannot be known.
type Modified = [Option<SystemTime>; 2];

impl TlsFiles {
    fn modified(&self) -> Modified {
        [&self.certificate, &self.key].map(|path| path.metadata().ok()?.modified().ok())
    }
}

struct Replaceable {
    files: TlsFiles,
    current: RwLock<Arc<CertifiedKey>>,
    seen: Mutex<Modified>,
    provider: Arc<CryptoProvider>,
}

impl ResolvesServerCert for Replaceable {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().expect(NO_PANIC).clone())
    }
}

impl std::fmt::Debug for Replaceable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replaceable")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

fn load(files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let in_file = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::File { path, source }
    };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(in_file(&files.certificate))?;
    if chain.is_empty() {
        return Err(TlsError::Empty(files.certificate.clone()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(in_file(&files.key))?;
    CertifiedKey::from_der(chain, key, provider).map_err(TlsError::Pair)
}

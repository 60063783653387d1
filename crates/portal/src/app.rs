//! What every request handler has at hand.

use crate::counted::Counted;
use crate::directory::Directory;
use crate::directory::builtin::Builtin;
use crate::directory::ldap::{Ldap, LdapSetupError};
use crate::keys::{Keys, SharedKeys};
use crate::mail::{Letterhead, Post, PostError};
use crate::openid::{SignInProvider, VerifierProvider};
use crate::operations::Issuing;
use crate::pages;
use crate::settings::{DirectorySettings, Settings};
use crate::store;
use crate::telling::Teller;
use kazasu_service::Clock;
use kazasu_service::audit::Auditor;
use kazasu_service::limits::{Limit, Time};
use kazasu_service::metrics::Metrics;
use kazasu_service::page::Frame;
use kazasu_service::secret::{SecretError, SecretText};
use kazasu_service::store::{Store, StoreError};
use kazasu_service::tls::{Tls, TlsError};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::watch;
use zeroize::Zeroizing;

/// Why a portal cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The database cannot be used.
    #[error("the database cannot be opened")]
    Store(#[from] StoreError),
    /// The certificate of the public port cannot be used.
    #[error("the TLS certificate cannot be used")]
    Tls(#[from] TlsError),
    /// What sign-in providers show to ask the built-in directory cannot be read.
    #[error("the built-in directory's token cannot be read")]
    SignInToken(#[from] SecretError),
    /// Mails cannot be sent as the settings say.
    #[error("mails cannot be sent")]
    Mail(#[from] PostError),
    /// The LDAP server cannot even be tried.
    #[error("the LDAP directory cannot be used")]
    Ldap(#[from] LdapSetupError),
    /// The HTTP client for the OpenID Providers cannot be made.
    #[error("the HTTP client cannot be made")]
    Http(#[from] reqwest::Error),
}

/// What every request handler has at hand.
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) frame: Frame,
    pub(crate) store: Arc<Store>,
    pub(crate) directory: Arc<dyn Directory>,
    /// What a sign-in provider shows to ask the built-in directory, if one may.
    pub(crate) sign_in_token: Option<Zeroizing<String>>,
    pub(crate) verifier: VerifierProvider,
    pub(crate) sign_in: SignInProvider,
    pub(crate) teller: Arc<Teller>,
    pub(crate) post: Post,
    pub(crate) issuing: Issuing,
    pub(crate) auditor: Auditor,
    pub(crate) by_address: Arc<Limit<IpAddr>>,
    pub(crate) starts: Limit<IpAddr>,
    pub(crate) metrics: Metrics,
    pub(crate) counted: Counted,
    pub(crate) tls: Option<Tls>,
    pub(crate) clock: Clock,
    stopping: watch::Sender<bool>,
}

impl App {
    pub(crate) fn new(settings: Settings, keys: Keys, clock: Clock) -> Result<Self, StartError> {
        let keys: SharedKeys = Arc::new(keys);
        let store = Arc::new(store::open(&settings.database, settings.schema)?);
        let tls = settings.listening.tls.clone().map(Tls::read).transpose()?;
        let callback = |path: &str| format!("{}{path}", settings.origin);
        let verifier = VerifierProvider::new(
            &settings.verifier,
            callback(pages::TAP_CALLBACK),
            keys.clone(),
        )?;
        let sign_in = SignInProvider::new(
            settings.sign_in.clone(),
            callback(pages::SIGN_IN_CALLBACK),
            keys.clone(),
        )?;
        let (directory, token): (Arc<dyn Directory>, _) = match &settings.directory {
            DirectorySettings::Builtin { sign_in_token } => {
                (Arc::new(Builtin::new(store.clone())), sign_in_token)
            }
            DirectorySettings::Ldap(ldap) => (Arc::new(Ldap::new((**ldap).clone())?), &None),
        };
        let sign_in_token = token.as_ref().map(SecretText::read_line).transpose()?;
        let metrics = Metrics::new();
        store.count_in(&metrics);
        let letterhead = Letterhead::new(
            settings.institution.name.clone(),
            settings.support.clone(),
            settings.zone,
        );
        let post = Post::new(&settings.mail, letterhead, &metrics)?;
        let signer = keys.clone();
        let sign = Arc::new(move |message: &[u8]| signer.audit().sign(message));
        let auditor = Auditor::new(sign, settings.audit.export.clone(), &metrics);
        let time = Time::monotonic();
        let limits = settings.limits;
        Ok(Self {
            frame: pages::frame(&settings),
            directory,
            sign_in_token,
            verifier,
            sign_in,
            teller: Arc::new(Teller::new(
                keys,
                settings.origin.clone(),
                settings.lifetimes.objection,
            )),
            post,
            issuing: Issuing::default(),
            auditor,
            by_address: Limit::new("address", limits.address, time.clone(), metrics.clone()).into(),
            starts: Limit::new("start", limits.start, time, metrics.clone()),
            counted: Counted::new(metrics.registry()),
            metrics,
            tls,
            clock,
            stopping: watch::Sender::new(false),
            store,
            settings,
        })
    }

    pub(crate) fn now(&self) -> i64 {
        (self.clock)()
    }

    /// The process was asked to end.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether requests can be served: the database answers, and the process was not asked to end.
    /// Without the directory or a provider people still get an explanation, so these do not count.
    pub(crate) async fn is_ready(&self) -> bool {
        !*self.stopping.borrow() && self.store.check().await.is_ok()
    }
}

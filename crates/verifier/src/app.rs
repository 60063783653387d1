//! What every request handler has at hand.

use crate::counted::Counted;
use crate::keys::Keys;
use crate::limits::Limits;
use crate::pages;
use crate::revocation::Revocation;
use crate::settings::{RelyingParty, Settings, Trust};
use crate::store;
use crate::store::nodes::NodeId;
use crate::transaction::State;
use crate::upkeep::{self, UpkeepError};
use crate::upstream::Upstream;
use kazasu_assertion::{AnchorError, TrustAnchors};
use kazasu_service::Clock;
use kazasu_service::audit::Auditor;
use kazasu_service::metrics::Metrics;
use kazasu_service::page::Frame;
use kazasu_service::secret::random;
use kazasu_service::store::{Store, StoreError};
use kazasu_service::tls::{Tls, TlsError};
use std::sync::Arc;
use tokio::sync::watch;

/// Why a verifier cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The database cannot be used.
    #[error("the database cannot be opened")]
    Store(#[from] StoreError),
    /// The keys are not those of the database, or cannot be used.
    #[error("keys and database")]
    Keys(#[from] UpkeepError),
    /// A test anchor is not a certification authority.
    #[error("a test anchor is not usable")]
    Anchors(#[from] AnchorError),
    /// The certificate of the public port cannot be used.
    #[error("the TLS certificate cannot be used")]
    Tls(#[from] TlsError),
    /// The HTTP client for revocation and lineage cannot be made.
    #[error("the HTTP client cannot be made")]
    Http(#[from] reqwest::Error),
    /// A relying party wants ID tokens that no key can sign.
    #[error("relying party {relying_party:?} wants {algorithm}, and there is no such signing key")]
    NoSigningKey {
        /// Which one.
        relying_party: String,
        /// ES256 or RS256.
        algorithm: String,
    },
}

/// What every request handler has at hand.
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) keys: Arc<Keys>,
    pub(crate) frame: Frame,
    pub(crate) store: Store,
    pub(crate) auditor: Auditor,
    pub(crate) anchors: TrustAnchors,
    pub(crate) upstream: Upstream,
    pub(crate) revocation: Revocation,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    pub(crate) counted: Counted,
    pub(crate) tls: Option<Tls>,
    pub(crate) node: NodeId,
    pub(crate) clock: Clock,
    stopping: watch::Sender<bool>,
}

impl App {
    pub(crate) async fn new(
        settings: Settings,
        keys: Keys,
        clock: Clock,
    ) -> Result<Self, StartError> {
        let anchors = match &settings.trust {
            Trust::Production => TrustAnchors::production(),
            Trust::Test(certificates) => {
                tracing::warn!(
                    "TEST ANCHORS: this verifier accepts test cards and refuses real ones; never run it for real people"
                );
                TrustAnchors::test(certificates)?
            }
        };
        for party in settings.relying_parties.values() {
            if !keys.can_sign(party.id_token_algorithm, clock()) {
                return Err(StartError::NoSigningKey {
                    relying_party: party.id.clone(),
                    algorithm: format!("{:?}", party.id_token_algorithm),
                });
            }
        }
        let store = store::open(&settings.database, settings.schema)?;
        let asked = [&settings.revocation.ocsp_url, &settings.lineage.url];
        let upstream = Upstream::new(asked.into_iter().chain(&settings.revocation.crl_urls))?;
        let tls = settings.listening.tls.clone().map(Tls::read).transpose()?;
        // The last that can fail: from then on the database takes this verifier for a running one.
        let node = random();
        let keys = Arc::new(upkeep::start(&store, keys, node, clock()).await?);
        let metrics = Metrics::new();
        store.count_in(&metrics);
        let counted = Counted::new(metrics.registry());
        let limits = Limits::new(&settings.limits, &metrics);
        let signing = keys.clone();
        let sign = Arc::new(move |message: &[u8]| signing.audit().sign(message));
        let auditor = Auditor::new(sign, settings.audit.export.clone(), &metrics);
        let revocation = Revocation::new(&settings.revocation, metrics.registry());
        Ok(Self {
            frame: pages::frame(&settings),
            settings,
            keys,
            store,
            auditor,
            anchors,
            upstream,
            revocation,
            limits,
            metrics,
            counted,
            tls,
            node,
            clock,
            stopping: watch::Sender::new(false),
        })
    }

    pub(crate) fn now(&self) -> i64 {
        (self.clock)()
    }

    /// The process was asked to end.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// A transaction reached a state: that is counted, and those who watch it are told.
    pub(crate) fn reached(&self, transaction_id: &str, state: State) {
        self.counted.transaction(state);
        self.store.announce(transaction_id);
    }

    /// Whether requests can be served: the database answers, so does a token with keys, and the
    /// process was not asked to end.
    pub(crate) async fn is_ready(&self) -> bool {
        if *self.stopping.borrow() {
            return false;
        }
        self.store.check().await.is_ok() && self.keys.check().await.is_ok()
    }

    /// Returns once the process was asked to end: streams end then.
    pub(crate) async fn stopped(&self) {
        let mut stopping = self.stopping.subscribe();
        // The sender lives as long as `self`.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }

    /// The relying party of a transaction; `None` if it was taken out of the configuration since.
    pub(crate) fn relying_party(&self, id: &str) -> Option<&RelyingParty> {
        self.settings.relying_parties.get(id)
    }
}

//! What the process itself tells the audit, and the sealing beside its work.

use crate::app::App;
use crate::keys::Keys;
use kazasu_service::audit::{self, Details, Sealer};
use kazasu_service::metrics::Metrics;
use prometheus::IntGauge;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// An event is sealed about this long after it happened.
const SEAL: Duration = Duration::from_secs(1);

/// Failures that anybody can cause are told together, so that nobody fills the audit.
const TELL_FAILURES: Duration = Duration::from_secs(60);

const ONCE: &str = "registered once, with a name that Prometheus allows";

/// What the process needs to look after its audit.
pub(crate) struct Auditor {
    sealer: Sealer,
    sealed_at: IntGauge,
    failed_authentications: AtomicU64,
}

impl Auditor {
    pub(crate) fn new(keys: Arc<Keys>, export: Option<PathBuf>, metrics: &Metrics) -> Self {
        let sealed_at = IntGauge::new(
            "kazasu_audit_sealed_timestamp_seconds",
            "When every event was sealed and exported for the last time, since the Unix epoch.",
        );
        let sealed_at = sealed_at.expect(ONCE);
        let registered = metrics.registry().register(Box::new(sealed_at.clone()));
        registered.expect(ONCE);
        let sign = Arc::new(move |message: &[u8]| keys.audit().sign(message));
        Self {
            sealer: Sealer::new(sign, export),
            sealed_at,
            failed_authentications: AtomicU64::new(0),
        }
    }

    /// Somebody claimed to be a relying party and did not prove it.
    pub(crate) fn authentication_failed(&self) {
        self.failed_authentications.fetch_add(1, Ordering::Relaxed);
    }
}

/// Seals, as long as the process serves.
pub(crate) async fn keep_sealing(app: &App) -> Infallible {
    let mut seals = interval(SEAL);
    seals.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failures = interval(TELL_FAILURES);
    loop {
        tokio::select! {
            _ = seals.tick() => seal(app).await,
            _ = failures.tick() => tell_failures(app).await,
        }
    }
}

/// The process began to serve.
pub(crate) async fn started(app: &App) {
    let version = env!("CARGO_PKG_VERSION");
    note(app, "started", Details::default().with("version", version)).await;
}

/// The process ends; what it did is sealed before.
pub(crate) async fn ended(app: &App) {
    tell_failures(app).await;
    note(app, "ended", Details::default()).await;
    seal(app).await;
}

async fn tell_failures(app: &App) {
    let failures = app
        .auditor
        .failed_authentications
        .swap(0, Ordering::Relaxed);
    if failures > 0 {
        let details = Details::default().with("failures", failures.to_string().as_str());
        note(app, "authentication_failed", details).await;
    }
}

async fn note(app: &App, kind: &'static str, details: Details) {
    let now = app.now();
    let written = app
        .store
        .write(move |c| audit::record(c, now, kind, &details))
        .await;
    // Serving does not wait for the database to come back, and neither does ending.
    if let Err(error) = written {
        tracing::error!(%error, kind, "an event of the process could not be recorded");
    }
}

async fn seal(app: &App) {
    let now = app.now();
    match app.auditor.sealer.seal(&app.store, now).await {
        Ok(head) => {
            app.auditor.sealed_at.set(now);
            // The log is another place that a copy of the head is safe in.
            if let Some(head) = head {
                let hash = hex::encode(head.hash);
                tracing::info!(number = head.number, hash, "audit sealed");
            }
        }
        Err(error) => {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, source, "audit not sealed");
        }
    }
}

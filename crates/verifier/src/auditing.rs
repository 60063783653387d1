//! What the process itself tells the audit, and the sealing beside its work.

use crate::app::App;
use kazasu_service::audit::{self, Details};
use std::convert::Infallible;
use std::time::Duration;

/// An event is sealed about this long after it happened.
const SEAL: Duration = Duration::from_secs(1);

/// Seals, as long as the process serves.
pub(crate) async fn keep_sealing(app: &App) -> Infallible {
    let mut ticks = tokio::time::interval(SEAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        seal(app).await;
    }
}

/// The process began to serve.
pub(crate) async fn started(app: &App) {
    let version = env!("CARGO_PKG_VERSION");
    note(app, "started", Details::default().with("version", version)).await;
}

/// The process ends; what it did is sealed before.
pub(crate) async fn ended(app: &App) {
    note(app, "ended", Details::default()).await;
    seal(app).await;
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
    match app.sealer.seal(&app.store, app.now()).await {
        // The log is another place that a copy of the head is safe in.
        Ok(Some(head)) => {
            let hash = hex::encode(head.hash);
            tracing::info!(number = head.number, hash, "audit sealed");
        }
        Ok(None) => {}
        Err(error) => {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, source, "audit not sealed");
        }
    }
}

//! The one public port, and the housekeeping beside it.

use crate::app::{App, Clock, StartError};
use crate::companion_service::{Companions, MAX_MESSAGE};
use crate::failure::Failure;
use crate::keys::Keys;
use crate::settings::Settings;
use crate::store::{oidc as oidc_store, transactions};
use crate::{auditing, oidc, pages};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::map_response_with_state;
use axum::response::Response;
use kazasu_proto::companion::v1::companion_service_server::{CompanionServiceServer, SERVICE_NAME};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// More than any form of ours is long.
const MAX_FORM: usize = 64 * 1024;

/// How often what ran out of time is ended. Reading counts the time anyway; this erases names.
const SWEEP: Duration = Duration::from_secs(5);

/// How often the database's log is emptied, and with it what is left of erased names.
const EMPTY_LOG: Duration = Duration::from_secs(60);

/// How long requests may take to finish once the process is asked to end.
const DRAIN: Duration = Duration::from_secs(10);

/// A verifier, ready to serve.
pub struct Verifier {
    app: Arc<App>,
}

impl Verifier {
    /// Opens the database and loads the trust anchors. `clock` says what time it is, in seconds
    /// since the Unix epoch.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn new(settings: Settings, keys: Keys, clock: Clock) -> Result<Self, StartError> {
        Ok(Self {
            app: Arc::new(App::new(settings, keys, clock)?),
        })
    }

    /// Serves until `shutdown` completes and the requests under way are answered.
    ///
    /// # Errors
    /// The listener's.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let app = self.app;
        auditing::started(&app).await;
        let housekeeping = tokio::spawn(housekeep(app.clone()));
        let sealed = app.clone();
        let sealing = tokio::spawn(async move { auditing::keep_sealing(&sealed).await });
        let asked = app.clone();
        let server =
            axum::serve(listener, router(app.clone())).with_graceful_shutdown(async move {
                shutdown.await;
                asked.stop();
            });
        let overdue = async {
            app.stopped().await;
            tokio::time::sleep(DRAIN).await;
        };
        let served = tokio::select! {
            served = server => served,
            () = overdue => Ok(()),
        };
        housekeeping.abort();
        sealing.abort();
        auditing::ended(&app).await;
        served
    }
}

fn router(app: Arc<App>) -> Router {
    let companions = CompanionServiceServer::new(Companions::new(app.clone()))
        .max_decoding_message_size(MAX_MESSAGE);
    Router::new()
        .merge(oidc::routes())
        .merge(pages::routes())
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(map_response_with_state(app.clone(), with_security_headers))
        .with_state(app)
        .route_service(&format!("/{SERVICE_NAME}/{{*method}}"), companions)
}

/// Headers that every answer to a browser has.
async fn with_security_headers(
    axum::extract::State(app): axum::extract::State<Arc<App>>,
    mut response: Response,
) -> Response {
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if app.settings.origin.starts_with("https:") {
        headers.insert(
            STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    response
}

async fn housekeep(app: Arc<App>) {
    let mut sweeps = tokio::time::interval(SWEEP);
    let mut emptyings = tokio::time::interval(EMPTY_LOG);
    loop {
        let done = tokio::select! {
            _ = sweeps.tick() => sweep(&app).await,
            _ = emptyings.tick() => empty_log(app.clone()).await,
        };
        if let Err(failure) = done {
            failure.log();
        }
    }
}

/// Waits for the disk, so elsewhere than where requests are served.
async fn empty_log(app: Arc<App>) -> Result<(), Failure> {
    let emptied = tokio::task::spawn_blocking(move || app.store.empty_log());
    Ok(emptied.await.expect("emptying the log does not panic")?)
}

async fn sweep(app: &App) -> Result<(), Failure> {
    let now = app.now();
    let expired = app
        .store
        .write(move |c| {
            oidc_store::delete_old(c, now)?;
            transactions::expire(c, now)
        })
        .await?;
    for id in expired {
        app.store.announce(&id);
    }
    Ok(())
}

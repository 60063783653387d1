//! The public port, the second one for those who run the server, and the housekeeping beside them.

use crate::app::{App, StartError};
use crate::companion_service::{Companions, MAX_MESSAGE};
use crate::failure::Failure;
use crate::keys::Keys;
use crate::limits::{is_grpc, refuse};
use crate::revocation;
use crate::settings::Settings;
use crate::store::{answers, nodes, oidc as oidc_store, transactions};
use crate::transaction::State;
use crate::{oidc, pages};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State as Shared};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use kazasu_proto::companion::v1::companion_service_server::{CompanionServiceServer, SERVICE_NAME};
use kazasu_proto::{DESCRIPTORS, METHOD_PATHS};
use kazasu_service::Clock;
use kazasu_service::admin::Admin;
use kazasu_service::limits::by_address;
use kazasu_service::listener::Listener;
use kazasu_service::page::with_security_headers;
use kazasu_service::telemetry::observe;
use kazasu_service::tls;
use std::convert::Infallible;
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

/// How long a changed certificate may go unseen.
const CERTIFICATE: Duration = Duration::from_secs(5);

/// How often limits forget those who did nothing for a while.
const FORGET: Duration = Duration::from_secs(60);

/// A verifier, ready to serve.
pub struct Verifier {
    app: Arc<App>,
    admin: Option<TcpListener>,
}

impl Verifier {
    /// Opens the database, which has to be the one of these keys, and loads the trust anchors.
    /// `clock` says what time it is, in seconds since the Unix epoch.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn new(settings: Settings, keys: Keys, clock: Clock) -> Result<Self, StartError> {
        let app = App::new(settings, keys, clock).await?;
        Ok(Self {
            app: Arc::new(app),
            admin: None,
        })
    }

    /// Also answers those who run the server: health, gRPC's health and reflection, metrics.
    #[must_use]
    pub fn with_admin(mut self, listener: TcpListener) -> Self {
        self.admin = Some(listener);
        self
    }

    /// Serves until `shutdown` completes and the requests under way are answered, or took too long.
    ///
    /// # Errors
    /// If the process cannot be told about SIGHUP.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let Self { app, admin } = self;
        let version = env!("CARGO_PKG_VERSION");
        app.auditor.started(&app.store, app.now(), version).await;
        let public = Listener::new(listener, app.metrics.clone())
            .with_tls(app.tls.clone())
            .with_trusted_proxies(&app.settings.listening.trusted_proxies)
            .with_limits(app.settings.limits.connections());
        let public = public.serve(router(app.clone()), async {
            shutdown.await;
            app.stop();
        });
        // The second port answers until the first is done, which is not ready from then on.
        let served = tokio::select! {
            () = public => Ok(()),
            never = serve_admin(app.clone(), admin) => match never {},
            failed = tls::keep_fresh(app.tls.clone(), CERTIFICATE) => failed,
            never = housekeep(app.clone()) => match never {},
            never = app.auditor.keep_sealing(&app.store, &app.clock) => match never {},
            never = revocation::keep_lists(app.clone()) => match never {},
        };
        app.auditor.ended(&app.store, app.now()).await;
        let (now, node) = (app.now(), app.node);
        if let Err(error) = app.store.write(move |c| nodes::ended(c, &node, now)).await {
            Failure::from(error).log();
        }
        served
    }
}

async fn serve_admin(app: Arc<App>, listener: Option<TcpListener>) -> Infallible {
    if let Some(listener) = listener {
        let metrics = app.metrics.clone();
        let ready = move || {
            let app = app.clone();
            async move { app.is_ready().await }
        };
        let admin = Admin::new(metrics, ready).with_service(SERVICE_NAME, DESCRIPTORS);
        admin.serve(listener, std::future::pending()).await;
    }
    std::future::pending().await
}

fn router(app: Arc<App>) -> Router {
    let companions = CompanionServiceServer::new(Companions::new(app.clone()))
        .max_decoding_message_size(MAX_MESSAGE);
    let mut router = Router::new()
        .merge(oidc::routes())
        .merge(pages::routes(&app.frame))
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .with_state(app.clone());
    // Each method has a route of its own, by which it is counted.
    for path in METHOD_PATHS {
        router = router.route_service(path, companions.clone());
    }
    let router = router.route_service(&format!("/{SERVICE_NAME}/{{*method}}"), companions);
    let limited = by_address(router, app.limits.address.clone(), refuse);
    let dressed = limited.layer(from_fn_with_state(app.clone(), dress));
    observe(dressed, app.metrics.clone())
}

/// Whatever browsers get goes through here; companions have their own answers.
async fn dress(Shared(app): Shared<Arc<App>>, request: Request, next: Next) -> Response {
    if is_grpc(&request) {
        return next.run(request).await;
    }
    let response = pages::dress(&app, request, next).await;
    with_security_headers(&app.settings.origin, response)
}

async fn housekeep(app: Arc<App>) -> Infallible {
    let mut sweeps = tokio::time::interval(SWEEP);
    let mut emptyings = tokio::time::interval(EMPTY_LOG);
    let mut forgettings = tokio::time::interval(FORGET);
    loop {
        let done = tokio::select! {
            _ = sweeps.tick() => sweep(&app).await,
            _ = forgettings.tick() => {
                app.limits.forget();
                continue;
            }
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
    let (now, node) = (app.now(), app.node);
    let expired = app
        .store
        .write(move |c| {
            nodes::seen(c, &node, now)?;
            oidc_store::delete_old(c, now)?;
            answers::delete_old(c, now)?;
            transactions::expire(c, now)
        })
        .await?;
    for id in expired {
        app.reached(&id, State::Expired);
    }
    Ok(())
}

//! The public port, the second one for those who run the server, and the work beside them.

use crate::app::{App, StartError};
use crate::directory::builtin;
use crate::failure::Failure;
use crate::keys::Keys;
use crate::mail::keep_sending;
use crate::operations::keep_reconciling;
use crate::settings::Settings;
use crate::store::retention;
use crate::{pages, upkeep};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State as Shared};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
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
/// How often what ran out of time goes. Reading counts the time anyway; this erases.
const SWEEP: Duration = Duration::from_secs(5);
/// How often what is no longer kept goes.
const PURGE: Duration = Duration::from_secs(3600);
/// How often the database's log is emptied, and with it what is left of what was erased.
const EMPTY_LOG: Duration = Duration::from_secs(60);
/// How often contacts that were not read for long are read.
const CONTACTS: Duration = Duration::from_secs(30);
/// How often what operators watch is counted.
const COUNT: Duration = Duration::from_secs(15);
/// How long a changed certificate may go unseen.
const CERTIFICATE: Duration = Duration::from_secs(5);
/// How often limits forget those who did nothing for a while.
const FORGET: Duration = Duration::from_secs(60);

/// A portal, ready to serve.
pub struct Portal {
    app: Arc<App>,
    admin: Option<TcpListener>,
}

impl Portal {
    /// Opens the database. `clock` says what time it is, in seconds since the Unix epoch.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn new(settings: Settings, keys: Keys, clock: Clock) -> Result<Self, StartError> {
        Ok(Self {
            app: Arc::new(App::new(settings, keys, clock)?),
            admin: None,
        })
    }

    /// Also answers those who run the server: health, metrics, and a sign-in provider's questions
    /// to the built-in directory.
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
            never = keep_reconciling(app.clone()) => match never {},
            never = keep_sending(&app.post, &app.store, &*app.clock) => match never {},
        };
        app.auditor.ended(&app.store, app.now()).await;
        // Nobody else does it until the next start.
        if let Err(failure) = empty_log(app).await {
            failure.log();
        }
        served
    }
}

async fn serve_admin(app: Arc<App>, listener: Option<TcpListener>) -> Infallible {
    if let Some(listener) = listener {
        let asked = app.clone();
        let ready = move || {
            let app = asked.clone();
            async move { app.is_ready().await }
        };
        let mut admin = Admin::new(app.metrics.clone(), ready);
        if let Some(token) = &app.sign_in_token {
            let domain = app.settings.accounts.domain.clone();
            let (store, clock) = (app.store.clone(), app.clock.clone());
            admin = admin.with_routes(builtin::routes(store, token, domain, clock));
        }
        admin.serve(listener, std::future::pending()).await;
    }
    std::future::pending().await
}

fn router(app: Arc<App>) -> Router {
    let router = pages::routes(&app.frame)
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .with_state(app.clone());
    let limited = by_address(router, app.by_address.clone(), pages::too_often);
    let dressed = limited.layer(from_fn_with_state(app.clone(), dress));
    observe(dressed, app.metrics.clone())
}

/// Whatever browsers get goes through here.
async fn dress(Shared(app): Shared<Arc<App>>, request: Request, next: Next) -> Response {
    let may_tell = request.method() == Method::POST;
    let response = pages::dress(&app, request, next).await;
    if may_tell {
        app.post.wake();
    }
    with_security_headers(&app.settings.origin, response)
}

async fn housekeep(app: Arc<App>) -> Infallible {
    let mut sweeps = tokio::time::interval(SWEEP);
    let mut purges = tokio::time::interval(PURGE);
    let mut emptyings = tokio::time::interval(EMPTY_LOG);
    let mut contacts = tokio::time::interval(CONTACTS);
    let mut counts = tokio::time::interval(COUNT);
    let mut forgettings = tokio::time::interval(FORGET);
    loop {
        let done = tokio::select! {
            _ = sweeps.tick() => sweep(&app).await,
            _ = purges.tick() => upkeep::purge(&app).await,
            _ = contacts.tick() => upkeep::refresh_contacts(&app).await,
            _ = counts.tick() => upkeep::count(&app).await,
            _ = emptyings.tick() => empty_log(app.clone()).await,
            _ = forgettings.tick() => {
                app.by_address.forget();
                app.starts.forget();
                continue;
            }
        };
        if let Err(failure) = done {
            failure.log();
        }
    }
}

async fn sweep(app: &App) -> Result<(), Failure> {
    let now = app.now();
    Ok(app.store.write(move |c| retention::sweep(c, now)).await?)
}

/// Waits for the disk, so elsewhere than where requests are served.
async fn empty_log(app: Arc<App>) -> Result<(), Failure> {
    let emptied = tokio::task::spawn_blocking(move || app.store.empty_log());
    Ok(emptied.await.expect("emptying the log does not panic")?)
}

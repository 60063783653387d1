//! The second listener, for those who run the server: is it alive, is it ready, what does it count.

use crate::listener::{Listener, Patience};
use crate::metrics::Metrics;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, health_reporter};

/// How often gRPC's health service is told whether the server is ready.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A server that does not know within this time whether it is ready is not.
const READY_LIMIT: Duration = Duration::from_secs(2);

/// Long enough for a stream of gRPC's reflection, which is a request that is not over.
const BODY: Duration = Duration::from_secs(3600);

/// Prometheus' text format, as its documentation names it.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

const DECODED: &str = "descriptors are part of the program";

/// What the second listener asks its server.
#[derive(Clone)]
pub struct Admin {
    metrics: Metrics,
    ready: Arc<dyn Fn() -> Answer + Send + Sync>,
    services: Vec<&'static str>,
    descriptors: Vec<&'static [u8]>,
    routes: Router,
}

type Answer = Pin<Box<dyn Future<Output = bool> + Send>>;

impl Admin {
    /// `ready` says whether requests can be served now.
    pub fn new<F>(metrics: Metrics, ready: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
    {
        Self {
            metrics,
            ready: Arc::new(move || Box::pin(ready())),
            services: Vec::new(),
            descriptors: Vec::new(),
            routes: Router::new(),
        }
    }

    /// The server also serves the gRPC service `name`, which `descriptors` (an encoded
    /// `FileDescriptorSet`) describes.
    #[must_use]
    pub fn with_service(mut self, name: &'static str, descriptors: &'static [u8]) -> Self {
        self.services.push(name);
        self.descriptors.push(descriptors);
        self
    }

    /// The server also answers `routes`, to those who may reach its second listener. They guard
    /// themselves.
    #[must_use]
    pub fn with_routes(mut self, routes: Router) -> Self {
        self.routes = self.routes.merge(routes);
        self
    }

    /// Serves until `stopping` completes. Everything here is quick, so nothing is waited for long.
    ///
    /// # Panics
    /// If descriptors cannot be decoded.
    pub async fn serve(self, tcp: TcpListener, stopping: impl Future<Output = ()>) {
        let (reporter, health) = health_reporter();
        let routes = Routes::new(health)
            .add_service(self.reflection().build_v1().expect(DECODED))
            .add_service(self.reflection().build_v1alpha().expect(DECODED));
        let router = Router::new()
            .route("/health/live", get(|| async { "live\n" }))
            .route("/health/ready", get(ready))
            .route("/metrics", get(metrics))
            .with_state(self.clone())
            .merge(self.routes.clone())
            .merge(routes.prepare().into_axum_router());
        let patience = Patience {
            body: BODY,
            drain: LOOK_AGAIN,
            ..Patience::default()
        };
        // Its own connections are not worth counting.
        let listener = Listener::new(tcp, Metrics::new()).with_patience(patience);
        tokio::select! {
            () = listener.serve(router, stopping) => {}
            never = self.report(reporter) => match never {},
        }
    }

    fn reflection(&self) -> tonic_reflection::server::Builder<'static> {
        let mut builder = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
        for descriptors in &self.descriptors {
            builder = builder.register_encoded_file_descriptor_set(descriptors);
        }
        builder
    }

    async fn is_ready(&self) -> bool {
        tokio::time::timeout(READY_LIMIT, (self.ready)())
            .await
            .unwrap_or(false)
    }

    /// Tells gRPC's health service, for ever.
    async fn report(&self, reporter: HealthReporter) -> std::convert::Infallible {
        let mut ticks = tokio::time::interval(LOOK_AGAIN);
        loop {
            ticks.tick().await;
            let status = match self.is_ready().await {
                true => ServingStatus::Serving,
                false => ServingStatus::NotServing,
            };
            // The empty name is the server as a whole.
            for service in self.services.iter().chain([&""]) {
                reporter.set_service_status(service, status).await;
            }
        }
    }
}

async fn ready(State(admin): State<Admin>) -> Response {
    match admin.is_ready().await {
        true => "ready\n".into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response(),
    }
}

async fn metrics(State(admin): State<Admin>) -> Response {
    match admin.metrics.text() {
        Ok(text) => ([(CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

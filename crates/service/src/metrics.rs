//! What a server counts, in the form Prometheus reads. Each server has its own registry.

use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};
use std::time::Duration;

/// Bounds of the durations' buckets, in seconds: a page takes milliseconds, a question to an
/// authority up to seconds.
const BUCKETS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// A server's registry, and what every server counts. A clone counts the same.
///
/// What else a server counts it registers with [`Metrics::registry`].
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    limited: IntCounterVec,
    connections: IntGauge,
    refused: IntCounterVec,
}

const ONCE: &str = "each is registered once, with a name that Prometheus allows";

impl Metrics {
    /// Nothing counted yet.
    pub fn new() -> Self {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels).expect(ONCE);
            registry.register(Box::new(counter.clone())).expect(ONCE);
            counter
        };
        let requests = counter(
            "kazasu_requests_total",
            "Requests answered, by route and status: HTTP's, or gRPC's with \"grpc-\" before it.",
            &["route", "status"],
        );
        let limited = counter(
            "kazasu_rate_limited_total",
            "Requests refused for there were too many, by what they were counted by.",
            &["limit"],
        );
        let refused = counter(
            "kazasu_connections_refused_total",
            "Connections closed at once for there were too many, of one address or of all.",
            &["limit"],
        );
        let seconds = HistogramOpts::new(
            "kazasu_request_seconds",
            "Time from a request's header to the header of its answer, by route.",
        );
        let seconds = HistogramVec::new(seconds.buckets(BUCKETS.to_vec()), &["route"]);
        let seconds = seconds.expect(ONCE);
        registry.register(Box::new(seconds.clone())).expect(ONCE);
        let connections = IntGauge::new("kazasu_connections", "Connections that are open.");
        let connections = connections.expect(ONCE);
        registry
            .register(Box::new(connections.clone()))
            .expect(ONCE);
        Self {
            registry,
            requests,
            seconds,
            limited,
            connections,
            refused,
        }
    }

    /// Where a server registers what it counts besides.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Counts a request refused for there were too many; `limit` says by what they are counted.
    pub fn rate_limited(&self, limit: &'static str) {
        self.limited.with_label_values(&[limit]).inc();
    }

    /// Everything in Prometheus' text format.
    ///
    /// # Errors
    /// If something that was registered cannot be written.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    pub(crate) fn request_answered(&self, route: &str, status: &str, took: Duration) {
        self.requests.with_label_values(&[route, status]).inc();
        self.seconds
            .with_label_values(&[route])
            .observe(took.as_secs_f64());
    }

    pub(crate) fn connection_opened(&self) {
        self.connections.inc();
    }

    pub(crate) fn connection_closed(&self) {
        self.connections.dec();
    }

    pub(crate) fn connection_refused(&self, limit: &'static str) {
        self.refused.with_label_values(&[limit]).inc();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

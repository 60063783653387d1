//! Where requests arrive: plain HTTP/1 and HTTP/2, or both over TLS. Slow and greedy clients are
//! cut off; at the end, requests under way are answered.

mod admission;
mod body;
mod client;
mod connection;
mod stall;

pub use admission::ConnectionLimits;
pub use client::{ClientAddress, network};

use crate::metrics::Metrics;
use crate::tls::Tls;
use admission::Admissions;
use axum::Router;
use connection::Connection;
use ipnet::IpNet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a listener waits for its clients.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a TLS handshake.
    pub handshake: Duration,
    /// For the whole header of the first request, and of each later one on HTTP/1: this is also
    /// how long an idle HTTP/1 connection stays open.
    pub headers: Duration,
    /// As `headers`, for a trusted proxy, which keeps connections for later and shields from
    /// slow clients itself.
    pub proxy: Duration,
    /// For the whole body of a request.
    pub body: Duration,
    /// For a client to take what is sent to it.
    pub stalled: Duration,
    /// Between a ping on a silent HTTP/2 connection and its answer.
    pub ping: Duration,
    /// For the requests under way once the server was asked to end.
    pub drain: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            headers: Duration::from_secs(15),
            // Longer than nginx, HAProxy and Envoy keep an unused connection by default, so that
            // they close it and not we, just when they use it again. Apache and others are told to.
            proxy: Duration::from_secs(120),
            body: Duration::from_secs(30),
            stalled: Duration::from_secs(30),
            ping: Duration::from_secs(20),
            drain: Duration::from_secs(10),
        }
    }
}

/// How long to wait when the system has no more file descriptors or memory for a connection.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// A bound port and how it is served.
pub struct Listener {
    tcp: TcpListener,
    tls: Option<Tls>,
    proxies: Arc<[IpNet]>,
    limits: ConnectionLimits,
    patience: Patience,
    metrics: Metrics,
}

impl Listener {
    /// Plain HTTP, without trusted proxies and with default limits.
    pub fn new(tcp: TcpListener, metrics: Metrics) -> Self {
        Self {
            tcp,
            tls: None,
            proxies: Arc::new([]),
            limits: ConnectionLimits::default(),
            patience: Patience::default(),
            metrics,
        }
    }

    /// Over TLS.
    #[must_use]
    pub fn with_tls(mut self, tls: Option<Tls>) -> Self {
        self.tls = tls;
        self
    }

    /// Believes `X-Forwarded-For` of these. Connections of theirs count for many clients, so only
    /// the limit for all connections applies to them.
    #[must_use]
    pub fn with_trusted_proxies(mut self, proxies: &[IpNet]) -> Self {
        self.proxies = proxies.into();
        self
    }

    /// Other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: ConnectionLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Other times.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// Serves until `stopping` completes and the requests under way are answered, or the time for
    /// that is over. Handlers of endless streams have to end these when told by other means.
    /// Requests carry a [`ClientAddress`].
    pub async fn serve(self, router: Router, stopping: impl Future<Output = ()>) {
        let drain = self.patience.drain;
        let stop = watch::Sender::new(false);
        let mut connections = JoinSet::new();
        self.accept_until(stopping, router, &stop, &mut connections)
            .await;
        stop.send_replace(true);
        let finished = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(drain, finished).await.is_err() {
            tracing::warn!("connections that did not end in time are closed");
        }
        connections.shutdown().await;
    }

    /// Nobody connects any more once this returns: the port is closed.
    async fn accept_until(
        self,
        stopping: impl Future<Output = ()>,
        router: Router,
        stop: &watch::Sender<bool>,
        connections: &mut JoinSet<()>,
    ) {
        let admissions = Admissions::new(self.limits, self.metrics.clone());
        let mut stopping = std::pin::pin!(stopping);
        loop {
            tokio::select! {
                () = &mut stopping => return,
                Some(_) = connections.join_next() => {}
                accepted = self.tcp.accept() => match accepted {
                    Ok((stream, peer)) => {
                        let peer = client::plain(peer.ip());
                        let is_proxy = client::is_trusted(&self.proxies, peer);
                        let Some(admission) = admissions.admit(peer, is_proxy) else {
                            continue;
                        };
                        connections.spawn(self.connection(peer, is_proxy, &router, stop)
                            .run(stream, admission));
                    }
                    Err(error) if is_about_one_connection(&error) => {}
                    Err(error) => {
                        tracing::error!(%error, "no connection can be accepted");
                        tokio::time::sleep(EXHAUSTED).await;
                    }
                },
            }
        }
    }

    fn connection(
        &self,
        peer: std::net::IpAddr,
        is_proxy: bool,
        router: &Router,
        stop: &watch::Sender<bool>,
    ) -> Connection {
        let mut patience = self.patience;
        if is_proxy {
            patience.headers = patience.proxy;
        }
        Connection {
            peer,
            tls: self.tls.clone(),
            proxies: self.proxies.clone(),
            patience,
            router: router.clone(),
            stop: stop.subscribe(),
        }
    }
}

/// The client went away before it was accepted: the next one is not concerned.
fn is_about_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

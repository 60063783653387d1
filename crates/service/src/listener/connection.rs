//! One connection, from its first byte to its last.

use super::Patience;
use super::admission::Admission;
use super::body::TimelyBody;
use super::client;
use super::stall::Unstalled;
use crate::tls::Tls;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tower::Service as _;

/// The longest header of a request. Our longest is a request without PAR, far below.
const MAX_HEADER: u32 = 32 * 1024;

/// How many requests one HTTP/2 connection may have under way.
const MAX_STREAMS: u32 = 128;

/// How many streams a client may have reset before their requests were even taken up
/// (CVE-2023-44487), or had reset by its own errors (CVE-2025-8671), before it is cut off.
const MAX_RESETS: usize = 64;

/// A connection about to be served.
pub(super) struct Connection {
    pub(super) peer: IpAddr,
    pub(super) tls: Option<Tls>,
    pub(super) proxies: Arc<[IpNet]>,
    pub(super) patience: Patience,
    pub(super) router: Router,
    pub(super) stop: watch::Receiver<bool>,
}

impl Connection {
    /// Serves it; `admission` is its place among all connections.
    pub(super) async fn run(self, stream: TcpStream, admission: Admission) {
        // Only speed is lost without.
        let _ = stream.set_nodelay(true);
        let stream = Unstalled::new(stream, self.patience.stalled);
        match self.tls.clone() {
            None => self.http(stream).await,
            Some(tls) => {
                let handshake = tls.acceptor().accept(stream);
                match tokio::time::timeout(self.patience.handshake, handshake).await {
                    Ok(Ok(stream)) => self.http(stream).await,
                    Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                    Err(_) => tracing::debug!("a TLS handshake took too long"),
                }
            }
        }
        drop(admission);
    }

    async fn http<S>(mut self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Patience {
            headers,
            body,
            ping,
            ..
        } = self.patience;
        let asked = Arc::new(AtomicBool::new(false));
        let service = {
            let (asked, proxies, router) = (asked.clone(), self.proxies, self.router);
            let peer = self.peer;
            service_fn(move |request: Request<Incoming>| {
                asked.store(true, Ordering::Relaxed);
                let client = client::client(request.headers(), peer, &proxies);
                let mut request = request.map(|inner| Body::new(TimelyBody::new(inner, body)));
                request.extensions_mut().insert(client);
                router.clone().call(request)
            })
        };
        let builder = builder(headers, ping);
        let mut connection =
            std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
        // Neither the protocol's version nor an HTTP/2 connection without requests has a time
        // limit of hyper's.
        let silent = async {
            tokio::time::sleep(headers).await;
            if asked.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        let stop = async {
            // The sender outlives its connections.
            let _ = self.stop.wait_for(|stop| *stop).await;
        };
        let served = tokio::select! {
            served = &mut connection => served,
            () = silent => Ok(()),
            () = stop => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = served {
            // Clients go away all the time.
            tracing::debug!(%error, "a connection ended with an error");
        }
    }
}

fn builder(
    headers: std::time::Duration,
    ping: std::time::Duration,
) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(headers)
        .max_buf_size(MAX_HEADER as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(MAX_HEADER)
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_RESETS)
        .max_local_error_reset_streams(MAX_RESETS)
        // A client that is gone, or stuck within a header, answers no ping.
        .keep_alive_interval(ping)
        .keep_alive_timeout(ping);
    builder
}

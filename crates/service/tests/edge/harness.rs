//! A listener on loopback, and who connects to it.

use axum::Router;
use kazasu_service::listener::{Listener, Patience};
use kazasu_service::metrics::Metrics;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Longer than anything here takes.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// As long as a test has the time to wait for.
pub(crate) const SHORT: Duration = Duration::from_millis(200);

/// Patient, except where a test says otherwise.
pub(crate) const PATIENT: Patience = Patience {
    handshake: LONG,
    headers: LONG,
    proxy: LONG,
    body: LONG,
    stalled: LONG,
    ping: LONG,
    drain: LONG,
};

pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) metrics: Metrics,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Served {
    pub(crate) async fn start(
        router: Router,
        configure: impl FnOnce(Listener) -> Listener,
    ) -> Self {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        let metrics = Metrics::new();
        let listener = configure(Listener::new(tcp, metrics.clone()).with_patience(PATIENT));
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(listener.serve(router, async move {
            // A dropped sender ends it too.
            let _ = stopped.await;
        }));
        Self {
            address,
            metrics,
            stop,
            task,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Asks it to end; what is returned completes when it has.
    pub(crate) fn stop(self) -> JoinHandle<()> {
        self.stop.send(()).unwrap();
        self.task
    }
}

/// Everything until the other end closes.
pub(crate) async fn read_to_end(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    // Cut off counts as closed, too.
    let _ = tokio::time::timeout(LONG, read).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

//! Listeners that keep what passes: one before the verifier, one in place of a collector of spans.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Request};
use axum::response::Response;
use http_body_util::BodyExt as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// The bytes of each connection.
type Kept = Arc<Mutex<Vec<Arc<Mutex<Vec<u8>>>>>>;

/// Passes connections on, and keeps what is said on them.
#[derive(Clone)]
pub(crate) struct Recorder {
    pub(crate) address: SocketAddr,
    target: Arc<Mutex<Option<SocketAddr>>>,
    requests: Kept,
    answers: Kept,
}

impl Recorder {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let recorder = Self {
            address: listener.local_addr().unwrap(),
            target: Arc::default(),
            requests: Arc::default(),
            answers: Arc::default(),
        };
        let serving = recorder.clone();
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let target = *serving.target.lock().unwrap();
                // Until there is one, nobody is at home.
                let Some(target) = target else { continue };
                let Ok(to) = TcpStream::connect(target).await else {
                    continue;
                };
                let ((from_read, from_write), (to_read, to_write)) =
                    (from.into_split(), to.into_split());
                tokio::spawn(pass(from_read, to_write, begun(&serving.requests)));
                tokio::spawn(pass(to_read, from_write, begun(&serving.answers)));
            }
        });
        recorder
    }

    /// Passes connections on to `target` from now on.
    pub(crate) fn forward_to(&self, target: &str) {
        *self.target.lock().unwrap() = Some(target.parse().unwrap());
    }

    /// What was asked, connection by connection.
    pub(crate) fn requests(&self) -> Vec<Vec<u8>> {
        all(&self.requests)
    }

    /// What was answered.
    pub(crate) fn answers(&self) -> Vec<Vec<u8>> {
        all(&self.answers)
    }
}

fn begun(kept: &Kept) -> Arc<Mutex<Vec<u8>>> {
    let mut kept = kept.lock().unwrap();
    kept.push(Arc::default());
    kept.last().expect("just pushed").clone()
}

fn all(kept: &Kept) -> Vec<Vec<u8>> {
    let kept = kept.lock().unwrap();
    kept.iter().map(|one| one.lock().unwrap().clone()).collect()
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, kept: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        kept.lock().unwrap().extend_from_slice(&buffer[..length]);
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

/// Takes spans as OTLP over gRPC and keeps them as they came.
pub(crate) struct Collector {
    pub(crate) endpoint: String,
    spans: Arc<Mutex<Vec<u8>>>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let spans = Arc::new(Mutex::new(Vec::new()));
        let keep = spans.clone();
        let service = Router::new().fallback(move |request: Request<Body>| {
            let keep = keep.clone();
            async move {
                let body = request.into_body().collect().await.unwrap().to_bytes();
                keep.lock().unwrap().extend_from_slice(&body);
                taken()
            }
        });
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { endpoint, spans }
    }

    pub(crate) fn spans(&self) -> Vec<u8> {
        self.spans.lock().unwrap().clone()
    }
}

/// An empty `ExportTraceServiceResponse` and the status OK.
fn taken() -> Response {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let body = Body::from(vec![0; 5]).with_trailers(async move { Some(Ok(trailers)) });
    let mut response = Response::new(Body::new(body));
    let kind = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert("content-type", kind);
    response
}

//! Bytes on a connection, without a client that would put them right.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use kazasu_statement::Reason;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tower::ServiceExt as _;

/// No defined answer takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends bytes on a connection of their own; what came back until the server closed it.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may have seen enough before it has seen all.
    let _ = stream.write_all(bytes).await;
    rest(&mut stream).await
}

/// What comes until the server closes.
pub(crate) async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    // A reset is a close, too.
    let _ = read.expect("the server answers or closes");
    answer
}

/// The status of an HTTP/1.1 answer; `None` if there was none.
pub(crate) fn status(answer: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(answer.get(..12)?).ok()?;
    text.strip_prefix("HTTP/1.1 ")?.parse().ok()
}

/// How a gRPC call ended.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) http: StatusCode,
    /// `None` if it was no gRPC answer.
    pub(crate) status: Option<Status>,
    pub(crate) body: Vec<u8>,
}

impl Called {
    pub(crate) fn code(&self) -> Option<Code> {
        self.status.as_ref().map(Status::code)
    }

    pub(crate) fn reason(&self) -> Option<Reason> {
        self.status.as_ref().and_then(kazasu_proto::reason_of)
    }
}

/// Calls a method with a body that is put on the wire as it is.
pub(crate) async fn call(
    channel: &Channel,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Called {
    let mut request = Request::post(path).header("te", "trailers");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = tonic::body::Body::new(Body::from(body));
    let request = request.body(body).unwrap();
    let answer = tokio::time::timeout(PATIENCE, channel.clone().oneshot(request)).await;
    let (head, body) = answer.expect("an answer").unwrap().into_parts();
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().cloned().unwrap_or_default();
    let status = |headers: &HeaderMap| Status::from_header_map(headers);
    Called {
        http: head.status,
        status: status(&head.headers).or_else(|| status(&trailers)),
        body: collected.to_bytes().to_vec(),
    }
}

/// A message with its length before it (gRPC over HTTP/2, "Length-Prefixed-Message").
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap();
    [&[0], &length.to_be_bytes()[..], message].concat()
}

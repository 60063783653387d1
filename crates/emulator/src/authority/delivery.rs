//! How answers travel over HTTP: whole, or in one of the ways in which networks and servers fail.

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use tokio_stream::StreamExt as _;

/// What the authority serves over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // the names say it
pub enum Endpoint {
    Ocsp,
    Crl,
    Lineage,
}

/// How an endpoint's answers travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// As they are.
    #[default]
    Whole,
    /// The request is taken, and nothing comes back.
    Silent,
    /// A header and one octet come back, and then nothing.
    Stalled,
    /// Status 200 and 40 MiB of zeros.
    Oversized,
    /// Status 200 and a web page.
    WebPage,
    /// Sent to another path of the same server, where the right answer is.
    Redirected,
}

/// The path prefix under which [`Delivery::Redirected`] finds the right answers.
pub(super) const ELSEWHERE: &str = "/elsewhere";

const OVERSIZED: usize = 40 * 1024 * 1024;

impl Delivery {
    /// What comes back instead of the right answer to a request for `path`; `None`: the answer.
    pub(super) async fn instead(self, path: &str) -> Option<Response> {
        match self {
            Self::Whole => None,
            Self::Silent => std::future::pending().await,
            Self::Stalled => {
                let first = Ok::<_, Infallible>(Bytes::from_static(b"0"));
                let stream = tokio_stream::once(first).chain(tokio_stream::pending());
                Some(Body::from_stream(stream).into_response())
            }
            Self::Oversized => Some(vec![0; OVERSIZED].into_response()),
            Self::WebPage => Some("<html>Please sign in</html>".into_response()),
            Self::Redirected => {
                let location = format!("{ELSEWHERE}{path}");
                let headers = [(header::LOCATION, location)];
                Some((StatusCode::TEMPORARY_REDIRECT, headers).into_response())
            }
        }
    }
}

//! One request, as it is told about: by its route, never by its path, which may hold a secret.

use crate::metrics::Metrics;
use aws_lc_rs::rand;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use std::time::Instant;
use tracing::{Instrument as _, field};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is shown in place of a route where there is none.
const UNMATCHED: &str = "unmatched";

tokio::task_local! {
    static CURRENT: String;
}

/// What a person can be given to name something in the log: the identifier of the request that is
/// being answered, or a fresh one where none is.
pub fn reference() -> String {
    CURRENT.try_with(Clone::clone).unwrap_or_else(|_| fresh())
}

/// Starts what goes on after a request's answer has begun, such as a stream of news: what it logs
/// and names is the request's.
pub fn spawn(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(CURRENT.scope(reference(), work).in_current_span());
}

/// Gives each request that `router` answers an identifier, a span and a place in the `metrics`.
/// To be the outermost layer.
pub fn observe(router: Router, metrics: Metrics) -> Router {
    router.layer(from_fn_with_state(metrics, answer))
}

async fn answer(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let id = fresh();
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
    // Of the highest level, so that whatever is logged within carries it.
    let span = tracing::error_span!(
        "request",
        request_id = id,
        method,
        route,
        status = field::Empty,
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
    );
    span.in_scope(|| tracing::trace!("arrived"));
    let began = Instant::now();
    let mut response = CURRENT
        .scope(id.clone(), next.run(request))
        .instrument(span.clone())
        .await;
    let status = status(&response);
    span.record("status", &status);
    let took = began.elapsed();
    metrics.request_answered(route, &status, took);
    span.in_scope(|| tracing::debug!(milliseconds = took.as_millis(), "answered"));
    let id = HeaderValue::try_from(id).expect("hexadecimal digits are a header value");
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

fn fresh() -> String {
    let mut bytes = [0; 8];
    rand::fill(&mut bytes).expect("the system's random source works once it has been seeded");
    hex::encode(bytes)
}

/// A client may send any word as method; only known ones are told.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// HTTP's status; of a gRPC answer its own, which is in the header if the call failed at once.
fn status(response: &Response) -> String {
    let header = |name| {
        response
            .headers()
            .get(name)
            .and_then(|v: &HeaderValue| v.to_str().ok())
    };
    let is_grpc = header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/grpc"));
    match is_grpc {
        true => {
            let status = header(HeaderName::from_static("grpc-status"));
            format!("grpc-{}", status.unwrap_or("0"))
        }
        false => response.status().as_str().to_owned(),
    }
}

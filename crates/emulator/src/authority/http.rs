//! The authority on HTTP: what a verifier talks to (docs/lineage.md has the lineage protocol).

use super::Authority;
use super::delivery::{ELSEWHERE, Endpoint};
use super::lineage::{LineageRequest, LineageResponse};
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time in seconds since 1970 UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Which services are out of order: those answer 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outage {
    /// OCSP.
    pub ocsp: bool,
    /// CRLs.
    pub crl: bool,
    /// Lineage.
    pub lineage: bool,
}

/// The system's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
    })
}

#[derive(Clone)]
struct Shared {
    authority: Arc<Mutex<Authority>>,
    clock: Clock,
}

impl Shared {
    fn authority(&self) -> MutexGuard<'_, Authority> {
        self.authority
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// `POST /ocsp`, `GET /crl/{generation}.crl`, `GET /ca/{generation}.der`, `POST /lineage`.
pub fn router(authority: Arc<Mutex<Authority>>, clock: Clock) -> Router {
    let shared = Shared { authority, clock };
    let routes = Router::new()
        .route("/ocsp", post(ocsp))
        .route("/crl/{file}", get(crl))
        .route("/lineage", post(lineage))
        .with_state(shared.clone());
    let as_chosen = from_fn_with_state(shared.clone(), deliver);
    Router::new()
        .nest(ELSEWHERE, routes.clone())
        .merge(routes.layer(as_chosen))
        .route("/ca/{file}", get(ca).with_state(shared))
}

/// Counts the request, and answers it as was chosen.
async fn deliver(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let endpoint = match path.as_str() {
        "/ocsp" => Endpoint::Ocsp,
        "/lineage" => Endpoint::Lineage,
        _ => Endpoint::Crl,
    };
    let delivery = shared.authority().take_request(endpoint);
    match delivery.instead(&path).await {
        Some(response) => response,
        None => next.run(request).await,
    }
}

async fn ocsp(State(shared): State<Shared>, headers: HeaderMap, request: Bytes) -> Response {
    const REQUEST: &str = "application/ocsp-request";
    const RESPONSE: &str = "application/ocsp-response";
    if headers
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind != REQUEST)
    {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let authority = shared.authority();
    if authority.outage.ocsp {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    typed(RESPONSE, authority.ocsp(&request, (shared.clock)()))
}

async fn crl(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(file): Path<String>,
) -> Response {
    let authority = shared.authority();
    if authority.outage.crl {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let now = (shared.clock)();
    let list = generation(&file, ".crl")
        .and_then(|number| Some((authority.crl(number, now)?, authority.crl_tag(now))));
    let Some((list, tag)) = list else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = [(header::ETAG, tag)];
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known == tag[0].1.as_str())
    {
        return (StatusCode::NOT_MODIFIED, tag).into_response();
    }
    (tag, typed("application/pkix-crl", list)).into_response()
}

async fn ca(State(shared): State<Shared>, Path(file): Path<String>) -> Response {
    let authority = shared.authority();
    match generation(&file, ".der").and_then(|number| authority.ca_certificate(number)) {
        Some(certificate) => typed("application/pkix-cert", certificate.to_vec()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn lineage(
    State(shared): State<Shared>,
    Json(request): Json<LineageRequest>,
) -> Result<Json<LineageResponse>, StatusCode> {
    let authority = shared.authority();
    if authority.outage.lineage {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    Ok(Json(authority.lineage(&request, (shared.clock)())))
}

fn generation(file: &str, ending: &str) -> Option<u8> {
    file.strip_suffix(ending)?.parse().ok()
}

fn typed(kind: &'static str, body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

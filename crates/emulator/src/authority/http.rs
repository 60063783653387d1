//! The authority on HTTP: what a verifier talks to (docs/lineage.md has the lineage protocol).

use super::Authority;
use super::lineage::{LineageRequest, LineageResponse};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
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
    Router::new()
        .route("/ocsp", post(ocsp))
        .route("/crl/{file}", get(crl))
        .route("/ca/{file}", get(ca))
        .route("/lineage", post(lineage))
        .with_state(Shared { authority, clock })
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

async fn crl(State(shared): State<Shared>, Path(file): Path<String>) -> Response {
    let authority = shared.authority();
    if authority.outage.crl {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let crl = generation(&file, ".crl").and_then(|number| authority.crl(number, (shared.clock)()));
    match crl {
        Some(crl) => typed("application/pkix-crl", crl),
        None => StatusCode::NOT_FOUND.into_response(),
    }
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

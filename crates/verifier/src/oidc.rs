//! The OpenID Provider: pushed requests, authorization, tokens, discovery. What relying parties
//! speak.

mod authorize;
mod client_auth;
mod discovery;
mod id_token;
mod par;
mod parameters;
mod request;
mod token;

use crate::app::App;
use crate::failure::Failure;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use kazasu_service::limits::TooOften;
use kazasu_service::store::StoreError;
use std::sync::Arc;

/// Where the endpoints are, under the origin.
const PAR_PATH: &str = "/oidc/par";
const AUTHORIZE_PATH: &str = "/oidc/authorize";
const TOKEN_PATH: &str = "/oidc/token";
const JWKS_PATH: &str = "/oidc/jwks";
/// OpenID Connect Discovery 1.0 §4.
const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(PAR_PATH, post(par::par))
        .route(
            AUTHORIZE_PATH,
            get(authorize::authorize).post(authorize::authorize_by_form),
        )
        .route(TOKEN_PATH, post(token::token))
        .route(JWKS_PATH, get(discovery::jwks))
        .route(DISCOVERY_PATH, get(discovery::discovery))
        .route(crate::settings::ACR_PATH, get(discovery::acr))
}

/// Whether it is a program, not a browser, that asks for this path.
pub(crate) fn is_for_relying_parties(path: &str) -> bool {
    let ours = ["/oidc/", "/.well-known/"];
    path != AUTHORIZE_PATH && ours.iter().any(|prefix| path.starts_with(prefix))
}

/// Why a request is refused: `error` and `error_description` (RFC 6749 §5.2, OpenID Connect Core
/// §3.1.2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal(&'static str, &'static str);

impl Refusal {
    const fn invalid_request(description: &'static str) -> Self {
        Self("invalid_request", description)
    }
}

/// What a relying party gets instead of an answer.
#[derive(Debug)]
pub(crate) enum OAuthError {
    /// Its request is not what it must be.
    Refused(Refusal),
    /// It asked too often.
    TooOften(TooOften),
    /// Client and secret do not belong together.
    WrongSecret,
    /// Our side failed.
    Failed(Failure),
}

impl OAuthError {
    fn invalid_request(description: &'static str) -> Self {
        Self::Refused(Refusal::invalid_request(description))
    }

    fn invalid_client(description: &'static str) -> Self {
        Self::Refused(Refusal("invalid_client", description))
    }
}

impl From<Refusal> for OAuthError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failure> for OAuthError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<StoreError> for OAuthError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// RFC 6749 §5.1: no answer of these endpoints may be kept.
const NO_STORE: [(HeaderName, HeaderValue); 1] =
    [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        match self {
            Self::Failed(failure) => {
                let body = serde_json::json!({
                    "error": "server_error",
                    "error_description": format!("internal error, reference {}", failure.log()),
                });
                (failure.status(), NO_STORE, axum::Json(body)).into_response()
            }
            Self::TooOften(too_often) => {
                let body = serde_json::json!({
                    "error": "temporarily_unavailable",
                    "error_description": too_often.to_string(),
                });
                let later = [too_often.header()];
                let status = StatusCode::TOO_MANY_REQUESTS;
                (status, NO_STORE, later, axum::Json(body)).into_response()
            }
            Self::Refused(refusal) => refusal_response(refusal, "private_key_jwt"),
            // RFC 6749 §5.2: the scheme that was tried.
            Self::WrongSecret => refusal_response(
                Refusal("invalid_client", "client and secret do not match"),
                "Basic realm=\"kazasu\"",
            ),
        }
    }
}

fn refusal_response(Refusal(error, description): Refusal, challenge: &'static str) -> Response {
    let body = axum::Json(serde_json::json!({ "error": error, "error_description": description }));
    if error == "invalid_client" {
        let challenge = [(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))];
        return (StatusCode::UNAUTHORIZED, NO_STORE, challenge, body).into_response();
    }
    (StatusCode::BAD_REQUEST, NO_STORE, body).into_response()
}

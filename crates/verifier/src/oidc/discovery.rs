//! What relying parties find by themselves: metadata, keys, and the meaning of `acr`.

use super::{AUTHORIZE_PATH, JWKS_PATH, PAR_PATH, TOKEN_PATH};
use crate::app::App;
use axum::extract::State;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use axum::response::{IntoResponse, Response};
use kazasu_statement::Purpose;
use serde_json::json;
use std::sync::Arc;

/// Keys are published a day before use, so an hour in a cache does no harm.
const PUBLIC: [(axum::http::HeaderName, &str); 2] = [
    (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (CACHE_CONTROL, "public, max-age=3600"),
];

/// OpenID Connect Discovery 1.0 §3, with the fields of RFC 9126 §5 and RFC 9207 §3.
pub(super) async fn discovery(State(app): State<Arc<App>>) -> Response {
    let origin = &app.settings.origin;
    let purposes: Vec<&str> = Purpose::ALL
        .iter()
        .map(|purpose| purpose.as_str())
        .collect();
    let metadata = json!({
        "issuer": origin,
        "authorization_endpoint": format!("{origin}{AUTHORIZE_PATH}"),
        "pushed_authorization_request_endpoint": format!("{origin}{PAR_PATH}"),
        "require_pushed_authorization_requests": true,
        "token_endpoint": format!("{origin}{TOKEN_PATH}"),
        "jwks_uri": format!("{origin}{JWKS_PATH}"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256", "RS256", "PS256"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "name"],
        "claims_supported": ["iss", "sub", "aud", "iat", "exp", "auth_time", "nonce", "acr", "amr",
            "purpose", "mode", "name", "name_assurance", "relink_required"],
        "acr_values_supported": [app.settings.acr()],
        "ui_locales_supported": ["ja", "en"],
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "claims_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
        "kazasu_purposes_supported": purposes,
    });
    (PUBLIC, axum::Json(metadata)).into_response()
}

pub(super) async fn jwks(State(app): State<Arc<App>>) -> Response {
    let keys: Vec<_> = app.keys.signing().iter().map(|key| &key.public).collect();
    (PUBLIC, axum::Json(json!({ "keys": keys }))).into_response()
}

pub(super) async fn acr() -> Response {
    let text = "The person held a My Number card to a reader, and the card accepted the PIN for \
                user authentication. The certificate was valid and not revoked at that time.\n";
    (PUBLIC, text).into_response()
}

//! What programs ask: discovery, keys, and codes for ID tokens.

use super::state::Code;
use super::{ACR_MFA, ACR_PASSWORD, Client, SignIn, now};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::{RawForm, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64URL};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use kazasu_service::secret::random_text;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Seconds that an ID token is good for.
const LIFETIME: i64 = 300;

/// How a client proves who it is.
pub enum ClientProof {
    /// `client_secret_basic`, with this secret.
    Secret(String),
    /// `private_key_jwt`, with one of these keys: a JWK set with ES256 keys.
    Keys(JwkSet),
}

type Form = BTreeMap<String, String>;

/// Why a client gets no token (RFC 6749 §5.2).
enum TokenError {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    UnsupportedGrantType,
}

pub(super) fn routes(sign_in: Arc<SignIn>) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/jwks", get(jwks))
        .route("/token", post(token))
        .with_state(sign_in)
}

async fn discovery(State(sign_in): State<Arc<SignIn>>) -> Json<Value> {
    let origin = sign_in.site.origin();
    Json(json!({
        "issuer": origin,
        "authorization_endpoint": format!("{origin}/authorize"),
        "token_endpoint": format!("{origin}/token"),
        "jwks_uri": format!("{origin}/jwks"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid"],
        "claims_supported": ["sub", "preferred_username", "auth_time", "acr", "amr", "nonce"],
        "acr_values_supported": [ACR_MFA, ACR_PASSWORD],
        "prompt_values_supported": ["none", "login", "select_account"],
        "ui_locales_supported": ["ja", "en"],
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn jwks(State(sign_in): State<Arc<SignIn>>) -> Json<Value> {
    Json(sign_in.key.jwks())
}

async fn token(
    State(sign_in): State<Arc<SignIn>>,
    headers: HeaderMap,
    RawForm(body): RawForm,
) -> Response {
    let answer = match redeem(&sign_in, &headers, &body) {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => error.into_response(),
    };
    ([(CACHE_CONTROL, "no-store")], answer).into_response()
}

fn redeem(sign_in: &SignIn, headers: &HeaderMap, body: &[u8]) -> Result<Value, TokenError> {
    let form: Form = url::form_urlencoded::parse(body).into_owned().collect();
    let client = authenticated(sign_in, headers, &form).ok_or(TokenError::InvalidClient)?;
    let get = |key: &str| form.get(key).map(String::as_str);
    if get("grant_type") != Some("authorization_code") {
        return Err(TokenError::UnsupportedGrantType);
    }
    let code = get("code").ok_or(TokenError::InvalidRequest)?;
    let verifier = get("code_verifier").ok_or(TokenError::InvalidRequest)?;
    let challenge = BASE64URL.encode(digest(&SHA256, verifier.as_bytes()));
    let code = sign_in.state().redeem(code, now());
    let code = code.ok_or(TokenError::InvalidGrant)?;
    let Code { request, .. } = &code;
    if request.client != client.id
        || get("redirect_uri") != Some(&request.redirect_uri)
        || challenge != request.code_challenge
    {
        return Err(TokenError::InvalidGrant);
    }
    let id_token = sign_in.key.sign(&claims(sign_in, &code));
    Ok(json!({
        "id_token": id_token.map_err(|_| TokenError::InvalidGrant)?,
        // There is nothing that it would open.
        "access_token": random_text::<16>(),
        "token_type": "Bearer",
        "expires_in": LIFETIME,
    }))
}

fn claims(sign_in: &SignIn, code: &Code) -> Value {
    let (now, session) = (now(), &code.session);
    let account = &session.person.account;
    let (acr, amr) = session.level.references();
    // The same at every start, and not the account's name.
    let subject = digest(&SHA256, format!("subject {account}").as_bytes());
    let mut claims = json!({
        "iss": sign_in.site.origin(),
        "sub": BASE64URL.encode(&subject.as_ref()[..16]),
        "aud": code.request.client,
        "iat": now,
        "exp": now + LIFETIME,
        "auth_time": session.auth_time,
        "acr": acr,
        "amr": amr,
        "preferred_username": account,
    });
    if let Some(nonce) = &code.request.nonce {
        claims["nonce"] = json!(nonce);
    }
    claims
}

fn authenticated<'a>(sign_in: &'a SignIn, headers: &HeaderMap, form: &Form) -> Option<&'a Client> {
    let assertion = form.get("client_assertion");
    match (headers.get(AUTHORIZATION), assertion) {
        (Some(header), None) => by_secret(sign_in, header.to_str().ok()?),
        (None, Some(assertion)) => {
            let kind = form.get("client_assertion_type")?;
            let client = by_key(sign_in, assertion)?;
            (kind == ASSERTION_TYPE).then_some(client)
        }
        _ => None,
    }
}

fn by_secret<'a>(sign_in: &'a SignIn, header: &str) -> Option<&'a Client> {
    let pair = BASE64_STANDARD
        .decode(header.strip_prefix("Basic ")?)
        .ok()?;
    let pair = String::from_utf8(pair).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let decoded = |text: &str| {
        let pair = url::form_urlencoded::parse(text.as_bytes()).next();
        pair.map(|(key, _)| key.into_owned())
    };
    let client = sign_in.client(&decoded(id)?)?;
    let ClientProof::Secret(expected) = &client.proof else {
        return None;
    };
    let [given, expected] =
        [decoded(secret)?.as_bytes(), expected.as_bytes()].map(|text| digest(&SHA256, text));
    verify_slices_are_equal(given.as_ref(), expected.as_ref()).ok()?;
    Some(client)
}

#[derive(Deserialize)]
struct Assertion {
    iss: String,
    sub: String,
    jti: String,
    exp: i64,
}

fn by_key<'a>(sign_in: &'a SignIn, assertion: &str) -> Option<&'a Client> {
    let named: Assertion = jsonwebtoken::dangerous::insecure_decode_claims(assertion).ok()?;
    let client = sign_in.client(&named.iss)?;
    let ClientProof::Keys(keys) = &client.proof else {
        return None;
    };
    let mut validation = Validation::new(Algorithm::ES256);
    let origin = sign_in.site.origin();
    validation.set_audience(&[origin.to_owned(), format!("{origin}/token")]);
    let verified = keys.keys.iter().find_map(|key| {
        let key = DecodingKey::from_jwk(key).ok()?;
        jsonwebtoken::decode::<Assertion>(assertion, &key, &validation).ok()
    });
    let claims = verified?.claims;
    let id = format!("{} {}", claims.iss, claims.jti);
    let is_fine = claims.iss == claims.sub && sign_in.state().use_assertion(id, claims.exp + 60);
    is_fine.then_some(client)
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::InvalidRequest => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::InvalidClient => (StatusCode::UNAUTHORIZED, "invalid_client"),
            Self::InvalidGrant => (StatusCode::BAD_REQUEST, "invalid_grant"),
            Self::UnsupportedGrantType => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
        };
        let answer = (status, Json(json!({ "error": error })));
        match status {
            StatusCode::UNAUTHORIZED => ([(WWW_AUTHENTICATE, "Basic")], answer).into_response(),
            _ => answer.into_response(),
        }
    }
}

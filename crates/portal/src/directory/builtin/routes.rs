//! The second port's answers to a sign-in provider. What they say is in docs/directories.md.

use super::sign_in::{SignInError, SignedIn, has_session, sign_in};
use crate::account::AccountId;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use kazasu_service::Clock;
use kazasu_service::limits::TooOften;
use kazasu_service::page::Language;
use kazasu_service::secret;
use kazasu_service::store::{Store, StoreError};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Far more than an account and a secret need.
const LONGEST_BODY: usize = 8 * 1024;

#[derive(Clone)]
struct Provider {
    store: Arc<Store>,
    token: [u8; 32],
    domain: Option<String>,
    now: Clock,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    account: String,
    secret: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Session {
    account: String,
    session_generation: i64,
}

/// `/directory/sign-in` and `/directory/session`, for whoever shows `token`. People may write
/// their account with `@domain`. `now` tells seconds since the Unix epoch.
pub fn routes(store: Arc<Store>, token: &str, domain: Option<String>, now: Clock) -> Router {
    let provider = Provider {
        store,
        token: secret::hash(token),
        domain,
        now,
    };
    Router::new()
        .route("/directory/sign-in", post(answer_sign_in))
        .route("/directory/session", post(answer_session))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(from_fn_with_state(provider.clone(), guard))
        .with_state(provider)
}

/// Nobody but the sign-in provider may guess passwords here.
async fn guard(State(provider): State<Provider>, request: Request, next: Next) -> Response {
    let header = request.headers().get(AUTHORIZATION);
    let token = header
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .unwrap_or_default();
    // Of hashes, so that the comparison does not even tell the length.
    let is_known = verify_slices_are_equal(&secret::hash(token), &provider.token).is_ok();
    let mut response = match is_known {
        true => next.run(request).await,
        false => {
            let refused = refusal(StatusCode::UNAUTHORIZED, "token");
            ([(WWW_AUTHENTICATE, "Bearer")], refused).into_response()
        }
    };
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    response
}

async fn answer_sign_in(
    State(provider): State<Provider>,
    body: Result<Json<SignIn>, JsonRejection>,
) -> Response {
    // What is wrong with it is not told: the message would quote it.
    let Ok(Json(SignIn { account, secret })) = body else {
        return refusal(StatusCode::BAD_REQUEST, "body");
    };
    let secret = Zeroizing::new(secret);
    let Some(account) = AccountId::parse(&account, provider.domain.as_deref()) else {
        return refusal(StatusCode::UNAUTHORIZED, "wrong");
    };
    match sign_in(&provider.store, &account, secret, (provider.now)()).await {
        Ok(person) => Json(as_json(&person)).into_response(),
        Err(SignInError::Wrong) => refusal(StatusCode::UNAUTHORIZED, "wrong"),
        Err(SignInError::Revoked) => refusal(StatusCode::LOCKED, "revoked"),
        Err(SignInError::Locked) => refusal(StatusCode::LOCKED, "locked"),
        Err(SignInError::TooOften { retry_after }) => {
            let refused = refusal(StatusCode::TOO_MANY_REQUESTS, "too_often");
            ([TooOften { retry_after }.header()], refused).into_response()
        }
        Err(SignInError::Store(error)) => unavailable(&error),
    }
}

async fn answer_session(
    State(provider): State<Provider>,
    body: Result<Json<Session>, JsonRejection>,
) -> Response {
    let Ok(Json(session)) = body else {
        return refusal(StatusCode::BAD_REQUEST, "body");
    };
    let Some(account) = AccountId::parse(&session.account, provider.domain.as_deref()) else {
        return refusal(StatusCode::UNAUTHORIZED, "ended");
    };
    let now = (provider.now)();
    match has_session(&provider.store, &account, session.session_generation, now).await {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => refusal(StatusCode::UNAUTHORIZED, "ended"),
        Err(error) => unavailable(&error),
    }
}

fn as_json(person: &SignedIn) -> serde_json::Value {
    json!({
        "account": person.account.as_str(),
        "kind": person.kind.as_str(),
        "names": person.names,
        "language": person.language.map(Language::tag),
        "with": person.with,
        "session_generation": person.session_generation,
    })
}

fn refusal(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "refused": why }))).into_response()
}

fn unavailable(error: &StoreError) -> Response {
    let source = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(%error, source, "the directory's database failed");
    refusal(StatusCode::SERVICE_UNAVAILABLE, "unavailable")
}

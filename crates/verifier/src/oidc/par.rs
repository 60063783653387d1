//! The pushed authorization request endpoint (RFC 9126): the request comes from the relying party
//! itself, so that no browser can alter it.

use super::client_auth::{ClientRequest, authenticate};
use super::request::{Origin, check};
use super::{NO_STORE, OAuthError};
use crate::app::App;
use crate::store::oidc::push;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kazasu_service::secret::{hash, random_text};
use std::sync::Arc;

/// RFC 9126 §2.2 suggests this form.
pub(super) const REQUEST_URI_PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

pub(super) async fn par(
    State(app): State<Arc<App>>,
    request: ClientRequest,
) -> Result<Response, OAuthError> {
    let now = app.now();
    let client = authenticate(&app, &request, now).await?;
    let origin = if client.by_key {
        Origin::Key
    } else {
        Origin::Exception
    };
    let request = check(&request.parameters, client.party, origin)?;
    let handle = random_text::<32>();
    let lifetime = app.settings.lifetimes.pushed_request;
    let hashed = hash(&handle);
    app.store
        .write(move |c| push(c, &hashed, &request, now + lifetime))
        .await?;
    let body = serde_json::json!({ "request_uri": format!("{REQUEST_URI_PREFIX}{handle}"), "expires_in": lifetime });
    Ok((StatusCode::CREATED, NO_STORE, axum::Json(body)).into_response())
}

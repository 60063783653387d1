//! The pushed authorization request endpoint (RFC 9126): every request comes this way, from the
//! relying party itself, so that no browser can alter it.

use super::client_auth::{Credentials, authenticate};
use super::{NO_STORE, OAuthError};
use crate::app::App;
use crate::secret::{hash, random_text};
use crate::settings::RelyingParty;
use crate::store::oidc::{PushedRequest, push};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kazasu_statement::{Claim, Language};
use serde::Deserialize;
use std::sync::Arc;

/// RFC 9126 §2.2 suggests this form.
pub(super) const REQUEST_URI_PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// Longer values of `state` and `nonce` have no use.
const MAX_ECHOED: usize = 1024;

/// The form; `serde` ignores parameters that are not named, as OpenID Connect asks.
#[derive(Deserialize)]
pub(super) struct Parameters {
    #[serde(flatten)]
    credentials: Credentials,
    response_type: Option<String>,
    response_mode: Option<String>,
    redirect_uri: Option<String>,
    scope: Option<String>,
    state: Option<String>,
    nonce: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    purpose: Option<String>,
    prompt: Option<String>,
    ui_locales: Option<String>,
    request: Option<String>,
    request_uri: Option<String>,
}

pub(super) async fn par(
    State(app): State<Arc<App>>,
    form: Result<Form<Parameters>, FormRejection>,
) -> Result<Response, OAuthError> {
    let Form(parameters) =
        form.map_err(|_| OAuthError::invalid_request("the body must be a form"))?;
    let now = app.now();
    let party = authenticate(&app, &parameters.credentials, now).await?;
    let request = parameters.check(party)?;
    let handle = random_text::<32>();
    let lifetime = app.settings.lifetimes.pushed_request;
    let hashed = hash(&handle);
    app.store
        .write(move |c| push(c, &hashed, &request, now + lifetime))
        .await?;
    let body = serde_json::json!({ "request_uri": format!("{REQUEST_URI_PREFIX}{handle}"), "expires_in": lifetime });
    Ok((StatusCode::CREATED, NO_STORE, axum::Json(body)).into_response())
}

impl Parameters {
    fn check(self, party: &RelyingParty) -> Result<PushedRequest, OAuthError> {
        if self.request.is_some() {
            return Err(OAuthError::Refused(
                "request_not_supported",
                "send the parameters themselves",
            ));
        }
        if self.request_uri.is_some() {
            return Err(OAuthError::invalid_request(
                "request_uri is what this endpoint returns",
            ));
        }
        let redirect_uri = self
            .redirect_uri
            .filter(|uri| party.redirect_uris.contains(uri));
        let redirect_uri = redirect_uri.ok_or(OAuthError::invalid_request(
            "redirect_uri is not a registered one",
        ))?;
        if self.response_type.as_deref() != Some("code") {
            return Err(OAuthError::Refused(
                "unsupported_response_type",
                "response_type must be code",
            ));
        }
        if self.response_mode.is_some_and(|mode| mode != "query") {
            return Err(OAuthError::invalid_request("response_mode must be query"));
        }
        let code_challenge = self.code_challenge.filter(|challenge| is_s256(challenge));
        if self.code_challenge_method.as_deref() != Some("S256") || code_challenge.is_none() {
            return Err(OAuthError::invalid_request(
                "PKCE with code_challenge_method S256 is required",
            ));
        }
        let scopes: Vec<&str> = self
            .scope
            .as_deref()
            .unwrap_or_default()
            .split(' ')
            .collect();
        if !scopes.contains(&"openid") {
            return Err(OAuthError::Refused(
                "invalid_scope",
                "scope must contain openid",
            ));
        }
        let wants_name = scopes.contains(&Claim::Name.as_str());
        if wants_name && !party.claims.contains(&Claim::Name) {
            return Err(OAuthError::Refused(
                "invalid_scope",
                "this client may not ask for the name",
            ));
        }
        let purpose = self.purpose.as_deref().and_then(|word| word.parse().ok());
        let purpose =
            purpose.ok_or(OAuthError::invalid_request("purpose is missing or unknown"))?;
        if !party.purposes.contains_key(&purpose) {
            return Err(OAuthError::Refused(
                "unauthorized_client",
                "this purpose is not allowed to this client",
            ));
        }
        let nonce = self
            .nonce
            .filter(|nonce| (1..=MAX_ECHOED).contains(&nonce.len()));
        let nonce = nonce.ok_or(OAuthError::invalid_request("nonce is missing or too long"))?;
        if self
            .state
            .as_ref()
            .is_some_and(|state| state.len() > MAX_ECHOED)
        {
            return Err(OAuthError::invalid_request("state is too long"));
        }
        Ok(PushedRequest {
            relying_party: party.id.clone(),
            redirect_uri,
            request_state: self.state,
            nonce,
            code_challenge: code_challenge.unwrap_or_default(),
            purpose,
            wants_name,
            language: self.ui_locales.as_deref().and_then(first_language),
            prompt_none: self
                .prompt
                .is_some_and(|prompt| prompt.split(' ').any(|word| word == "none")),
        })
    }
}

/// A SHA-256 in base64url: RFC 7636 §4.2.
fn is_s256(challenge: &str) -> bool {
    crate::secret::from_base64url(challenge).is_some_and(|bytes| bytes.len() == 32)
}

/// The first of the BCP 47 tags, in order of preference, that is a language of ours.
fn first_language(tags: &str) -> Option<Language> {
    tags.split(' ')
        .find_map(|tag| tag.split('-').next()?.to_ascii_lowercase().parse().ok())
}

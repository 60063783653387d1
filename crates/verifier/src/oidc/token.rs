//! The token endpoint: a code, once, for an ID token. There is no userinfo endpoint; what there
//! is, is in the token.

use super::client_auth::{Credentials, authenticate};
use super::{NO_STORE, OAuthError};
use crate::app::App;
use crate::failure::Failure;
use crate::ppid::ppid;
use crate::sealed_name;
use crate::secret::{base64url, hash, random_text};
use crate::settings::RelyingParty;
use crate::store::oidc::{Redeemed, Redemption, redeem};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Response};
use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Shortest and longest code verifier: RFC 7636 §4.1.
const VERIFIER_LENGTHS: std::ops::RangeInclusive<usize> = 43..=128;

#[derive(Deserialize)]
pub(super) struct Parameters {
    #[serde(flatten)]
    credentials: Credentials,
    grant_type: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
}

/// What the relying party learns. docs/protocol.md explains each claim.
#[derive(Serialize)]
struct IdToken<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    iat: i64,
    exp: i64,
    auth_time: i64,
    nonce: &'a str,
    acr: String,
    amr: [&'static str; 2],
    purpose: &'static str,
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// The companion read it; the card's signature binds it, but nobody checked its source.
    #[serde(skip_serializing_if = "Option::is_none")]
    name_assurance: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    relink_required: bool,
}

#[derive(Serialize)]
struct TokenResponse {
    /// OAuth requires one; it opens nothing.
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    id_token: String,
}

pub(super) async fn token(
    State(app): State<Arc<App>>,
    form: Result<Form<Parameters>, FormRejection>,
) -> Result<Response, OAuthError> {
    let Form(parameters) =
        form.map_err(|_| OAuthError::invalid_request("the body must be a form"))?;
    let now = app.now();
    let party = authenticate(&app, &parameters.credentials, now).await?;
    let redemption = parameters.check(party)?;
    let redeemed = app
        .store
        .write(move |c| redeem(c, &redemption, now))
        .await?;
    let redeemed = redeemed.ok_or(OAuthError::Refused(
        "invalid_grant",
        "the code is unknown, used or expired, or was issued for another request",
    ))?;
    app.store.announce(&redeemed.transaction.id);
    let id_token = id_token(&app, party, &redeemed, now).await?;
    tracing::info!(relying_party = party.id, "a transaction was redeemed");
    let response = TokenResponse {
        access_token: random_text::<32>(),
        token_type: "Bearer",
        expires_in: app.settings.lifetimes.id_token,
        id_token,
    };
    Ok((NO_STORE, axum::Json(response)).into_response())
}

impl Parameters {
    fn check(self, party: &RelyingParty) -> Result<Redemption, OAuthError> {
        if self.grant_type.as_deref() != Some("authorization_code") {
            return Err(OAuthError::Refused(
                "unsupported_grant_type",
                "grant_type must be authorization_code",
            ));
        }
        let verifier = self
            .code_verifier
            .filter(|verifier| VERIFIER_LENGTHS.contains(&verifier.len()));
        let (Some(code), Some(redirect_uri), Some(verifier)) =
            (self.code, self.redirect_uri, verifier)
        else {
            return Err(OAuthError::invalid_request(
                "code, redirect_uri and code_verifier are required",
            ));
        };
        Ok(Redemption {
            code_hash: hash(code),
            relying_party: party.id.clone(),
            redirect_uri,
            code_challenge: base64url(&hash(verifier)),
        })
    }
}

async fn id_token(
    app: &App,
    party: &RelyingParty,
    redeemed: &Redeemed,
    now: i64,
) -> Result<String, Failure> {
    let transaction = &redeemed.transaction;
    let sub = ppid(
        &app.keys,
        redeemed.subject.pairwise_version,
        &party.sector,
        &redeemed.subject_id,
    )
    .await?;
    let name = match &transaction.sealed_name {
        None => None,
        Some(sealed) => {
            Some(sealed_name::open(&app.keys, &transaction.id, sealed).ok_or(Failure::NameSealed)?)
        }
    };
    let claims = IdToken {
        iss: &app.settings.origin,
        sub,
        aud: &party.id,
        iat: now,
        exp: now + app.settings.lifetimes.id_token,
        auth_time: transaction.auth_time.unwrap_or(now),
        nonce: &transaction.nonce,
        acr: app.settings.acr(),
        // RFC 8176: a smart card, and its PIN.
        amr: ["sc", "pin"],
        purpose: transaction.purpose.as_str(),
        mode: transaction.mode.map_or("", |mode| mode.as_str()),
        name: name.as_deref().map(String::as_str),
        name_assurance: name.as_ref().map(|_| "companion"),
        relink_required: redeemed.subject.lineage_broken,
    };
    Ok(app.keys.sign_token(Algorithm::ES256, &claims, now).await?)
}

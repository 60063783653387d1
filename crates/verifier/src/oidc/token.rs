//! The token endpoint: a code, once, for an ID token. There is no userinfo endpoint; what there
//! is, is in the token.

use super::client_auth::{ClientRequest, authenticate};
use super::id_token::{Tokens, id_token, seconds};
use super::parameters::Parameters;
use super::{NO_STORE, OAuthError, Refusal};
use crate::app::App;
use crate::settings::{RelyingParty, hands_out_access};
use crate::store::oidc::{Redemption, redeem};
use crate::transaction::State as Stage;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kazasu_service::secret::{base64url, hash, random_text};
use openidconnect::core::CoreTokenType;
use openidconnect::{AccessToken, EmptyExtraTokenFields, IdTokenFields};
use std::sync::Arc;

/// Shortest and longest code verifier: RFC 7636 §4.1.
const VERIFIER_LENGTHS: std::ops::RangeInclusive<usize> = 43..=128;

pub(super) async fn token(
    State(app): State<Arc<App>>,
    request: ClientRequest,
) -> Result<Response, OAuthError> {
    let now = app.now();
    let client = authenticate(&app, &request, now).await?;
    let redemption = redemption(&request.parameters, client.party)?;
    let redeemed = app
        .store
        .write(move |c| redeem(c, &redemption, now))
        .await?;
    let redeemed = redeemed.ok_or(Refusal(
        "invalid_grant",
        "the code is unknown, used or expired, or was issued for another request",
    ))?;
    app.reached(&redeemed.transaction.id, Stage::Redeemed);
    // The request may be older than the settings, which refuse this together.
    if !client.by_key && hands_out_access(redeemed.transaction.purpose) {
        let refusal = Refusal("unauthorized_client", "this purpose needs private_key_jwt");
        return Err(refusal.into());
    }
    let id_token = id_token(&app, client.party, &redeemed, now).await?;
    tracing::info!(
        relying_party = client.party.id,
        "a transaction was redeemed"
    );
    // OAuth requires an access token; this one opens nothing.
    let access_token = AccessToken::new(random_text::<32>());
    let fields = IdTokenFields::new(Some(id_token), EmptyExtraTokenFields {});
    let mut tokens = Tokens::new(access_token, CoreTokenType::Bearer, fields);
    tokens.set_expires_in(Some(&seconds(app.settings.lifetimes.id_token)));
    Ok((NO_STORE, axum::Json(tokens)).into_response())
}

fn redemption(parameters: &Parameters, party: &RelyingParty) -> Result<Redemption, Refusal> {
    if parameters.get("grant_type") != Some("authorization_code") {
        return Err(Refusal(
            "unsupported_grant_type",
            "grant_type must be authorization_code",
        ));
    }
    let verifier = parameters
        .get("code_verifier")
        .filter(|verifier| VERIFIER_LENGTHS.contains(&verifier.len()));
    let (Some(code), Some(redirect_uri), Some(verifier)) = (
        parameters.get("code"),
        parameters.get("redirect_uri"),
        verifier,
    ) else {
        return Err(Refusal::invalid_request(
            "code, redirect_uri and code_verifier are required",
        ));
    };
    Ok(Redemption {
        code_hash: hash(code),
        relying_party: party.id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        code_challenge: base64url(&hash(verifier)),
    })
}

//! The university's sign-in: which account somebody just signed in to.

use super::client::{Begun, Client, OpenIdError, Proof};
use crate::keys::SharedKeys;
use crate::settings::{self, ClientAuthentication};
use kazasu_service::page::Language;
use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Every claim that is not one of the standard's. Which one names the account is a setting.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OtherClaims {
    #[serde(flatten)]
    all: BTreeMap<String, serde_json::Value>,
}

impl AdditionalClaims for OtherClaims {}

/// A sign-in that is fresh and strong enough, or why it is not.
pub(crate) enum SignedIn {
    /// To the account that this text names.
    As {
        account: String,
        /// When, in seconds since the Unix epoch.
        at: i64,
    },
    /// The provider did not ask again: the sign-in is from before the procedure.
    Stale,
    /// Without the second factor that is asked for.
    Weak,
}

/// The portal as a client of the sign-in.
pub(crate) struct SignInProvider {
    client: Client<OtherClaims>,
    settings: settings::SignIn,
}

impl SignInProvider {
    pub(crate) fn new(
        settings: settings::SignIn,
        redirect_uri: String,
        keys: SharedKeys,
    ) -> Result<Self, reqwest::Error> {
        let proof = match &settings.authentication {
            ClientAuthentication::Key => Proof::Key(keys),
            ClientAuthentication::Secret(text) => Proof::Secret(text.clone()),
        };
        let client = Client::new(&settings.issuer, &settings.client_id, redirect_uri, proof)?;
        Ok(Self { client, settings })
    }

    /// Asks for a sign-in anew, whatever session there is.
    pub(crate) async fn begin(&self, language: Language, now: i64) -> Result<Begun, OpenIdError> {
        let mut parameters = vec![
            ("prompt", "login".to_owned()),
            ("max_age", "0".to_owned()),
            ("ui_locales", language.tag().to_owned()),
        ];
        if !self.settings.acr_values.is_empty() {
            parameters.push(("acr_values", self.settings.acr_values.join(" ")));
        }
        self.client
            .begin(&self.settings.scopes, &parameters, false, now)
            .await
    }

    /// Whether an answer is from the sign-in.
    pub(crate) async fn is_issuer(
        &self,
        said: Option<&str>,
        now: i64,
    ) -> Result<bool, OpenIdError> {
        self.client.is_issuer(said, now).await
    }

    /// Who signed in, not before `since`.
    pub(crate) async fn finish(
        &self,
        code: String,
        nonce: &str,
        code_verifier: String,
        since: i64,
        now: i64,
    ) -> Result<SignedIn, OpenIdError> {
        let claims = self.client.redeem(code, nonce, code_verifier, now).await?;
        let at = claims
            .auth_time()
            .ok_or(OpenIdError::Metadata("auth_time"))?
            .timestamp();
        if at < since - self.settings.clock_skew || at > now + self.settings.clock_skew {
            return Ok(SignedIn::Stale);
        }
        let acr = claims.auth_context_ref().map(|acr| acr.to_string());
        let accepted = &self.settings.acr_values;
        if !accepted.is_empty() && !acr.is_some_and(|acr| accepted.contains(&acr)) {
            return Ok(SignedIn::Weak);
        }
        let account = match self.settings.account_claim.as_str() {
            "sub" => Some(claims.subject().to_string()),
            "preferred_username" => claims.preferred_username().map(|name| name.to_string()),
            "email" => claims.email().map(|email| email.to_string()),
            other => claims
                .additional_claims()
                .all
                .get(other)
                .and_then(|value| value.as_str())
                .map(str::to_owned),
        };
        let account = account.ok_or(OpenIdError::Metadata("sign_in.account_claim"))?;
        Ok(SignedIn::As { account, at })
    }
}

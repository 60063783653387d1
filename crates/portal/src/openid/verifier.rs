//! The verifier: who tapped, as the portal knows them.

use super::client::{Begun, Client, OpenIdError, Proof};
use crate::keys::SharedKeys;
use crate::settings;
use kazasu_service::page::Language;
use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What the verifier's ID tokens say besides the standard claims.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TapClaims {
    purpose: String,
    #[serde(default)]
    relink_required: bool,
}

impl AdditionalClaims for TapClaims {}

/// A verified tap.
pub(crate) struct Tapped {
    /// The pairwise pseudonym.
    pub(crate) ppid: String,
    /// The name on the card.
    pub(crate) name: Zeroizing<String>,
    /// What it was for. It is good for nothing else.
    pub(crate) purpose: String,
    /// When, in seconds since the Unix epoch.
    pub(crate) at: i64,
    /// This card could not be tied to the one that was linked before.
    pub(crate) relink_required: bool,
}

/// The portal as a client of the verifier.
pub(crate) struct VerifierProvider {
    client: Client<TapClaims>,
}

impl VerifierProvider {
    pub(crate) fn new(
        settings: &settings::Verifier,
        redirect_uri: String,
        keys: SharedKeys,
    ) -> Result<Self, reqwest::Error> {
        let client = Client::new(
            &settings.issuer,
            &settings.client_id,
            redirect_uri,
            Proof::Key(keys),
        )?;
        Ok(Self { client })
    }

    /// Asks for a tap with this purpose, and for the name.
    pub(crate) async fn begin(
        &self,
        purpose: &str,
        language: Language,
        now: i64,
    ) -> Result<Begun, OpenIdError> {
        let parameters = [
            ("purpose", purpose.to_owned()),
            ("ui_locales", language.tag().to_owned()),
        ];
        self.client
            .begin(&["name".to_owned()], &parameters, true, now)
            .await
    }

    /// Whether an answer is from the verifier.
    pub(crate) async fn is_issuer(
        &self,
        said: Option<&str>,
        now: i64,
    ) -> Result<bool, OpenIdError> {
        self.client.is_issuer(said, now).await
    }

    /// Who tapped.
    pub(crate) async fn finish(
        &self,
        code: String,
        nonce: &str,
        code_verifier: String,
        now: i64,
    ) -> Result<Tapped, OpenIdError> {
        let claims = self.client.redeem(code, nonce, code_verifier, now).await?;
        let name = claims.name().and_then(|name| name.get(None));
        let name = name.ok_or(OpenIdError::Metadata("name"))?;
        let at = claims
            .auth_time()
            .ok_or(OpenIdError::Metadata("auth_time"))?;
        let said = claims.additional_claims();
        Ok(Tapped {
            ppid: claims.subject().to_string(),
            name: Zeroizing::new(name.to_string()),
            purpose: said.purpose.clone(),
            at: at.timestamp(),
            relink_required: said.relink_required,
        })
    }
}

//! What a relying party does with a tap: codes for ID tokens, whose signatures it checks.

use super::World;
use crate::harness::{CODE_VERIFIER, REDIRECT_URI};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use kazasu_emulator::authority::IssuedCard;
use kazasu_statement::Reason;
use reqwest::StatusCode;
use serde_json::Value;

impl World {
    /// A whole tap for the portal; the claims of its ID token, or why there is none.
    pub(crate) async fn tap(&self, card: &IssuedCard) -> Result<Value, Reason> {
        let mut claimed = self.claimed("other-device").await;
        claimed.accepted(card).await?;
        let code = claimed.code().await;
        Ok(self
            .redeem(&code, CODE_VERIFIER)
            .await
            .expect("a fresh code"))
    }

    /// The same for the other relying party.
    pub(crate) async fn tap_elsewhere(&self, card: &IssuedCard) -> Value {
        let mut claimed = self.claimed_elsewhere().await;
        claimed.accepted(card).await.unwrap();
        let code = claimed.code().await;
        let redirect_uri = "https://nameless.example/";
        self.redeem_as("nameless", redirect_uri, &code, CODE_VERIFIER)
            .await
            .unwrap()
    }

    /// Redeems a code of the portal's: the verified claims of the ID token, or the error.
    pub(crate) async fn redeem(&self, code: &str, verifier: &str) -> Result<Value, String> {
        self.redeem_as("portal", REDIRECT_URI, code, verifier).await
    }

    pub(crate) async fn redeem_as(
        &self,
        party: &str,
        redirect_uri: &str,
        code: &str,
        verifier: &str,
    ) -> Result<Value, String> {
        let id_token = self.token(party, redirect_uri, code, verifier).await?;
        Ok(self.id_token(party, &id_token).await)
    }

    /// Redeems a code of any relying party's: the ID token as it is sent, or the error.
    pub(crate) async fn token(
        &self,
        party: &str,
        redirect_uri: &str,
        code: &str,
        verifier: &str,
    ) -> Result<String, String> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        let assertion = self.server.sign(&self.server.client_claims_of(party));
        let (status, body) = self.server.post("/oidc/token", &assertion, &form).await;
        if status != StatusCode::OK {
            return Err(body["error"].as_str().unwrap().to_owned());
        }
        Ok(body["id_token"].as_str().unwrap().to_owned())
    }

    /// The keys that relying parties are shown.
    pub(crate) async fn jwks(&self) -> JwkSet {
        let url = format!("{}/oidc/jwks", self.server.origin);
        let answer = self.server.http.get(url).send().await.unwrap();
        answer.json().await.unwrap()
    }

    async fn id_token(&self, party: &str, id_token: &str) -> Value {
        let keys = self.jwks().await;
        let kid = jsonwebtoken::decode_header(id_token).unwrap().kid.unwrap();
        let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
        // What the harness configures.
        let algorithm = match party {
            "nameless" => Algorithm::RS256,
            _ => Algorithm::ES256,
        };
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&[party]);
        validation.set_issuer(&[&self.server.origin]);
        validation.validate_exp = false; // its clock is not the tests'
        jsonwebtoken::decode(id_token, &key, &validation)
            .unwrap()
            .claims
    }
}

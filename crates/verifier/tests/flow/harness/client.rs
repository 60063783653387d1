//! What a relying party does behind the browser's back: it proves who it is, and posts forms.

use super::{CODE_CHALLENGE, REDIRECT_URI, Server};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header, jwk::Jwk};
use reqwest::StatusCode;
use reqwest::header::CACHE_CONTROL;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

impl Server {
    /// The claims of the portal's client assertion as they should be.
    pub(crate) fn client_claims(&self) -> Value {
        self.client_claims_of("portal")
    }

    pub(crate) fn client_claims_of(&self, party: &str) -> Value {
        static ASSERTIONS: AtomicU32 = AtomicU32::new(0);
        let number = ASSERTIONS.fetch_add(1, Ordering::SeqCst);
        json!({ "iss": party, "sub": party, "aud": self.origin, "iat": self.now(),
            "exp": self.now() + 60, "jti": format!("jti-{number}") })
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        jsonwebtoken::encode(&Header::new(Algorithm::ES256), claims, &self.key).unwrap()
    }

    /// The same of a header and claims as they are written, sense or nonsense.
    pub(crate) fn sign_raw(&self, header: &str, claims: &str) -> String {
        let parts = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        let message = parts.join(".");
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.key, Algorithm::ES256);
        format!("{message}.{}", signature.unwrap())
    }

    /// The public key that the relying parties are registered with.
    pub(crate) fn public_jwk(&self) -> Value {
        json!(Jwk::from_encoding_key(&self.key, Algorithm::ES256).unwrap())
    }

    /// Posts a form of the relying party's; returns status and JSON, which nobody may keep: RFC
    /// 6749 §5.1.
    pub(crate) async fn post(
        &self,
        path: &str,
        client_assertion: &str,
        form: &[(&str, &str)],
    ) -> (StatusCode, Value) {
        let mut fields = vec![
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", client_assertion),
        ];
        fields.extend_from_slice(form);
        let url = format!("{}{path}", self.origin);
        let response = self.http.post(url).form(&fields).send().await.unwrap();
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        (response.status(), response.json().await.unwrap())
    }

    /// Pushes a request of the portal's with some parameters changed; an empty value leaves one
    /// out.
    pub(crate) async fn push(&self, changes: &[(&str, &str)]) -> (StatusCode, Value) {
        self.push_as("portal", changes).await
    }

    pub(super) async fn push_as(
        &self,
        party: &str,
        changes: &[(&str, &str)],
    ) -> (StatusCode, Value) {
        let assertion = self.sign(&self.client_claims_of(party));
        self.push_with(&assertion, changes).await
    }

    /// The same with a client assertion of the test's.
    pub(crate) async fn push_with(
        &self,
        assertion: &str,
        changes: &[(&str, &str)],
    ) -> (StatusCode, Value) {
        let mut form = request();
        form.retain(|(key, _)| !changes.iter().any(|(changed, _)| changed == key));
        form.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        self.post("/oidc/par", assertion, &form).await
    }

    /// Pushes a request with one parameter a second time.
    pub(crate) async fn push_twice(
        &self,
        assertion: &str,
        parameter: (&str, &str),
    ) -> (StatusCode, Value) {
        let mut form = request();
        form.insert(0, parameter);
        if parameter.0 == "client_id" {
            form.push(("client_id", "portal"));
        }
        self.post("/oidc/par", assertion, &form).await
    }
}

/// A request of the portal's that has everything it needs.
fn request<'a>() -> Vec<(&'a str, &'a str)> {
    vec![
        ("response_type", "code"),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "openid name"),
        ("state", "the state"),
        ("nonce", "the nonce"),
        ("code_challenge", CODE_CHALLENGE),
        ("code_challenge_method", "S256"),
        ("purpose", "link"),
        ("ui_locales", "en"),
    ]
}

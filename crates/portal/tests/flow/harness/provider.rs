//! An OpenID Provider of the tests' own, for taps and for sign-ins: as strict as a real one with its
//! client, and as wrong as a test wants it with its answers.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use kazasu_service::secret::{hash, random_text};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use url::Url;

type Fields = HashMap<String, String>;

pub(crate) struct Provider {
    pub(crate) issuer: String,
    inner: Arc<Inner>,
}

struct Inner {
    issuer: String,
    client_id: &'static str,
    client: JwkSet,
    clock: Arc<AtomicI64>,
    key: EncodingKey,
    another_key: EncodingKey,
    is_down: AtomicBool,
    /// Whoever asks for the metadata waits for one of these.
    answers: Semaphore,
    discoveries: AtomicUsize,
    assertions: Mutex<HashSet<String>>,
    pushed: Mutex<HashMap<String, Fields>>,
    codes: Mutex<HashMap<String, (Fields, Answer)>>,
}

/// What the ID token says besides what it has to, and how it is wrong.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// Over the claims that a right one has; `null` leaves one out.
    pub(crate) claims: Value,
    pub(crate) signature: Signature,
}

/// How an ID token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    Right,
    /// With a key that is not in the JWK Set.
    Forged,
    /// It says that it has none.
    Missing,
}

impl Answer {
    pub(crate) fn saying(claims: Value) -> Self {
        Self {
            claims,
            signature: Signature::Right,
        }
    }

    /// The same, but for this claim.
    pub(crate) fn but(mut self, claim: &str, value: impl Into<Value>) -> Self {
        self.claims[claim] = value.into();
        self
    }

    pub(crate) fn signed(self, signature: Signature) -> Self {
        Self { signature, ..self }
    }
}

impl Provider {
    /// Starts one that knows the client `client_id` by these keys.
    pub(super) async fn start(
        client_id: &'static str,
        client: &Value,
        clock: Arc<AtomicI64>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner {
            issuer: issuer.clone(),
            client_id,
            client: serde_json::from_value(client.clone()).unwrap(),
            clock,
            key: key(),
            another_key: key(),
            is_down: AtomicBool::new(false),
            answers: Semaphore::new(Semaphore::MAX_PERMITS),
            discoveries: AtomicUsize::new(0),
            assertions: Mutex::default(),
            pushed: Mutex::default(),
            codes: Mutex::default(),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(jwks))
            .route("/par", post(push))
            .route("/token", post(redeem))
            .with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { issuer, inner }
    }

    /// From now on it answers nothing but that it cannot, or answers again.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.inner.is_down.store(is_down, Ordering::SeqCst);
    }

    /// From now on it lets whoever asks for its metadata wait.
    pub(crate) fn hold(&self) {
        self.inner.answers.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Whoever waits gets an answer, and whoever comes.
    pub(crate) fn release(&self) {
        self.inner.answers.add_permits(Semaphore::MAX_PERMITS);
    }

    /// How often it was asked for its metadata.
    pub(crate) fn discoveries(&self) -> usize {
        self.inner.discoveries.load(Ordering::SeqCst)
    }

    /// What the portal asks for in the request that it sent a browser off with.
    pub(crate) fn asked(&self, request: &str) -> Fields {
        let url = Url::parse(request).unwrap();
        assert!(
            request.starts_with(&format!("{}/authorize?", self.issuer)),
            "{url}"
        );
        let fields: Fields = url.query_pairs().into_owned().collect();
        assert_eq!(fields["client_id"], self.inner.client_id);
        let fields = match fields.get("request_uri") {
            Some(reference) => self.inner.pushed.lock().unwrap()[reference].clone(),
            None => fields,
        };
        assert_eq!(fields["response_type"], "code");
        assert_eq!(fields["code_challenge_method"], "S256");
        assert!(fields["scope"].split(' ').any(|scope| scope == "openid"));
        assert!(fields["state"].len() >= 16 && fields["nonce"].len() >= 16);
        fields
    }

    /// Where the browser goes once the person has done what was asked for.
    pub(crate) fn answer(&self, request: &str, answer: Answer) -> String {
        let asked = self.asked(request);
        let code = random_text::<16>();
        let (redirect, state) = (asked["redirect_uri"].clone(), asked["state"].clone());
        let mut codes = self.inner.codes.lock().unwrap();
        codes.insert(code.clone(), (asked, answer));
        let fields = [
            ("code", code),
            ("state", state),
            ("iss", self.issuer.clone()),
        ];
        Url::parse_with_params(&redirect, fields).unwrap().into()
    }

    /// Where the browser goes with an error.
    pub(crate) fn refuse(&self, request: &str, error: &str) -> String {
        let asked = self.asked(request);
        let fields = [
            ("error", error),
            ("state", &asked["state"]),
            ("iss", &self.issuer),
        ];
        Url::parse_with_params(&asked["redirect_uri"], fields)
            .unwrap()
            .into()
    }
}

fn key() -> EncodingKey {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref())
}

async fn metadata(State(inner): State<Arc<Inner>>) -> Response {
    inner.discoveries.fetch_add(1, Ordering::SeqCst);
    drop(inner.answers.acquire().await.unwrap());
    let issuer = &inner.issuer;
    inner.unless_down(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "pushed_authorization_request_endpoint": format!("{issuer}/par"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn jwks(State(inner): State<Arc<Inner>>) -> Response {
    let mut jwk = json!(Jwk::from_encoding_key(&inner.key, Algorithm::ES256).unwrap());
    jwk["kid"] = json!("1");
    jwk["use"] = json!("sig");
    inner.unless_down(json!({ "keys": [jwk] }))
}

async fn push(State(inner): State<Arc<Inner>>, Form(fields): Form<Fields>) -> Response {
    if let Err(why) = inner.authenticate(&fields) {
        return refused(why);
    }
    let reference = format!("urn:ietf:params:oauth:request_uri:{}", random_text::<16>());
    inner
        .pushed
        .lock()
        .unwrap()
        .insert(reference.clone(), fields);
    let body = json!({ "request_uri": reference, "expires_in": 60 });
    match inner.unless_down(body) {
        answer if answer.status() == StatusCode::OK => {
            (StatusCode::CREATED, answer).into_response()
        }
        down => down,
    }
}

async fn redeem(State(inner): State<Arc<Inner>>, Form(fields): Form<Fields>) -> Response {
    if let Err(why) = inner.authenticate(&fields) {
        return refused(why);
    }
    let code = inner.codes.lock().unwrap().remove(&fields["code"]);
    // Good once: RFC 6749 §4.1.2.
    let Some((asked, answer)) = code else {
        return refused("invalid_grant");
    };
    let challenge = URL_SAFE_NO_PAD.encode(hash(&fields["code_verifier"]));
    if challenge != asked["code_challenge"] || fields["redirect_uri"] != asked["redirect_uri"] {
        return refused("invalid_grant");
    }
    let id_token = inner.id_token(&asked, &answer);
    inner.unless_down(json!({
        "access_token": "worthless", "token_type": "Bearer", "expires_in": 60, "id_token": id_token,
    }))
}

fn refused(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response()
}

impl Inner {
    fn now(&self) -> i64 {
        self.clock.load(Ordering::SeqCst)
    }

    fn unless_down(&self, body: Value) -> Response {
        match self.is_down.load(Ordering::SeqCst) {
            true => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            false => Json(body).into_response(),
        }
    }

    /// `private_key_jwt`, OpenID Connect Core §9.
    fn authenticate(&self, fields: &Fields) -> Result<(), &'static str> {
        const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        if fields.get("client_assertion_type").map(String::as_str) != Some(TYPE) {
            return Err("invalid_client");
        }
        let mut validation = Validation::new(Algorithm::ES256);
        validation.validate_exp = false;
        validation.set_audience(&[&self.issuer]);
        validation.set_issuer(&[self.client_id]);
        let key = DecodingKey::from_jwk(&self.client.keys[0]).unwrap();
        let token = &fields["client_assertion"];
        let decoded = jsonwebtoken::decode::<Value>(token, &key, &validation);
        let claims = decoded.map_err(|_| "invalid_client")?.claims;
        let [issued, expires] = ["iat", "exp"].map(|claim| claims[claim].as_i64().unwrap());
        let is_fresh = issued <= self.now() && self.now() < expires && expires - issued <= 300;
        let id = claims["jti"].as_str().unwrap().to_owned();
        let is_new = self.assertions.lock().unwrap().insert(id);
        match is_fresh && is_new && claims["sub"] == self.client_id {
            true => Ok(()),
            false => Err("invalid_client"),
        }
    }

    fn id_token(&self, asked: &Fields, answer: &Answer) -> String {
        let mut claims = json!({
            "iss": self.issuer, "aud": self.client_id, "nonce": asked["nonce"],
            "iat": self.now(), "exp": self.now() + 300,
        });
        for (name, value) in answer.claims.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some("1".to_owned());
        let key = match answer.signature {
            Signature::Right => &self.key,
            Signature::Forged => &self.another_key,
            Signature::Missing => {
                let parts = [r#"{"alg":"none"}"#.to_owned(), claims.to_string()];
                return parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".") + ".";
            }
        };
        jsonwebtoken::encode(&header, &claims, key).unwrap()
    }
}

//! A directory, the sign-in, and two services that use it.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use kazasu_demo::browser::{Browser, Page, Visit, client};
use kazasu_demo::es256::SigningKey;
use kazasu_demo::sign_in::{self, Client, ClientProof, DirectoryAddress, SignInSetup};
use kazasu_demo::site::{Place, Served};
use openidconnect::core::*;
use openidconnect::{
    AuthType, AuthenticationContextClass, AuthenticationFlow, AuthorizationCode,
    AuthorizationRequest, ClientId, ClientSecret, CsrfToken, EmptyAdditionalClaims,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, IdTokenClaims, IssuerUrl, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, TokenResponse,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use url::Url;

pub(crate) const PASSWORD: &str = "Mihon-Taro-2026";
pub(crate) const SECRET: &str = "the secret of the service, & more";
const TOKEN: &str = "the token of the directory";
const CALLBACK: &str = "http://portal.localhost/callback";

pub(crate) struct University {
    pub(crate) origin: Url,
    pub(crate) with_secret: Service,
    pub(crate) with_key: Service,
    pub(crate) started: i64,
    accounts: Accounts,
    _served: [Served; 2],
}

#[derive(Clone, Default)]
pub(crate) struct Account {
    pub(crate) generation: i64,
    pub(crate) refused: Option<(u16, &'static str)>,
}

type Accounts = Arc<Mutex<BTreeMap<String, Account>>>;
type Configured = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;
type Tokens = CoreTokenResponse;
type Claims = IdTokenClaims<EmptyAdditionalClaims, CoreGenderClaim>;
type Authorization<'a> =
    AuthorizationRequest<'a, CoreAuthDisplay, CoreAuthPrompt, CoreResponseType>;

impl University {
    pub(crate) async fn start() -> Self {
        let started = now();
        let accounts = Accounts::default();
        for account in ["1000000001", "1000000006"] {
            let mut all = accounts.lock().unwrap();
            all.insert(account.to_owned(), Account::default());
        }
        let directory = Place::take("directory", 0).await.unwrap();
        let place = Place::take("sign-in", 0).await.unwrap();
        let key = SigningKey::new().unwrap();
        let jwks = serde_json::from_value(key.jwks()).unwrap();
        let registered = |id: &str, proof| Client {
            id: id.to_owned(),
            name: ["ポータル".to_owned(), "Portal".to_owned()],
            redirect_uris: vec![CALLBACK.to_owned()],
            proof,
        };
        let router = sign_in::router(SignInSetup {
            origin: place.origin().to_owned(),
            clients: vec![
                registered("secretive", ClientProof::Secret(SECRET.to_owned())),
                registered("keyed", ClientProof::Keys(jwks)),
            ],
            directory: DirectoryAddress {
                origin: directory.origin().to_owned(),
                token: TOKEN.to_owned(),
            },
            lost_authenticators: vec!["1000000006".to_owned()],
            recovery: "http://portal.localhost/recover".to_owned(),
        });
        let origin = Url::parse(place.origin()).unwrap();
        let issuer = place.origin().to_owned();
        let routes = Router::new()
            .route("/directory/sign-in", post(answer_sign_in))
            .route("/directory/session", post(answer_session))
            .with_state(accounts.clone());
        let served = [directory.serve(routes), place.serve(router.unwrap())];
        Self {
            origin,
            with_secret: Service::discover(&issuer, "secretive", None).await,
            with_key: Service::discover(&issuer, "keyed", Some(key)).await,
            started,
            accounts,
            _served: served,
        }
    }

    pub(crate) fn change(&self, account: &str, how: impl FnOnce(&mut Account)) {
        how(self.accounts.lock().unwrap().get_mut(account).unwrap());
    }

    /// Goes through the pages, up to the service.
    pub(crate) async fn sign_in(&self, browser: &mut Browser, asked: &Asked, account: &str) -> Url {
        let page = browser.open(&asked.url).await.unwrap().page().unwrap();
        let page = self.type_password(browser, &page, account).await;
        let page = page.page().unwrap();
        let approve = page.attribute("approve", "action").unwrap();
        let visit = browser.submit(&page, &approve, &[]).await.unwrap();
        visit.callback().unwrap()
    }

    pub(crate) async fn type_password(
        &self,
        browser: &mut Browser,
        page: &Page,
        account: &str,
    ) -> Visit {
        let form = [("account", account), ("secret", PASSWORD)];
        browser.submit(page, page.url.path(), &form).await.unwrap()
    }
}

/// A service that signs people in.
pub(crate) struct Service {
    issuer: String,
    client: Configured,
    key: Option<SigningKey>,
}

/// What a service asked for, and has to remember.
pub(crate) struct Asked {
    pub(crate) url: Url,
    pub(crate) verifier: PkceCodeVerifier,
    state: CsrfToken,
    nonce: Nonce,
}

impl Asked {
    /// As the portal does when somebody links a card.
    pub(crate) fn anew(service: &Service) -> Self {
        Self::with(service, |request| {
            let acr = AuthenticationContextClass::new(sign_in::ACR_MFA.to_owned());
            request
                .add_prompt(CoreAuthPrompt::Login)
                .set_max_age(std::time::Duration::ZERO)
                .add_auth_context_value(acr)
        })
    }

    pub(crate) fn plainly(service: &Service) -> Self {
        Self::with(service, |request| request)
    }

    pub(crate) fn for_password(service: &Service) -> Self {
        let acr = AuthenticationContextClass::new(sign_in::ACR_PASSWORD.to_owned());
        Self::with(service, |request| request.add_auth_context_value(acr))
    }

    pub(crate) fn with<'a>(
        service: &'a Service,
        how: impl FnOnce(Authorization<'a>) -> Authorization<'a>,
    ) -> Self {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let request = service
            .client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .set_pkce_challenge(challenge);
        let (url, state, nonce) = how(request).url();
        Self {
            url,
            verifier,
            state,
            nonce,
        }
    }

    /// The request with another value of a parameter.
    pub(crate) fn changed(&self, parameter: &str, value: &str) -> Url {
        let others: Vec<(String, String)> = self.url.query_pairs().into_owned().collect();
        let others = others.iter().filter(|(key, _)| key != parameter);
        let mut url = self.url.clone();
        url.query_pairs_mut()
            .clear()
            .extend_pairs(others)
            .append_pair(parameter, value);
        url
    }
}

impl Service {
    async fn discover(issuer: &str, id: &str, key: Option<SigningKey>) -> Self {
        let url = IssuerUrl::new(issuer.to_owned()).unwrap();
        let metadata = CoreProviderMetadata::discover_async(url, &exchange).await;
        let secret = key.is_none().then(|| ClientSecret::new(SECRET.to_owned()));
        let id = ClientId::new(id.to_owned());
        let client = CoreClient::from_provider_metadata(metadata.unwrap(), id, secret)
            .set_auth_type(AuthType::BasicAuth)
            .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap());
        Self {
            issuer: issuer.to_owned(),
            client,
            key,
        }
    }

    /// Checks what the browser brought, and the ID token; or tells the error.
    pub(crate) async fn finish(&self, asked: Asked, callback: &Url) -> Result<Claims, String> {
        let get = |name: &str| {
            let found = callback.query_pairs().find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned())
        };
        assert_eq!(get("state").as_ref(), Some(asked.state.secret()));
        assert_eq!(get("iss").as_ref(), Some(&self.issuer));
        if let Some(error) = get("error") {
            return Err(error);
        }
        let code = get("code").unwrap();
        let tokens = self.redeem(&code, asked.verifier.secret()).await?;
        let verifier = self
            .client
            .id_token_verifier()
            .set_allowed_algs([CoreJwsSigningAlgorithm::EcdsaP256Sha256]);
        let claims = tokens.id_token().unwrap().claims(&verifier, &asked.nonce);
        Ok(claims.unwrap().clone())
    }

    pub(crate) async fn redeem(&self, code: &str, verifier: &str) -> Result<Tokens, String> {
        let code = AuthorizationCode::new(code.to_owned());
        let verifier = PkceCodeVerifier::new(verifier.to_owned());
        let mut request = self.client.exchange_code(code).unwrap();
        request = request.set_pkce_verifier(verifier);
        if self.key.is_some() {
            let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            request = request
                .add_extra_param("client_assertion_type", kind)
                .add_extra_param("client_assertion", self.assertion());
        }
        let answer = request.request_async(&exchange).await;
        answer.map_err(|error| error.to_string())
    }

    /// A new client assertion.
    pub(crate) fn assertion(&self) -> String {
        let claims = json!({
            "iss": "keyed", "sub": "keyed", "aud": self.issuer, "iat": now(), "exp": now() + 60,
            "jti": CsrfToken::new_random().secret(),
        });
        self.key.as_ref().unwrap().sign(&claims).unwrap()
    }
}

/// The code that the browser brought.
pub(crate) fn code(callback: &Url) -> String {
    let found = callback.query_pairs().find(|(key, _)| key == "code");
    found.unwrap().1.into_owned()
}

async fn exchange(request: HttpRequest) -> Result<http::Response<Vec<u8>>, reqwest::Error> {
    let (parts, body) = request.into_parts();
    let http = client().unwrap();
    let request = http.request(parts.method, parts.uri.to_string());
    let response = request.headers(parts.headers).body(body).send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut answer = http::Response::new(response.bytes().await?.to_vec());
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    Ok(answer)
}

async fn answer_sign_in(
    State(accounts): State<Accounts>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Response {
    assert_eq!(headers["authorization"], format!("Bearer {TOKEN}"));
    let name = asked["account"].as_str().unwrap();
    let Some(account) = accounts.lock().unwrap().get(name).cloned() else {
        return refused(401, "wrong");
    };
    let with = match asked["secret"].as_str().unwrap() {
        _ if account.refused.is_some() => {
            let (status, why) = account.refused.unwrap();
            return refused(status, why);
        }
        PASSWORD => "password",
        "ACCESS-PASS" => "access_pass",
        _ => return refused(401, "wrong"),
    };
    Json(json!({
        "account": name, "kind": "student", "names": ["見本　太郎"], "language": "ja",
        "with": with, "session_generation": account.generation,
    }))
    .into_response()
}

async fn answer_session(State(accounts): State<Accounts>, Json(asked): Json<Value>) -> Response {
    let accounts = accounts.lock().unwrap();
    let account = accounts.get(asked["account"].as_str().unwrap());
    match account.is_some_and(|account| asked["session_generation"] == account.generation) {
        true => StatusCode::NO_CONTENT.into_response(),
        false => refused(401, "ended"),
    }
}

fn refused(status: u16, why: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, Json(json!({ "refused": why }))).into_response()
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs().cast_signed()
}

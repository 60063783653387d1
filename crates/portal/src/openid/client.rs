//! What both providers have in common: discovery, requests, and codes for ID tokens.

use super::http::{HttpError, client, exchange};
use crate::keys::SharedKeys;
use jsonwebtoken::{Algorithm, Header};
use kazasu_service::secret::random_text;
use openidconnect::core::*;
use openidconnect::{
    AdditionalClaims, AuthType, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret,
    CsrfToken, DiscoveryError, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IdTokenClaims, IdTokenFields, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, ProviderMetadata, RedirectUrl, RequestTokenError, Scope,
    StandardErrorResponse, StandardTokenResponse, TokenResponse as _,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::RwLock;
use url::Url;

/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Seconds a client assertion is good for: it is used at once.
const ASSERTION_LIFETIME: i64 = 60;
/// Seconds after which a provider's metadata and keys are read again.
const METADATA_LIFETIME: i64 = 3600;

/// Why a provider did not do what it was asked, or what it said cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenIdError {
    #[error("a provider cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("a provider's metadata lacks what is needed: {0}")]
    Metadata(&'static str),
    #[error("a provider refused the request")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What it said besides may name somebody.
    #[error("a provider answered {0}")]
    Error(String),
    /// What is there instead may name somebody.
    #[error("a provider's answer cannot be read at {0}")]
    Unreadable(String),
    #[error("a provider's ID token cannot be used")]
    Token(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the client's secret cannot be read")]
    Secret(#[from] kazasu_service::secret::SecretError),
    #[error("the client assertion cannot be made")]
    Assertion(#[from] jsonwebtoken::errors::Error),
}

type Fields<C> = IdTokenFields<
    C,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Configured<C> = openidconnect::Client<
    C,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields<C>, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;
/// What an ID token says that was checked.
pub(super) type Claims<C> = IdTokenClaims<C, CoreGenderClaim>;

/// The metadata that this client looks at besides the standard's.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Endpoints {
    /// RFC 9126.
    pushed_authorization_request_endpoint: Option<Url>,
    /// RFC 9207.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl openidconnect::AdditionalProviderMetadata for Endpoints {}

type Metadata = ProviderMetadata<
    Endpoints,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// How this client proves who it is, with what it takes.
pub(super) enum Proof {
    Key(SharedKeys),
    Secret(kazasu_service::secret::SecretText),
}

/// A client of one provider.
pub(crate) struct Client<C: AdditionalClaims> {
    issuer: String,
    client_id: String,
    redirect_uri: String,
    proof: Proof,
    http: reqwest::Client,
    discovered: RwLock<Known<C>>,
}

/// What is known of a provider.
struct Known<C: AdditionalClaims> {
    discovered: Option<Arc<Discovered<C>>>,
    /// When it last could not be asked.
    failed_at: Option<Instant>,
}

struct Discovered<C: AdditionalClaims> {
    client: Configured<C>,
    endpoints: Endpoints,
    at: i64,
}

/// A request that a browser carries off, and what its answer is compared with.
pub(crate) struct Begun {
    /// Where the browser goes.
    pub(crate) url: Url,
    /// Comes back with the answer.
    pub(crate) state: String,
    /// Is in the ID token.
    pub(crate) nonce: String,
    /// Proves that whoever redeems the code made the request: RFC 7636.
    pub(crate) code_verifier: String,
}

impl<C: AdditionalClaims> Known<C> {
    fn fresh(&self, now: i64) -> Option<Arc<Discovered<C>>> {
        let known = self.discovered.as_ref()?;
        (now - known.at < METADATA_LIFETIME).then(|| known.clone())
    }
}

impl<C: AdditionalClaims> Client<C> {
    pub(super) fn new(
        issuer: &str,
        client_id: &str,
        redirect_uri: String,
        proof: Proof,
    ) -> Result<Self, reqwest::Error> {
        let url = Url::parse(issuer).expect("checked when the settings were read");
        Ok(Self {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            redirect_uri,
            proof,
            http: client(&url)?,
            discovered: RwLock::new(Known {
                discovered: None,
                failed_at: None,
            }),
        })
    }

    /// Makes a request. `pushed`: the browser carries only a reference to it.
    pub(super) async fn begin(
        &self,
        scopes: &[String],
        parameters: &[(&str, String)],
        pushed: bool,
        now: i64,
    ) -> Result<Begun, OpenIdError> {
        let discovered = self.discovered(now).await?;
        let (challenge, code_verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let mut request = discovered
            .client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .set_pkce_challenge(challenge);
        for scope in scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        for (name, value) in parameters {
            request = request.add_extra_param((*name).to_owned(), value.clone());
        }
        let (mut url, state, nonce) = request.url();
        if pushed {
            let reference = self.push(&discovered, &url, now).await?;
            url.query_pairs_mut()
                .clear()
                .append_pair("client_id", &self.client_id)
                .append_pair("request_uri", &reference);
        }
        Ok(Begun {
            url,
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            code_verifier: code_verifier.into_secret(),
        })
    }

    async fn push(
        &self,
        discovered: &Discovered<C>,
        url: &Url,
        now: i64,
    ) -> Result<String, OpenIdError> {
        #[derive(Deserialize)]
        struct Pushed {
            request_uri: String,
        }
        let endpoint = &discovered.endpoints.pushed_authorization_request_endpoint;
        let endpoint = endpoint.clone().ok_or(OpenIdError::Metadata("PAR"))?;
        let mut form: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        form.extend(self.assertion(now)?);
        let answer = self.http.post(endpoint).form(&form).send().await;
        let answer = answer.map_err(|error| unreachable(error.without_url()))?;
        if answer.status().is_server_error() {
            let error = answer.error_for_status().err();
            return Err(unreachable(error.expect("it is one")));
        }
        let answer = answer
            .error_for_status()
            .map_err(|error| OpenIdError::Refused(Box::new(error.without_url())))?;
        let pushed: Pushed = answer.json().await.map_err(unreachable)?;
        Ok(pushed.request_uri)
    }

    /// Whether an answer says that it is from this provider (RFC 9207). A provider that announced
    /// to say so has to.
    pub(super) async fn is_issuer(
        &self,
        said: Option<&str>,
        now: i64,
    ) -> Result<bool, OpenIdError> {
        Ok(match said {
            Some(issuer) => issuer == self.issuer,
            None => {
                let discovered = self.discovered(now).await?;
                !discovered
                    .endpoints
                    .authorization_response_iss_parameter_supported
            }
        })
    }

    /// Redeems a code, and checks the ID token.
    pub(super) async fn redeem(
        &self,
        code: String,
        nonce: &str,
        code_verifier: String,
        now: i64,
    ) -> Result<Claims<C>, OpenIdError>
    where
        C: Clone,
    {
        let discovered = self.discovered(now).await?;
        let mut request = discovered
            .client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_| OpenIdError::Metadata("token_endpoint"))?
            .set_pkce_verifier(PkceCodeVerifier::new(code_verifier));
        for (name, value) in self.assertion(now)? {
            request = request.add_extra_param(name, value);
        }
        let answer = request
            .request_async(&|r| exchange(self.http.clone(), r))
            .await;
        let answer = answer.map_err(|error| match error {
            RequestTokenError::Request(error) => unreachable(error),
            RequestTokenError::ServerResponse(said) => OpenIdError::Error(said.error().to_string()),
            RequestTokenError::Parse(error, _) => OpenIdError::Unreadable(error.path().to_string()),
            other => OpenIdError::Refused(Box::new(other)),
        })?;
        let token = answer
            .id_token()
            .ok_or(OpenIdError::Metadata("no ID token"))?;
        let clock = move || chrono_at(now);
        let verifier = discovered
            .client
            .id_token_verifier()
            .set_allowed_algs([
                CoreJwsSigningAlgorithm::EcdsaP256Sha256,
                CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            ])
            .set_time_fn(clock);
        let claims = token.claims(&verifier, &Nonce::new(nonce.to_owned()));
        match claims {
            Ok(claims) => Ok(claims.clone()),
            Err(error) => {
                // A key that was rotated in since is found the next time.
                self.discovered.write().await.discovered = None;
                Err(OpenIdError::Token(Box::new(error)))
            }
        }
    }

    async fn discovered(&self, now: i64) -> Result<Arc<Discovered<C>>, OpenIdError> {
        let came_at = Instant::now();
        if let Some(known) = self.discovered.read().await.fresh(now) {
            return Ok(known);
        }
        let mut place = self.discovered.write().await;
        // Whoever waited for the lock finds what the one before discovered, or that there was
        // nobody to ask: were each to try for themselves, the last would wait for all of them.
        if let Some(known) = place.fresh(now) {
            return Ok(known);
        }
        if place.failed_at.is_none_or(|at| at < came_at) {
            match self.discover(now).await {
                Ok(found) => return Ok(place.discovered.insert(Arc::new(found)).clone()),
                Err(error) if place.discovered.is_none() => {
                    place.failed_at = Some(Instant::now());
                    return Err(error);
                }
                Err(_) => place.failed_at = Some(Instant::now()),
            }
        }
        // What was known an hour ago is better than nothing.
        let known = place.discovered.clone();
        known.ok_or_else(|| OpenIdError::Unreachable("it did not answer a moment ago".into()))
    }

    async fn discover(&self, now: i64) -> Result<Discovered<C>, OpenIdError> {
        let issuer = IssuerUrl::new(self.issuer.clone()).expect("checked with the settings");
        let metadata = Metadata::discover_async(issuer, &|r| exchange(self.http.clone(), r)).await;
        let metadata = metadata.map_err(|error: DiscoveryError<HttpError>| unreachable(error))?;
        let endpoints = metadata.additional_metadata().clone();
        let redirect = RedirectUrl::new(self.redirect_uri.clone());
        let secret = match &self.proof {
            Proof::Key(_) => None,
            Proof::Secret(text) => Some(ClientSecret::new(text.read()?.trim_end().to_owned())),
        };
        let id = ClientId::new(self.client_id.clone());
        let client = Configured::from_provider_metadata(metadata, id, secret)
            .set_auth_type(match self.proof {
                Proof::Key(_) => AuthType::RequestBody,
                Proof::Secret(_) => AuthType::BasicAuth,
            })
            .set_redirect_uri(redirect.expect("an origin and a path are a URL"));
        Ok(Discovered {
            client,
            endpoints,
            at: now,
        })
    }

    /// `private_key_jwt` (OpenID Connect Core §9), as form parameters; none with a secret.
    fn assertion(&self, now: i64) -> Result<Vec<(String, String)>, OpenIdError> {
        let Proof::Key(keys) = &self.proof else {
            return Ok(Vec::new());
        };
        let key = keys.client();
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(key.kid.clone());
        let claims = json!({
            "iss": self.client_id, "sub": self.client_id, "aud": self.issuer,
            "iat": now, "exp": now + ASSERTION_LIFETIME, "jti": random_text::<16>(),
        });
        let jwt = jsonwebtoken::encode(&header, &claims, &key.signing)?;
        Ok(vec![
            (
                "client_assertion_type".to_owned(),
                ASSERTION_TYPE.to_owned(),
            ),
            ("client_assertion".to_owned(), jwt),
        ])
    }
}

fn unreachable(error: impl std::error::Error + Send + Sync + 'static) -> OpenIdError {
    OpenIdError::Unreachable(Box::new(error))
}

fn chrono_at(now: i64) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(now, 0).unwrap_or_default()
}

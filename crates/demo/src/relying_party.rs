//! A relying party: any university service. OpenID Connect is the crate `openidconnect`'s.

use crate::es256::SigningKey;
use anyhow::{Context, Result, ensure};
use openidconnect::core::*;
use openidconnect::{
    AccessToken, AdditionalClaims, AuthenticationFlow, AuthorizationCode, Client, ClientId,
    CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IdTokenFields, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, Scope, StandardErrorResponse, StandardTokenResponse, TokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};
use url::Url;

/// What the verifier's ID tokens say besides the standard claims.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KazasuClaims {
    /// What the tap was for.
    pub purpose: String,
    /// How browser and card came together.
    pub mode: String,
    /// Who vouches for the name.
    pub name_assurance: Option<String>,
    /// The card could not be tied to the earlier one.
    #[serde(default)]
    pub relink_required: bool,
}

impl AdditionalClaims for KazasuClaims {}

type Tokens = StandardTokenResponse<
    IdTokenFields<
        KazasuClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;
type OidcClient = Client<
    KazasuClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
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

/// A relying party before it is connected: its key, and what the verifier has to know of it.
pub struct Registration {
    /// The client identifier.
    pub id: String,
    redirect_uri: String,
    key: SigningKey,
    jwks: String,
    /// Further lines of its entry.
    more: String,
}

impl Registration {
    /// Makes a key for a relying party that is answered at `redirect_uri`.
    ///
    /// # Errors
    /// If no key can be made.
    pub fn new(id: &str, redirect_uri: &str) -> Result<Self> {
        let key = SigningKey::new()?;
        Ok(Self {
            id: id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            jwks: key.jwks().to_string(),
            key,
            more: String::new(),
        })
    }

    /// With further lines of TOML in its entry.
    pub fn with(mut self, more: &str) -> Self {
        self.more = more.to_owned();
        self
    }

    /// Its entry in the verifier's configuration: its own sector, every purpose, every mode.
    pub fn toml(&self) -> String {
        let Self {
            id,
            redirect_uri,
            jwks,
            more,
            ..
        } = self;
        format!(
            "[[relying_party]]\nid = \"{id}\"\nsector = \"{id}\"\n\
             name = {{ ja = \"{id}（見本）\", en = \"{id} (sample)\" }}\n\
             redirect_uris = [\"{redirect_uri}\"]\njwks = '{jwks}'\n\
             purposes = [\"view\", \"link\", \"unlink\", \"recover\", \"counter\"]\nclaims = [\"name\"]\n{more}\n"
        )
    }

    /// Discovers the verifier at `origin`.
    ///
    /// # Errors
    /// If discovery fails.
    pub async fn connect(self, origin: &str) -> Result<RelyingParty> {
        let url = Url::parse(origin)?;
        let host = url.host_str().context("an origin has a host")?;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            // Every party is on this machine, whatever its name.
            .resolve(host, (std::net::Ipv4Addr::LOCALHOST, 0).into())
            .build()?;
        let issuer = IssuerUrl::new(origin.to_owned())?;
        let metadata =
            CoreProviderMetadata::discover_async(issuer, &|r| exchange(http.clone(), r)).await?;
        let discovered: serde_json::Value = http
            .get(format!("{origin}/.well-known/openid-configuration"))
            .send()
            .await?
            .json()
            .await?;
        let par = discovered["pushed_authorization_request_endpoint"]
            .as_str()
            .context("discovery names no pushed_authorization_request_endpoint")?
            .to_owned();
        let client =
            OidcClient::from_provider_metadata(metadata, ClientId::new(self.id.clone()), None)
                .set_redirect_uri(RedirectUrl::new(self.redirect_uri.clone())?);
        Ok(RelyingParty {
            registration: self,
            origin: origin.to_owned(),
            client,
            par,
            http,
        })
    }
}

/// A relying party that is connected to a verifier.
pub struct RelyingParty {
    registration: Registration,
    origin: String,
    client: OidcClient,
    par: String,
    http: reqwest::Client,
}

/// A request that was sent off, and what has to be remembered for its answer.
pub struct Request {
    /// Where the browser goes.
    pub url: Url,
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// Who tapped, as this relying party knows them.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The pairwise pseudonym.
    pub ppid: String,
    /// The name on the card, if it was asked for.
    pub name: Option<String>,
    /// The other claims.
    pub claims: KazasuClaims,
}

/// What came back to the relying party.
#[derive(Debug)]
pub enum Answer {
    /// A verified identity.
    Identity(Box<Identity>),
    /// An OpenID Connect error, such as `access_denied`.
    Refused(String),
}

impl RelyingParty {
    /// Its client identifier.
    pub fn id(&self) -> &str {
        &self.registration.id
    }

    /// Pushes a request for `purpose` and returns where to send the browser.
    ///
    /// # Errors
    /// If the verifier refuses the request.
    pub async fn begin(&self, purpose: &str, with_name: bool) -> Result<Request> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let mut request = self
            .client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_extra_param("purpose", purpose)
            .set_pkce_challenge(challenge);
        if with_name {
            request = request.add_scope(Scope::new("name".to_owned()));
        }
        let (mut url, state, nonce) = request.url();
        let mut form: Vec<(String, String)> = url
            .query_pairs()
            .map(|(k, v)| (k.into_owned(), v.into_owned()))
            .collect();
        form.extend(self.authentication()?);
        let response = self.http.post(&self.par).form(&form).send().await?;
        let status = response.status();
        let body: serde_json::Value = response.json().await?;
        ensure!(
            status == 201,
            "the pushed request was refused: {status} {body}"
        );
        let request_uri = body["request_uri"]
            .as_str()
            .context("no request_uri")?
            .to_owned();
        url.query_pairs_mut()
            .clear()
            .append_pair("client_id", self.id())
            .append_pair("request_uri", &request_uri);
        Ok(Request {
            url,
            state,
            nonce,
            verifier,
        })
    }

    /// Reads the answer that the browser brought to the redirect URI.
    ///
    /// # Errors
    /// If it is not an answer to `request`, or the code or token is refused.
    pub async fn finish(&self, request: Request, callback: &Url) -> Result<Answer> {
        let parameter = |name: &str| {
            let found = callback.query_pairs().find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned())
        };
        ensure!(
            parameter("state").as_ref() == Some(request.state.secret()),
            "another state"
        );
        ensure!(
            parameter("iss").as_ref() == Some(&self.origin),
            "another issuer (RFC 9207)"
        );
        if let Some(error) = parameter("error") {
            return Ok(Answer::Refused(error));
        }
        let code = AuthorizationCode::new(parameter("code").context("no code")?);
        let mut exchange_code = self
            .client
            .exchange_code(code)?
            .set_pkce_verifier(request.verifier);
        let authentication = self.authentication()?;
        for (key, value) in &authentication {
            exchange_code = exchange_code.add_extra_param(key.clone(), value.clone());
        }
        let tokens = exchange_code
            .request_async(&|r| exchange(self.http.clone(), r))
            .await?;
        let verifier = self
            .client
            .id_token_verifier()
            .set_allowed_algs([CoreJwsSigningAlgorithm::EcdsaP256Sha256]);
        let id_token = tokens.id_token().context("no ID token")?;
        let claims = id_token.claims(&verifier, &request.nonce)?;
        let _: &AccessToken = openidconnect::OAuth2TokenResponse::access_token(&tokens);
        Ok(Answer::Identity(Box::new(Identity {
            ppid: claims.subject().to_string(),
            name: claims
                .name()
                .and_then(|n| n.get(None))
                .map(|n| n.to_string()),
            claims: claims.additional_claims().clone(),
        })))
    }

    /// `private_key_jwt` (OpenID Connect Core §9), as form parameters.
    fn authentication(&self) -> Result<[(String, String); 2]> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let claims = json!({
            "iss": self.id(), "sub": self.id(), "aud": self.origin, "iat": now, "exp": now + 60,
            "jti": CsrfToken::new_random().secret(),
        });
        let jwt = self.registration.key.sign(&claims)?;
        Ok([
            (
                "client_assertion_type".to_owned(),
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned(),
            ),
            ("client_assertion".to_owned(), jwt),
        ])
    }
}

/// Carries `openidconnect`'s requests over the project's HTTP client.
async fn exchange(
    http: reqwest::Client,
    request: HttpRequest,
) -> Result<HttpResponse, reqwest::Error> {
    let (parts, body) = request.into_parts();
    let response = http
        .request(parts.method, parts.uri.to_string())
        .headers(parts.headers)
        .body(body)
        .send()
        .await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut answer = http::Response::new(response.bytes().await?.to_vec());
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    Ok(answer)
}

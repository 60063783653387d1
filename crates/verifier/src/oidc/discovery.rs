//! What relying parties find by themselves: metadata, keys, and the meaning of `acr`.

use super::{AUTHORIZE_PATH, JWKS_PATH, PAR_PATH, TOKEN_PATH};
use crate::app::App;
use crate::keys::SigningKey;
use crate::settings::{ClientAuthentication, RelyingParty};
use axum::extract::State;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use axum::response::{IntoResponse, Response};
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::JwkSet;
use kazasu_statement::Purpose;
use openidconnect::core::*;
use openidconnect::{
    AdditionalProviderMetadata, AuthUrl, AuthenticationContextClass, IssuerUrl, JsonWebKeySetUrl,
    LanguageTag, ProviderMetadata, ResponseTypes, Scope, TokenUrl,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How long after its end a token may still be looked at: a relying party's clock may be behind.
const LOOKED_AT: i64 = 3_600;

/// What an ID token may say.
const CLAIMS: [&str; 14] = [
    "iss",
    "sub",
    "aud",
    "iat",
    "exp",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "purpose",
    "mode",
    "name",
    "name_assurance",
    "relink_required",
];

/// Keys are published a day before use, so an hour in a cache does no harm.
const PUBLIC: [(axum::http::HeaderName, &str); 2] = [
    (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (CACHE_CONTROL, "public, max-age=3600"),
];

/// What `openidconnect` has no field for.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct MoreMetadata {
    /// RFC 9126 §5, as the next.
    pushed_authorization_request_endpoint: String,
    require_pushed_authorization_requests: bool,
    /// RFC 8414 §2.
    code_challenge_methods_supported: Vec<String>,
    /// RFC 9207 §3.
    authorization_response_iss_parameter_supported: bool,
    /// What a request may name as `purpose`.
    kazasu_purposes_supported: Vec<String>,
}

impl AdditionalProviderMetadata for MoreMetadata {}

type Metadata = ProviderMetadata<
    MoreMetadata,
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

/// OpenID Connect Discovery 1.0 §3.
pub(super) async fn discovery(State(app): State<Arc<App>>) -> Response {
    let metadata = metadata(&app).expect("an origin with a path is a URL");
    (PUBLIC, axum::Json(metadata)).into_response()
}

fn metadata(app: &App) -> Result<Metadata, url::ParseError> {
    let endpoint = |path: &str| format!("{}{path}", app.settings.origin);
    let parties = || app.settings.relying_parties.values();
    let unpushed = parties().any(|party| party.allow_unpushed_requests);
    let is_secret =
        |party: &RelyingParty| matches!(party.authentication, ClientAuthentication::SecretBasic(_));
    let mut methods = vec![CoreClientAuthMethod::PrivateKeyJwt];
    methods.extend(
        parties()
            .any(is_secret)
            .then_some(CoreClientAuthMethod::ClientSecretBasic),
    );
    let more = MoreMetadata {
        pushed_authorization_request_endpoint: endpoint(PAR_PATH),
        // Single clients may have an exception.
        require_pushed_authorization_requests: !unpushed,
        code_challenge_methods_supported: vec!["S256".to_owned()],
        authorization_response_iss_parameter_supported: true,
        kazasu_purposes_supported: Purpose::ALL.iter().map(ToString::to_string).collect(),
    };
    let languages = ["ja", "en"].map(|tag| LanguageTag::new(tag.to_owned()));
    let scopes = ["openid", "name"].map(|scope| Scope::new(scope.to_owned()));
    let claims = CLAIMS.map(|claim| CoreClaimName::new(claim.to_owned()));
    Ok(Metadata::new(
        IssuerUrl::new(app.settings.origin.clone())?,
        AuthUrl::new(endpoint(AUTHORIZE_PATH))?,
        JsonWebKeySetUrl::new(endpoint(JWKS_PATH))?,
        vec![ResponseTypes::new(vec![CoreResponseType::Code])],
        vec![CoreSubjectIdentifierType::Pairwise],
        signing_algorithms(app),
        more,
    )
    .set_token_endpoint(Some(TokenUrl::new(endpoint(TOKEN_PATH))?))
    .set_response_modes_supported(Some(vec![CoreResponseMode::Query]))
    .set_grant_types_supported(Some(vec![CoreGrantType::AuthorizationCode]))
    .set_token_endpoint_auth_methods_supported(Some(methods))
    .set_token_endpoint_auth_signing_alg_values_supported(Some(vec![
        CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    ]))
    .set_scopes_supported(Some(scopes.into()))
    .set_claims_supported(Some(claims.into()))
    .set_acr_values_supported(Some(vec![AuthenticationContextClass::new(
        app.settings.acr(),
    )]))
    .set_ui_locales_supported(Some(languages.into()))
    .set_claims_parameter_supported(Some(false))
    .set_request_parameter_supported(Some(false))
    .set_request_uri_parameter_supported(Some(false)))
}

/// What there is a key in use for.
fn signing_algorithms(app: &App) -> Vec<CoreJwsSigningAlgorithm> {
    let all = [
        (Algorithm::ES256, CoreJwsSigningAlgorithm::EcdsaP256Sha256),
        (
            Algorithm::RS256,
            CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        ),
    ];
    let usable = all
        .into_iter()
        .filter(|(algorithm, _)| app.keys.can_sign(*algorithm, app.now()));
    usable.map(|(_, name)| name).collect()
}

/// `CoreJsonWebKey` cannot be made with an `alg`, so the key set is `jsonwebtoken`'s.
pub(super) async fn jwks(State(app): State<Arc<App>>) -> Response {
    let lifetime = app.settings.lifetimes.id_token;
    let keys = published(app.keys.signing(), lifetime, app.now());
    let keys = keys.map(|key| key.public.clone()).collect();
    (PUBLIC, axum::Json(JwkSet { keys })).into_response()
}

/// The keys in use, those that will be, and those whose last token, which lived `token_lifetime`
/// seconds, may still be looked at.
fn published(
    keys: &[SigningKey],
    token_lifetime: i64,
    now: i64,
) -> impl Iterator<Item = &SigningKey> {
    let ended = now - token_lifetime - LOOKED_AT;
    let is_over = move |key: &SigningKey| {
        let later = |other: &SigningKey| {
            let same_kind = other.algorithm == key.algorithm;
            same_kind && (key.use_from + 1..=ended).contains(&other.use_from)
        };
        keys.iter().any(later)
    };
    keys.iter().filter(move |key| !is_over(key))
}

pub(super) async fn acr() -> Response {
    let text = "The person held a My Number card to a reader, and the card accepted the PIN for \
                user authentication. The certificate was valid and not revoked at that time.\n";
    (PUBLIC, text).into_response()
}

#[cfg(test)]
mod tests;

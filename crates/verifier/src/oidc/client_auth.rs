//! How a relying party proves who it is: `private_key_jwt`, a short-lived JWT of its own that is
//! usable once (OpenID Connect Core §9, RFC 7523 §3); or, as an exception, `client_secret_basic`.

use super::OAuthError;
use super::parameters::Parameters;
use crate::app::App;
use crate::settings::{ClientAuthentication, ClientKey, RelyingParty};
use crate::store::oidc as store;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::extract::{FromRequest, RawForm, Request};
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Header, Validation};
use kazasu_service::secret::hash;
use serde::Deserialize;

/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far ahead a client assertion may expire: a bound for how long its `jti` is remembered.
/// Authlib's live an hour.
const MAX_LIFETIME: i64 = 3_600;

/// How far a relying party's clock may be ahead or behind.
const SKEW: i64 = 60;

const MAX_JTI: usize = 256;

/// What a relying party posts, and how it authenticates besides.
pub(super) struct ClientRequest {
    pub(super) parameters: Parameters,
    authorization: Option<String>,
}

impl<S: Send + Sync> FromRequest<S> for ClientRequest {
    type Rejection = OAuthError;

    async fn from_request(request: Request, state: &S) -> Result<Self, OAuthError> {
        let authorization = request.headers().get(AUTHORIZATION);
        // A header that is no text is nobody's credentials, but must not count as none.
        let authorization =
            authorization.map(|value| value.to_str().unwrap_or_default().to_owned());
        let RawForm(form) = RawForm::from_request(request, state)
            .await
            .map_err(|_| OAuthError::invalid_request("the body must be a form"))?;
        let parameters = Parameters::parse(&form);
        if !parameters.are_unambiguous() {
            return Err(OAuthError::invalid_request(
                "each parameter is sent once, in UTF-8",
            ));
        }
        Ok(Self {
            parameters,
            authorization,
        })
    }
}

/// A relying party that proved who it is.
pub(super) struct Client<'a> {
    pub(super) party: &'a RelyingParty,
    /// By its key, not by the exception of a secret.
    pub(super) by_key: bool,
}

/// The relying party that sent a form.
pub(super) async fn authenticate<'a>(
    app: &'a App,
    request: &ClientRequest,
    now: i64,
) -> Result<Client<'a>, OAuthError> {
    let client = prove(app, request, now).await;
    if let Err(OAuthError::Refused(_) | OAuthError::WrongSecret) = client {
        app.auditor.failed("authentication_failed");
    }
    client
}

async fn prove<'a>(
    app: &'a App,
    request: &ClientRequest,
    now: i64,
) -> Result<Client<'a>, OAuthError> {
    let parameters = &request.parameters;
    let assertion = parameters.get("client_assertion");
    let client = match (&request.authorization, assertion) {
        (Some(header), None) => {
            let party = by_secret(app, header).ok_or(OAuthError::WrongSecret)?;
            Client {
                party,
                by_key: false,
            }
        }
        (None, Some(assertion)) => {
            if parameters.get("client_assertion_type") != Some(ASSERTION_TYPE) {
                return Err(OAuthError::invalid_client(
                    "client_assertion_type must be jwt-bearer",
                ));
            }
            let party = by_key(app, assertion, now).await?;
            Client {
                party,
                by_key: true,
            }
        }
        // RFC 6749 §2.3.
        (Some(_), Some(_)) => {
            return Err(OAuthError::invalid_request(
                "authenticate in one way, not two",
            ));
        }
        (None, None) => {
            return Err(OAuthError::invalid_client(
                "a client assertion is required (private_key_jwt)",
            ));
        }
    };
    let named = parameters.get("client_id");
    if named.is_some_and(|id| id != client.party.id) {
        return Err(OAuthError::invalid_client(
            "client_id is not that of the client authentication",
        ));
    }
    // Only now: nobody else can use up what is a party's own.
    app.limits
        .relying_party
        .check(&client.party.id)
        .map_err(OAuthError::TooOften)?;
    Ok(client)
}

/// `client_secret_basic` (RFC 6749 §2.3.1), for relying parties that are configured for it.
fn by_secret<'a>(app: &'a App, header: &str) -> Option<&'a RelyingParty> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = credentials.split_once(':')?;
    let party = app.relying_party(&form_decoded(id)?)?;
    let ClientAuthentication::SecretBasic(expected) = &party.authentication else {
        return None;
    };
    let presented = hash(form_decoded(secret)?);
    verify_slices_are_equal(&presented, expected).ok()?;
    Some(party)
}

/// One form-encoded value.
fn form_decoded(text: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    let (value, rest) = pairs.next()?;
    (rest.is_empty() && pairs.next().is_none()).then(|| value.into_owned())
}

async fn by_key<'a>(
    app: &'a App,
    assertion: &str,
    now: i64,
) -> Result<&'a RelyingParty, OAuthError> {
    let (party, claims) = verified(app, assertion).ok_or(OAuthError::invalid_client(
        "the client assertion does not verify",
    ))?;
    check(app, party, &claims, now)?;
    let (id, jti, exp) = (party.id.clone(), claims.jti, claims.exp + SKEW);
    if !app
        .store
        .write(move |c| store::use_assertion(c, &id, &jti, exp))
        .await?
    {
        return Err(OAuthError::invalid_client(
            "the client assertion was used before",
        ));
    }
    Ok(party)
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
    jti: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    List(Vec<String>),
}

/// The party that the assertion names and whose key signed it, and what it claims.
fn verified<'a>(app: &'a App, assertion: &str) -> Option<(&'a RelyingParty, Claims)> {
    let header = jsonwebtoken::decode_header(assertion).ok()?;
    let named: Claims = jsonwebtoken::dangerous::insecure_decode_claims(assertion).ok()?;
    let party = app.relying_party(&named.iss)?;
    let ClientAuthentication::PrivateKeyJwt(keys) = &party.authentication else {
        return None;
    };
    let claims = keys
        .iter()
        .filter(|key| is_candidate(key, &header))
        .find_map(|key| {
            let mut validation = Validation::new(header.alg);
            // The claims are checked in `check`, where the time is an argument.
            validation.validate_exp = false;
            validation.validate_aud = false;
            validation.required_spec_claims.clear();
            jsonwebtoken::decode::<Claims>(assertion, &key.key, &validation).ok()
        })?;
    Some((party, claims.claims))
}

fn is_candidate(key: &ClientKey, header: &Header) -> bool {
    let same_kid = match (&key.kid, &header.kid) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => true,
    };
    // The key decides which algorithms are possible, not the message.
    same_kid && key.algorithms.contains(&header.alg) && header.crit.is_none()
}

fn check(app: &App, party: &RelyingParty, claims: &Claims, now: i64) -> Result<(), OAuthError> {
    let audience_is_us = match &claims.aud {
        Audience::One(audience) => *audience == app.settings.origin,
        Audience::List(list) => *list == [app.settings.origin.as_str()],
    };
    if claims.iss != party.id || claims.sub != party.id {
        return Err(OAuthError::invalid_client(
            "iss and sub must be the client identifier",
        ));
    }
    if !audience_is_us {
        return Err(OAuthError::invalid_client(
            "aud must be the issuer, and nothing else",
        ));
    }
    let begins = claims
        .nbf
        .into_iter()
        .chain(claims.iat)
        .max()
        .unwrap_or(now);
    if claims.exp.saturating_add(SKEW) <= now
        || claims.exp > now + MAX_LIFETIME + SKEW
        || begins > now + SKEW
    {
        return Err(OAuthError::invalid_client(
            "the client assertion is expired, too long-lived or from the future",
        ));
    }
    if claims.jti.is_empty() || claims.jti.len() > MAX_JTI {
        return Err(OAuthError::invalid_client(
            "jti must be between 1 and 256 bytes long",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::Algorithm;

    #[test]
    fn the_key_decides_the_algorithm_and_no_unknown_demand_is_passed_over() {
        // RFC 7517 appendix A.1.
        let jwk = r#"{"kty":"EC","crv":"P-256","kid":"1","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;
        let key = ClientKey::from_jwk(&serde_json::from_str(jwk).unwrap()).unwrap();
        let good = Header::new(Algorithm::ES256);
        assert!(is_candidate(&key, &good));
        for other in [Algorithm::HS256, Algorithm::RS256, Algorithm::ES384] {
            assert!(!is_candidate(&key, &Header::new(other)), "{other:?}");
        }
        let mut strange = good.clone();
        strange.kid = Some("2".into());
        assert!(!is_candidate(&key, &strange));
        let mut demanding = good;
        demanding.crit = Some(vec!["b64".into()]);
        assert!(!is_candidate(&key, &demanding));
    }
}

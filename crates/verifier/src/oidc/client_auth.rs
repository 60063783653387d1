//! `private_key_jwt`: a relying party proves who it is by a short-lived JWT of its own
//! (OpenID Connect Core §9, RFC 7523 §3), usable once.

use super::OAuthError;
use crate::app::App;
use crate::settings::{ClientKey, RelyingParty};
use crate::store::oidc as store;
use jsonwebtoken::{Header, Validation};
use serde::Deserialize;

/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far ahead a client assertion may expire: a bound for how long its `jti` is remembered.
const MAX_LIFETIME: i64 = 600;

/// How far a relying party's clock may be ahead.
const SKEW: i64 = 60;

const MAX_JTI: usize = 256;

/// The form fields that authenticate a client.
#[derive(Deserialize)]
pub(super) struct Credentials {
    client_id: Option<String>,
    client_assertion_type: Option<String>,
    client_assertion: Option<String>,
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

/// The relying party that sent a form.
pub(super) async fn authenticate<'a>(
    app: &'a App,
    credentials: &Credentials,
    now: i64,
) -> Result<&'a RelyingParty, OAuthError> {
    if credentials.client_assertion_type.as_deref() != Some(ASSERTION_TYPE) {
        return Err(OAuthError::invalid_client(
            "client_assertion_type must be jwt-bearer",
        ));
    }
    let assertion = credentials.client_assertion.as_deref().unwrap_or_default();
    let (party, claims) = verified(app, assertion).ok_or(OAuthError::invalid_client(
        "the client assertion does not verify",
    ))?;
    if credentials
        .client_id
        .as_ref()
        .is_some_and(|id| *id != party.id)
    {
        return Err(OAuthError::invalid_client(
            "client_id is not the client assertion's",
        ));
    }
    check(app, party, &claims, now)?;
    let (id, jti, exp) = (party.id.clone(), claims.jti, claims.exp);
    if !app
        .store
        .write(move |c| store::use_assertion(c, &id, &jti, exp))
        .await?
    {
        return Err(OAuthError::invalid_client(
            "the client assertion was used before",
        ));
    }
    // Only now: nobody else can use up what is a party's own.
    app.limits
        .relying_party
        .check(&party.id)
        .map_err(OAuthError::TooOften)?;
    Ok(party)
}

/// The party that the assertion names and whose key signed it, and what it claims.
fn verified<'a>(app: &'a App, assertion: &str) -> Option<(&'a RelyingParty, Claims)> {
    let header = jsonwebtoken::decode_header(assertion).ok()?;
    let named: Claims = jsonwebtoken::dangerous::insecure_decode_claims(assertion).ok()?;
    let party = app.relying_party(&named.iss)?;
    let claims = party
        .keys
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
    if claims.exp <= now || claims.exp > now + MAX_LIFETIME || begins > now + SKEW {
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

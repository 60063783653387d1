//! How a relying party proves who it is: by a key, or, as an exception, by a secret.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};
use kazasu_service::settings::Problems;
use std::path::Path;

/// One way for each relying party, so that nobody can choose the weaker one.
pub(crate) enum ClientAuthentication {
    /// `private_key_jwt`, with one of these public keys.
    PrivateKeyJwt(Vec<ClientKey>),
    /// `client_secret_basic`: SHA-256 of the secret, which was generated with at least 256 bits.
    SecretBasic([u8; 32]),
}

/// A public key a relying party authenticates with.
pub(crate) struct ClientKey {
    pub(crate) kid: Option<String>,
    pub(crate) algorithms: &'static [Algorithm],
    pub(crate) key: DecodingKey,
}

impl ClientKey {
    /// `None` for a kind of key that client assertions may not use.
    pub(crate) fn from_jwk(jwk: &Jwk) -> Option<Self> {
        let algorithms: &[Algorithm] = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => &[Algorithm::RS256, Algorithm::PS256],
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                &[Algorithm::ES256]
            }
            _ => return None,
        };
        let key = DecodingKey::from_jwk(jwk).ok()?;
        Some(Self {
            kid: jwk.common.key_id.clone(),
            algorithms,
            key,
        })
    }
}

/// `None` only if a problem is noted.
pub(super) fn check(
    problems: &mut Problems,
    place: &str,
    jwks: Option<&str>,
    secret_sha256: Option<&str>,
    folder: &Path,
) -> Option<ClientAuthentication> {
    match (jwks, secret_sha256) {
        (Some(jwks), None) => keys(problems, &format!("{place}.jwks"), jwks, folder)
            .map(ClientAuthentication::PrivateKeyJwt),
        (None, Some(digits)) => {
            let mut hash = [0; 32];
            if hex::decode_to_slice(digits, &mut hash).is_err() {
                problems.add(format!(
                    "{place}.client_secret_sha256: must be 64 hexadecimal digits, the SHA-256 of a generated secret"
                ));
                return None;
            }
            Some(ClientAuthentication::SecretBasic(hash))
        }
        (None, None) => problems.required(&format!("{place}.jwks"), None),
        (Some(_), Some(_)) => {
            problems.add(format!("{place}: jwks or client_secret_sha256, not both"));
            None
        }
    }
}

/// `jwks` is the JSON itself or the path of a file with it.
fn keys(problems: &mut Problems, place: &str, jwks: &str, folder: &Path) -> Option<Vec<ClientKey>> {
    let text = if jwks.trim_start().starts_with('{') {
        Ok(jwks.to_owned())
    } else {
        std::fs::read_to_string(folder.join(jwks))
    };
    let text = text.map_err(|error| problems.add(format!("{place}: {jwks}: {error}")));
    let set = serde_json::from_str::<JwkSet>(&text.ok()?);
    let set = set.map_err(|error| problems.add(format!("{place}: {error}")));
    let set = set.ok()?;
    let keys: Vec<_> = set.keys.iter().filter_map(ClientKey::from_jwk).collect();
    if keys.is_empty() {
        problems.add(format!("{place}: no RSA or P-256 key in it"));
        return None;
    }
    Some(keys)
}

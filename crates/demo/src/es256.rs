//! Keys that sign JSON Web Tokens.

use anyhow::Result;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use serde_json::{Value, json};

/// A key for ES256. There is one at a time, so it is called `1`.
pub struct SigningKey {
    private: EncodingKey,
    jwk: Value,
}

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// If none can be made.
    pub fn new() -> Result<Self> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref())?;
        // An uncompressed point: 04, x, y.
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        Ok(Self {
            private: EncodingKey::from_ec_der(pkcs8.as_ref()),
            jwk: json!({
                "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "1",
                "x": BASE64URL.encode(x), "y": BASE64URL.encode(y),
            }),
        })
    }

    /// The public part, as a set of one.
    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk] })
    }

    /// A token that says `claims`.
    ///
    /// # Errors
    /// If they cannot be written as JSON.
    pub fn sign(&self, claims: &impl Serialize) -> jsonwebtoken::errors::Result<String> {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some("1".to_owned());
        jsonwebtoken::encode(&header, claims, &self.private)
    }
}

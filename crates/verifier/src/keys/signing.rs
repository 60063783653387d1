//! Keys that sign ID tokens: ES256 with P-256, RS256 with RSA.

use super::token::{Public, TokenKey};
use super::{KeyFailure, KeysError};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters,
    EllipticCurveKeyType, Jwk, KeyAlgorithm, PublicKeyUse, RSAKeyParameters, RSAKeyType,
    ThumbprintHash,
};
use jsonwebtoken::{Algorithm, Header};
use kazasu_service::secret::base64url;
use serde::Serialize;
use zeroize::Zeroizing;

/// The least RSA modulus, in bytes: RFC 7518 §3.3.
const MIN_RSA_BYTES: usize = 256;

/// A key that signs ID tokens.
pub(crate) struct SigningKey {
    /// What relying parties are shown, with `kid`, `alg` and `use`.
    pub(crate) public: Jwk,
    /// Its RFC 7638 thumbprint.
    pub(crate) kid: String,
    /// ES256 or RS256.
    pub(crate) algorithm: Algorithm,
    /// Seconds since the Unix epoch; published before, used from then on. As it was found with the
    /// key, until [`super::Keys::wait_until_seen`].
    pub(crate) use_from: i64,
    private: Private,
}

enum Private {
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Token(TokenKey),
}

impl SigningKey {
    /// A private key in PKCS#8, either kind.
    pub(super) fn from_pkcs8(pkcs8: &[u8], use_from: i64) -> Result<Self, KeysError> {
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8) {
            let public = p256_parameters(pair.public_key().as_ref())?;
            return Self::new(Private::P256(pair), Algorithm::ES256, public, use_from);
        }
        let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| KeysError::Invalid {
            what: "a signing key is neither a P-256 nor an RSA key in PKCS#8",
        })?;
        let (modulus, exponent) = (pair.public_key().modulus(), pair.public_key().exponent());
        let public = rsa_parameters(
            modulus.big_endian_without_leading_zero(),
            exponent.big_endian_without_leading_zero(),
        )?;
        Self::new(Private::Rsa(pair), Algorithm::RS256, public, use_from)
    }

    /// A key in a token, and what the token shows of it.
    pub(super) fn in_token(
        key: TokenKey,
        public: &Public,
        use_from: i64,
    ) -> Result<Self, KeysError> {
        let (algorithm, parameters) = match public {
            Public::P256(point) => (Algorithm::ES256, p256_parameters(point)?),
            Public::Rsa { modulus, exponent } => {
                (Algorithm::RS256, rsa_parameters(modulus, exponent)?)
            }
        };
        Self::new(Private::Token(key), algorithm, parameters, use_from)
    }

    fn new(
        private: Private,
        algorithm: Algorithm,
        parameters: AlgorithmParameters,
        use_from: i64,
    ) -> Result<Self, KeysError> {
        let mut public = Jwk {
            common: CommonParameters {
                public_key_use: Some(PublicKeyUse::Signature),
                key_algorithm: Some(match algorithm {
                    Algorithm::RS256 => KeyAlgorithm::RS256,
                    _ => KeyAlgorithm::ES256,
                }),
                ..CommonParameters::default()
            },
            algorithm: parameters,
        };
        let kid = public
            .thumbprint(ThumbprintHash::SHA256)
            .map_err(|_| KeysError::Invalid {
                what: "a signing key has no thumbprint",
            })?;
        public.common.key_id = Some(kid.clone());
        Ok(Self {
            public,
            kid,
            algorithm,
            use_from,
            private,
        })
    }

    /// A new key.
    #[cfg(test)]
    pub(crate) fn fresh(algorithm: Algorithm, use_from: i64) -> Self {
        Self::from_pkcs8(&generate(algorithm).unwrap(), use_from).unwrap()
    }

    /// A JWS in compact form over `claims`: RFC 7515 §7.1.
    pub(super) async fn token(&self, claims: &impl Serialize) -> Result<String, KeyFailure> {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.kid.clone());
        let part = |json: serde_json::Result<Vec<u8>>| {
            base64url(&json.expect("headers and claims are plain strings and numbers"))
        };
        let input = format!(
            "{}.{}",
            part(serde_json::to_vec(&header)),
            part(serde_json::to_vec(claims))
        );
        let signature = self.sign(input.as_bytes()).await?;
        Ok(format!("{input}.{}", base64url(&signature)))
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyFailure> {
        let random = SystemRandom::new();
        match &self.private {
            Private::P256(pair) => pair
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec()),
            Private::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map(|()| signature)
            }
            Private::Token(key) => return Ok(key.sign(self.algorithm, message).await?),
        }
        .map_err(|_| KeyFailure::Refused)
    }
}

/// A fresh private key, PKCS#8.
pub(super) fn generate(algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, KeysError> {
    let pkcs8 = match algorithm {
        Algorithm::RS256 => RsaKeyPair::generate(KeySize::Rsa2048)
            .and_then(|pair| Ok(Zeroizing::new(pair.as_der()?.as_ref().to_vec()))),
        _ => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .and_then(|pair| Ok(Zeroizing::new(pair.to_pkcs8v1()?.as_ref().to_vec()))),
    };
    pkcs8.map_err(|_| KeysError::Invalid {
        what: "the signing key cannot be made",
    })
}

/// `point` is uncompressed: SEC 1 §2.3.3.
fn p256_parameters(point: &[u8]) -> Result<AlgorithmParameters, KeysError> {
    let Some((4, coordinates)) = point.split_first().filter(|(_, rest)| rest.len() == 64) else {
        return Err(KeysError::Invalid {
            what: "a signing key's point is not one of P-256",
        });
    };
    let (x, y) = coordinates.split_at(32);
    Ok(AlgorithmParameters::EllipticCurve(
        EllipticCurveKeyParameters {
            key_type: EllipticCurveKeyType::EC,
            curve: EllipticCurve::P256,
            x: base64url(x),
            y: base64url(y),
        },
    ))
}

fn rsa_parameters(modulus: &[u8], exponent: &[u8]) -> Result<AlgorithmParameters, KeysError> {
    if modulus.len() < MIN_RSA_BYTES {
        return Err(KeysError::Invalid {
            what: "an RSA signing key has less than 2048 bits",
        });
    }
    Ok(AlgorithmParameters::RSA(RSAKeyParameters {
        key_type: RSAKeyType::RSA,
        n: base64url(modulus),
        e: base64url(exponent),
    }))
}

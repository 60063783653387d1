//! The authority's and the cards' key pairs, and the signatures made with them.

use super::{AuthorityError, der, names};
use aws_lc_rs::digest;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RsaEncoding,
};
use rsa::pkcs8::DecodePrivateKey;
use zeroize::Zeroizing;

/// The kind of key a card gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyAlgorithm {
    /// RSA-2048 with SHA-256, as every card today.
    Rsa2048,
    /// ECDSA on P-384 with SHA-384: this emulator's idea of the next card.
    P384,
}

/// How a certificate, CRL or OCSP answer says that it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignatureAlgorithm {
    RsaSha256,
    EcdsaSha384,
    /// Only for certificates that are meant to be refused.
    RsaSha1,
    /// Only for certificates that are meant to be refused.
    RsaSha384,
}

impl SignatureAlgorithm {
    /// The AlgorithmIdentifier: RSA with NULL parameters, ECDSA with none.
    pub(super) fn identifier(self) -> Vec<u8> {
        match self {
            Self::RsaSha256 => der::sequence(&[der::oid(names::SHA256_WITH_RSA), der::null()]),
            Self::RsaSha1 => der::sequence(&[der::oid(names::SHA1_WITH_RSA), der::null()]),
            Self::RsaSha384 => der::sequence(&[der::oid(names::SHA384_WITH_RSA), der::null()]),
            Self::EcdsaSha384 => der::sequence(&[der::oid(names::ECDSA_WITH_SHA384)]),
        }
    }
}

/// A key pair of the authority, an OCSP responder or a card.
pub(super) enum SigningKey {
    Rsa(Box<RsaKeyPair>),
    P384(Box<EcdsaKeyPair>),
}

impl SigningKey {
    pub(super) fn generate(algorithm: KeyAlgorithm) -> Result<Self, AuthorityError> {
        match algorithm {
            KeyAlgorithm::Rsa2048 => {
                RsaKeyPair::generate(KeySize::Rsa2048).map(|key| Self::Rsa(Box::new(key)))
            }
            KeyAlgorithm::P384 => EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING)
                .map(|key| Self::P384(Box::new(key))),
        }
        .map_err(|_| AuthorityError::KeyGeneration)
    }

    pub(super) fn from_pkcs8(algorithm: KeyAlgorithm, pkcs8: &[u8]) -> Option<Self> {
        match algorithm {
            KeyAlgorithm::Rsa2048 => RsaKeyPair::from_pkcs8(pkcs8)
                .ok()
                .map(|key| Self::Rsa(Box::new(key))),
            KeyAlgorithm::P384 => EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, pkcs8)
                .ok()
                .map(|key| Self::P384(Box::new(key))),
        }
    }

    /// The private key as a PKCS #8 document.
    pub(super) fn pkcs8(&self) -> Zeroizing<Vec<u8>> {
        let never = "a generated or parsed private key can be encoded again";
        Zeroizing::new(match self {
            Self::Rsa(key) => AsDer::as_der(key.as_ref()).expect(never).as_ref().to_vec(),
            Self::P384(key) => key.to_pkcs8v1().expect(never).as_ref().to_vec(),
        })
    }

    /// The content of the subjectPublicKey BIT STRING.
    pub(super) fn public_bits(&self) -> &[u8] {
        match self {
            Self::Rsa(key) => key.public_key().as_ref(),
            Self::P384(key) => key.public_key().as_ref(),
        }
    }

    /// The SubjectPublicKeyInfo.
    pub(super) fn public_key_info(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => rsa_public_key_info(self.public_bits()),
            Self::P384(_) => ec_public_key_info(names::P384, self.public_bits()),
        }
    }

    /// The key identifier: SHA-1 of the public key bits (RFC 5280 §4.2.1.2, method 1), which is
    /// also the issuerKeyHash of a SHA-1 CertID.
    pub(super) fn identifier(&self) -> Vec<u8> {
        sha1(self.public_bits())
    }

    /// The algorithm that an honest signature by this key uses.
    pub(super) fn signature_algorithm(&self) -> SignatureAlgorithm {
        match self {
            Self::Rsa(_) => SignatureAlgorithm::RsaSha256,
            Self::P384(_) => SignatureAlgorithm::EcdsaSha384,
        }
    }

    /// Signs `message`; an ECDSA key ignores a wish for an RSA algorithm.
    pub(super) fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Vec<u8> {
        match (self, algorithm) {
            (Self::Rsa(_), SignatureAlgorithm::RsaSha1) => self.sign_sha1(message),
            (Self::Rsa(key), SignatureAlgorithm::RsaSha384) => {
                sign_rsa(key, &RSA_PKCS1_SHA384, message)
            }
            (Self::Rsa(key), _) => sign_rsa(key, &RSA_PKCS1_SHA256, message),
            (Self::P384(key), _) => key
                .sign(&SystemRandom::new(), message)
                .expect("signing fails only without system randomness")
                .as_ref()
                .to_vec(),
        }
    }

    /// aws-lc-rs rightly signs no SHA-1; the certificate to be refused for it needs one.
    fn sign_sha1(&self, message: &[u8]) -> Vec<u8> {
        let key = rsa::RsaPrivateKey::from_pkcs8_der(&self.pkcs8())
            .expect("the PKCS #8 document was just written");
        let info = der::sequence(&[
            der::sequence(&[der::oid(names::SHA1), der::null()]),
            der::octet_string(&sha1(message)),
        ]);
        key.sign(rsa::Pkcs1v15Sign::new_unprefixed(), &info)
            .expect("a DigestInfo of 35 bytes fits a 2048-bit key")
    }
}

/// SubjectPublicKeyInfo of an RSAPublicKey.
pub(super) fn rsa_public_key_info(public_key: &[u8]) -> Vec<u8> {
    der::sequence(&[
        der::sequence(&[der::oid(names::RSA_ENCRYPTION), der::null()]),
        der::bit_string(public_key),
    ])
}

/// SubjectPublicKeyInfo of a point on a named curve.
pub(super) fn ec_public_key_info(curve: const_oid::ObjectIdentifier, point: &[u8]) -> Vec<u8> {
    der::sequence(&[
        der::sequence(&[der::oid(names::EC_PUBLIC_KEY), der::oid(curve)]),
        der::bit_string(point),
    ])
}

/// SHA-1, which key identifiers and CertIDs are made of.
pub(super) fn sha1(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes)
        .as_ref()
        .to_vec()
}

/// SHA-256.
pub(super) fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

fn sign_rsa(key: &RsaKeyPair, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(encoding, &SystemRandom::new(), message, &mut signature)
        .expect("the buffer is as long as the modulus");
    signature
}

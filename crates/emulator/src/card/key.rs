//! Private keys on the card and the schemes of COMPUTE DIGITAL SIGNATURE.

use super::files::Outcome;
use super::sw;
use p384::ecdsa::signature::hazmat::PrehashSigner;
use rsa::pkcs8::DecodePrivateKey;
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, Pss, RsaPrivateKey};
use sha2::{Digest, Sha256};

/// DER of DigestInfo with SHA-256 up to the digest itself, RFC 8017 §9.2 note 1.
const SHA256_DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// PKCS #1 type 1 padding takes at least eleven bytes of the modulus, RFC 8017 §9.2.
const PADDING: usize = 11;

/// Why a key cannot be put on a card.
#[derive(Debug, thiserror::Error)]
#[error("the key is neither an RSA nor a P-384 key in PKCS #8, or none could be made")]
pub struct KeyError;

/// A private key.
pub(crate) enum CardKey {
    Rsa(RsaPrivateKey),
    P384(p384::ecdsa::SigningKey),
}

impl CardKey {
    pub(crate) fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        if let Ok(key) = RsaPrivateKey::from_pkcs8_der(der) {
            return Ok(Self::Rsa(key));
        }
        let key = p384::ecdsa::SigningKey::from_pkcs8_der(der).map_err(|_| KeyError)?;
        Ok(Self::P384(key))
    }

    /// Signs `data` by the scheme that P1 names.
    pub(crate) fn sign(&self, p1: u8, data: &[u8]) -> Outcome {
        if data.is_empty() {
            return Err(sw::WRONG_LENGTH);
        }
        match self {
            Self::Rsa(key) => sign_rsa(key, p1, data),
            Self::P384(key) => sign_p384(key, p1, data),
        }
    }
}

/// The six schemes the crate `myna-card` established on a card.
fn sign_rsa(key: &RsaPrivateKey, p1: u8, data: &[u8]) -> Outcome {
    match p1 {
        0x00 if data.len() > key.size() - PADDING => Err(sw::WRONG_LENGTH),
        0x00 => pad_and_sign(key, data),
        0x01 => pad_and_sign(key, &Sha256::digest(data)),
        0x02 => pad_and_sign(key, &digest_info(only_a_hash(data)?)),
        0x03 => pad_and_sign(key, &digest_info(&Sha256::digest(data))),
        0x04 => sign_pss(key, only_a_hash(data)?),
        0x05 => sign_pss(key, &Sha256::digest(data)),
        _ => Err(sw::WRONG_P1_P2),
    }
}

fn only_a_hash(data: &[u8]) -> Result<&[u8], u16> {
    if data.len() == 32 {
        Ok(data)
    } else {
        Err(sw::WRONG_DATA)
    }
}

fn digest_info(hash: &[u8]) -> Vec<u8> {
    [&SHA256_DIGEST_INFO, hash].concat()
}

fn pad_and_sign(key: &RsaPrivateKey, data: &[u8]) -> Outcome {
    key.sign(Pkcs1v15Sign::new_unprefixed(), data)
        .map_err(|_| sw::INTERNAL)
}

fn sign_pss(key: &RsaPrivateKey, hash: &[u8]) -> Outcome {
    key.sign_with_rng(&mut OsRng, Pss::new::<Sha256>(), hash)
        .map_err(|_| sw::INTERNAL)
}

/// Our own invention: P1 = 00 takes the 48 bytes of a SHA-384 digest and answers a DER
/// `ECDSA-Sig-Value` (RFC 5480). What the next card will do is not published.
fn sign_p384(key: &p384::ecdsa::SigningKey, p1: u8, data: &[u8]) -> Outcome {
    if p1 != 0x00 {
        return Err(sw::WRONG_P1_P2);
    }
    if data.len() != 48 {
        return Err(sw::WRONG_DATA);
    }
    let signature: p384::ecdsa::Signature = key.sign_prehash(data).map_err(|_| sw::INTERNAL)?;
    Ok(signature.to_der().as_bytes().to_vec())
}

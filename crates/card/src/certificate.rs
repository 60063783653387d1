//! A certificate as the card gives it. Only its key's kind is looked at here: it decides which
//! digest is signed. Whether the certificate is any good is for the verifier to say.

use crate::error::CardError;
use crate::tlv::Tlv;
use std::fmt;

/// rsaEncryption, 1.2.840.113549.1.1.1 (RFC 3279 §2.3.1), as encoded.
const RSA_ENCRYPTION: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
/// id-ecPublicKey, 1.2.840.10045.2.1, and secp384r1, 1.3.132.0.34 (RFC 5480 §2.1.1).
const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
const SECP384R1: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x22];

/// The kind of key in a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA: signs a SHA-256 digest.
    Rsa,
    /// ECDSA on P-384: signs a SHA-384 digest.
    EcdsaP384,
}

/// A certificate read from a card. Its `Debug` shows the key's kind and the length only: subject
/// and serial are personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    key: KeyAlgorithm,
}

impl Certificate {
    /// Looks at a DER certificate as far as its key's algorithm.
    ///
    /// # Errors
    /// [`CardError::Malformed`] if it is not a certificate or its key is of another kind.
    pub fn parse(der: Vec<u8>) -> Result<Self, CardError> {
        let key = key_algorithm(&der).ok_or(CardError::Malformed("certificate"))?;
        Ok(Self { der, key })
    }

    /// The DER bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The kind of its key.
    pub fn key(&self) -> KeyAlgorithm {
        self.key
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({:?}, {} bytes)", self.key, self.der.len())
    }
}

/// Certificate → tbsCertificate → subjectPublicKeyInfo → algorithm (RFC 5280 §4.1).
fn key_algorithm(der: &[u8]) -> Option<KeyAlgorithm> {
    let (certificate, _) = Tlv::parse(der).ok()?;
    let tbs = child(certificate, 0x30, 0)?;
    let has_version = child(tbs, 0xA0, 0).is_some();
    // serial, signature, issuer, validity, subject come before the key.
    let spki = child(tbs, 0x30, 5 + usize::from(has_version))?;
    let algorithm = child(spki, 0x30, 0)?;
    match child(algorithm, 0x06, 0)?.value {
        RSA_ENCRYPTION => Some(KeyAlgorithm::Rsa),
        EC_PUBLIC_KEY if child(algorithm, 0x06, 1)?.value == SECP384R1 => {
            Some(KeyAlgorithm::EcdsaP384)
        }
        _ => None,
    }
}

fn child(parent: Tlv<'_>, tag: u16, index: usize) -> Option<Tlv<'_>> {
    let found = parent.children().nth(index)?.ok()?;
    (found.tag == tag).then_some(found)
}

//! The closed table of algorithms. A certificate's key fixes its algorithm; no message chooses.

use crate::der::{self, Reader};
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_ASN1, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};

/// What a key signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, modulus of 2048 bits, exponent 65537: every card so far.
    Rsa2048Sha256,
    /// ECDSA on P-384 with SHA-384, signature as DER `ECDSA-Sig-Value`: announced for the
    /// next-generation card.
    P384Sha384,
}

/// One row of the table: the `AlgorithmIdentifier` of signatures and that of keys, whole, since
/// each has one encoding.
struct Row {
    algorithm: Algorithm,
    signature_identifier: &'static [u8],
    key_identifier: &'static [u8],
}

const TABLE: [Row; 2] = [
    Row {
        algorithm: Algorithm::Rsa2048Sha256,
        // sha256WithRSAEncryption 1.2.840.113549.1.1.11 with NULL (RFC 4055 §5)
        signature_identifier: b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00",
        // rsaEncryption 1.2.840.113549.1.1.1 with NULL (RFC 3279 §2.3.1)
        key_identifier: b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00",
    },
    Row {
        algorithm: Algorithm::P384Sha384,
        // ecdsa-with-SHA384 1.2.840.10045.4.3.3 without parameters (RFC 5758 §3.2)
        signature_identifier: b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03",
        // id-ecPublicKey 1.2.840.10045.2.1 with secp384r1 1.3.132.0.34 (RFC 5480 §2.1.1)
        key_identifier: b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22",
    },
];

impl Algorithm {
    /// The algorithm that a signature's `AlgorithmIdentifier` (whole element) names.
    pub(crate) fn of_signature(identifier: &[u8]) -> Option<Self> {
        let row = TABLE
            .iter()
            .find(|row| row.signature_identifier == identifier)?;
        Some(row.algorithm)
    }

    fn of_key(identifier: &[u8]) -> Option<Self> {
        let row = TABLE.iter().find(|row| row.key_identifier == identifier)?;
        Some(row.algorithm)
    }

    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Rsa2048Sha256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::P384Sha384 => &ECDSA_P384_SHA384_ASN1,
        }
    }
}

/// A key that is not of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyNotAllowed;

/// A public key of the table, ready to verify.
#[derive(Clone)]
pub(crate) struct PublicKey {
    algorithm: Algorithm,
    key: ParsedPublicKey,
}

impl PublicKey {
    /// Reads the contents of a `SubjectPublicKeyInfo`.
    pub(crate) fn parse(info: &[u8]) -> Result<Self, KeyNotAllowed> {
        let (identifier, bits) = split_info(info).map_err(|_| KeyNotAllowed)?;
        let algorithm = Algorithm::of_key(identifier).ok_or(KeyNotAllowed)?;
        match algorithm {
            Algorithm::Rsa2048Sha256 => check_rsa_2048(bits).map_err(|_| KeyNotAllowed)?,
            // X9.62 uncompressed: 04, then two coordinates of 48 octets (RFC 5480 §2.2)
            Algorithm::P384Sha384 if bits.len() == 97 && bits[0] == 4 => {}
            Algorithm::P384Sha384 => return Err(KeyNotAllowed),
        }
        let key =
            ParsedPublicKey::new(algorithm.verification(), bits).map_err(|_| KeyNotAllowed)?;
        Ok(Self { algorithm, key })
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

/// The whole `AlgorithmIdentifier` and the key's octets.
pub(crate) fn split_info(info: &[u8]) -> der::Result<(&[u8], &[u8])> {
    der::all(info, |r| {
        Ok((r.element(der::SEQUENCE)?.whole, r.octet_aligned_bits()?))
    })
}

/// `RSAPublicKey` (RFC 8017 appendix A.1.1) with an odd modulus of exactly 2048 bits and the
/// exponent 65537.
fn check_rsa_2048(key: &[u8]) -> der::Result<()> {
    let (modulus, exponent) = der::all(key, |r: &mut Reader<'_>| {
        let mut key = r.nested(der::SEQUENCE)?;
        let parts = (key.integer()?, key.integer()?);
        key.finish()?;
        Ok(parts)
    })?;
    let size_is_2048 = matches!(modulus, [0, 0x80..=0xff, ..] if modulus.len() == 257);
    let odd = modulus.last().is_some_and(|last| last & 1 == 1);
    if size_is_2048 && odd && exponent == [1, 0, 1] {
        Ok(())
    } else {
        Err(der::Malformed)
    }
}

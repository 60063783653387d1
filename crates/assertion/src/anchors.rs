//! The authorities whose certificates are accepted.

use crate::algorithm::{self, Algorithm, PublicKey};
use crate::certificate::{AuthorityKeyIdentifier, Certificate};
use crate::der::{self, Malformed};
use crate::oid;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use std::fmt;
use std::sync::Arc;

/// The three generations of the JPKI user authentication CA, as J-LIS publishes them.
pub(crate) const PRODUCTION: [&[u8]; 3] = [
    include_bytes!("../anchors/authca01.cer"),
    include_bytes!("../anchors/authca02.cer"),
    include_bytes!("../anchors/authca03.cer"),
];

/// The most anchors a test set may have: a bound for the work that one forged certificate causes.
const MAX_TEST_ANCHORS: usize = 16;

/// Which of the two worlds a set of anchors belongs to. Each has its own certificate policy, and
/// no set has anchors of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hierarchy {
    /// Real cards.
    Production,
    /// Test cards, the emulator among them.
    Test,
}

impl Hierarchy {
    /// The one policy that certificates of this hierarchy state.
    pub(crate) fn policy(self) -> &'static [u8] {
        match self {
            Self::Production => oid::JPKI_AUTHENTICATION,
            Self::Test => oid::JPKI_TEST_AUTHENTICATION,
        }
    }
}

/// Why a certificate cannot be an anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// No anchor was given.
    #[error("no trust anchor given")]
    None,
    /// More anchors were given than a test set may have.
    #[error("more than {MAX_TEST_ANCHORS} trust anchors")]
    TooMany,
    /// It is not a certificate of version 3 in DER.
    #[error("a trust anchor is not a DER certificate of version 3")]
    Malformed,
    /// Its key or its signature is of a kind that is not accepted.
    #[error("a trust anchor's algorithm is not accepted")]
    KeyNotAllowed,
    /// It was not issued, and signed, by itself.
    #[error("a trust anchor is not self-signed")]
    NotSelfSigned,
    /// basicConstraints or keyUsage do not make it a certification authority.
    #[error("a trust anchor is not a certification authority")]
    NotAuthority,
    /// It has no subjectKeyIdentifier.
    #[error("a trust anchor has no subject key identifier")]
    NoKeyIdentifier,
    /// Two anchors have the same key identifier.
    #[error("two trust anchors have the same subject key identifier")]
    Duplicate,
    /// A test set must not have an anchor of the production hierarchy.
    #[error("a production authority was given as a test anchor")]
    Production,
}

/// A set of authorities of one hierarchy, their keys parsed.
#[derive(Clone)]
pub struct TrustAnchors {
    hierarchy: Hierarchy,
    anchors: Vec<Arc<Anchor>>,
}

impl TrustAnchors {
    /// The JPKI authorities for user authentication, all three generations.
    pub fn production() -> Self {
        let anchors = PRODUCTION.iter().map(|certificate| {
            Arc::new(Anchor::parse(certificate).expect("the embedded anchors are tested"))
        });
        Self {
            hierarchy: Hierarchy::Production,
            anchors: anchors.collect(),
        }
    }

    /// A set for test cards, from DER certificates. Whoever calls this says so loudly.
    ///
    /// # Errors
    /// Each certificate must be a self-signed certification authority with a subject key
    /// identifier and a key of the algorithm table; none may be a production authority.
    pub fn test(certificates: &[Vec<u8>]) -> Result<Self, AnchorError> {
        match certificates.len() {
            0 => return Err(AnchorError::None),
            1..=MAX_TEST_ANCHORS => {}
            _ => return Err(AnchorError::TooMany),
        }
        let production = Self::production();
        let mut anchors: Vec<Arc<Anchor>> = Vec::with_capacity(certificates.len());
        for certificate in certificates {
            let anchor = Anchor::parse(certificate)?;
            if production.by_key_id(&anchor.key_id).is_some() {
                return Err(AnchorError::Production);
            }
            if anchors.iter().any(|other| other.key_id == anchor.key_id) {
                return Err(AnchorError::Duplicate);
            }
            anchors.push(Arc::new(anchor));
        }
        Ok(Self {
            hierarchy: Hierarchy::Test,
            anchors,
        })
    }

    /// The hierarchy of all anchors in the set.
    pub fn hierarchy(&self) -> Hierarchy {
        self.hierarchy
    }

    /// The subject key identifiers of the anchors: what [`crate::ValidCertificate`] calls the
    /// issuer key id.
    pub fn key_ids(&self) -> impl Iterator<Item = &[u8]> {
        self.anchors.iter().map(|anchor| &*anchor.key_id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Anchor>> {
        self.anchors.iter()
    }

    fn by_key_id(&self, key_id: &[u8]) -> Option<&Arc<Anchor>> {
        self.anchors.iter().find(|anchor| *anchor.key_id == *key_id)
    }

    /// The anchor that signed the certificate. All generations share one name, so the certificate
    /// says by key identifier which one to try first; the signature decides.
    pub(crate) fn issuer_of(&self, certificate: &Certificate<'_>) -> Option<&Arc<Anchor>> {
        let stated = certificate
            .extensions
            .find(oid::AUTHORITY_KEY_IDENTIFIER)
            .and_then(|extension| AuthorityKeyIdentifier::parse(extension.value).ok())
            .and_then(|identifier| self.by_key_id(identifier.key_id?));
        let others = self
            .anchors
            .iter()
            .filter(|a| stated.is_none_or(|s| !Arc::ptr_eq(s, a)));
        stated
            .into_iter()
            .chain(others)
            .find(|anchor| anchor.issued(certificate))
    }
}

/// Shows which authorities, by key identifier: those are public.
impl fmt::Debug for TrustAnchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustAnchors")
            .field("hierarchy", &self.hierarchy)
            .field("anchors", &self.anchors.len())
            .finish()
    }
}

/// One authority.
pub(crate) struct Anchor {
    /// The subject's `Name`, whole. Compared byte by byte: the authority writes its own name in
    /// one way.
    pub(crate) name: Box<[u8]>,
    pub(crate) key_id: Box<[u8]>,
    pub(crate) serial: Box<[u8]>,
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
    pub(crate) key: PublicKey,
    /// SHA-1 of the name and of the key's octets: how OCSP names an issuer (RFC 6960 §4.1.1).
    pub(crate) name_hash: [u8; 20],
    pub(crate) key_hash: [u8; 20],
}

impl Anchor {
    fn parse(bytes: &[u8]) -> Result<Self, AnchorError> {
        let certificate = Certificate::parse(bytes).map_err(|Malformed| AnchorError::Malformed)?;
        if !certificate.is_version_3() {
            return Err(AnchorError::Malformed);
        }
        let (_, key_octets) = algorithm::split_info(certificate.key_info)
            .map_err(|Malformed| AnchorError::Malformed)?;
        let key = PublicKey::parse(certificate.key_info).map_err(|_| AnchorError::KeyNotAllowed)?;
        check_authority(&certificate).ok_or(AnchorError::NotAuthority)?;
        let key_id = certificate
            .extensions
            .find(oid::SUBJECT_KEY_IDENTIFIER)
            .and_then(|e| der::all(e.value, |r| r.value(der::OCTET_STRING)).ok())
            .filter(|key_id| !key_id.is_empty())
            .ok_or(AnchorError::NoKeyIdentifier)?;
        let anchor = Self {
            name: certificate.subject.into(),
            key_id: key_id.into(),
            serial: certificate.serial.into(),
            not_before: certificate.not_before.unix,
            not_after: certificate.not_after.unix,
            key,
            name_hash: sha1(certificate.subject),
            key_hash: sha1(key_octets),
        };
        if !anchor.issued(&certificate) {
            return Err(AnchorError::NotSelfSigned);
        }
        Ok(anchor)
    }

    /// Whether the certificate names this authority as its issuer and bears its signature.
    pub(crate) fn issued(&self, certificate: &Certificate<'_>) -> bool {
        *self.name == *certificate.issuer
            && self.signed(
                certificate.signed,
                certificate.outer_algorithm,
                certificate.signature,
            )
    }

    /// Whether this authority signed `message`, with its key's own algorithm.
    pub(crate) fn signed(&self, message: &[u8], algorithm: &[u8], signature: &[u8]) -> bool {
        Algorithm::of_signature(algorithm) == Some(self.key.algorithm())
            && self.key.verifies(message, signature)
    }
}

/// A certification authority that may sign certificates: basicConstraints with CA true, keyUsage
/// with keyCertSign (RFC 5280 §4.2.1.3 and §4.2.1.9), no critical extension besides.
fn check_authority(certificate: &Certificate<'_>) -> Option<()> {
    const KEY_CERT_SIGN: u8 = 0x04;
    let constraints = certificate.extensions.find(oid::BASIC_CONSTRAINTS)?;
    let is_authority = der::all(constraints.value, |r| {
        let mut fields = r.nested(der::SEQUENCE)?;
        let authority = fields.default_false()?;
        fields.optional(der::INTEGER)?; // a path length, of which zero suffices
        fields.finish()?;
        Ok(authority)
    });
    let usage = certificate.extensions.find(oid::KEY_USAGE)?;
    let usage = der::all(usage.value, |r| r.value(der::BIT_STRING)).ok()?;
    let known = [oid::BASIC_CONSTRAINTS, oid::KEY_USAGE];
    let no_other_critical = certificate
        .extensions
        .iter()
        .all(|e| !e.critical || known.contains(&e.oid));
    let signs_certificates = usage.get(1)? & KEY_CERT_SIGN != 0;
    (is_authority == Ok(true) && signs_certificates && no_other_critical).then_some(())
}

/// SHA-1 as a name, never as a proof.
pub(crate) fn sha1(bytes: &[u8]) -> [u8; 20] {
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes);
    digest.as_ref().try_into().expect("SHA-1 has 20 octets")
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::digest::SHA256;

    #[test]
    fn the_embedded_anchors_are_the_published_ones() {
        // SHA-256 of the certificate, serial number, subject key identifier
        let published = [
            (
                "4dcfc4ca0aaf9fb2a3081b3f0c991c320b3acc008667a341eeaec5af1d58ca7d",
                "01",
                "9567951b5ca70d84a0fff1d85a87f1aab1340385",
            ),
            (
                "0d98de47fc11b7f67126874b7028b6026a803d2638d6edfe53176953961fade6",
                "0133c349",
                "8cd5586a891485e559379b7e29d410cfd28b3593",
            ),
            (
                "64114f29620c24ed2631d46476a040e7ee740d956089c00b036a6a8118c322b5",
                "06d18006",
                "1ac100f596a3bc8c4b3df195e32699249e9e308a",
            ),
        ];
        let anchors = TrustAnchors::production();
        assert_eq!(anchors.hierarchy(), Hierarchy::Production);
        assert_eq!(anchors.anchors.len(), published.len());
        for ((bytes, anchor), (fingerprint, serial, key_id)) in
            PRODUCTION.iter().zip(&anchors.anchors).zip(published)
        {
            assert_eq!(hex::encode(digest(&SHA256, bytes)), fingerprint);
            assert_eq!(hex::encode(&anchor.serial), serial);
            assert_eq!(hex::encode(&anchor.key_id), key_id);
        }
    }
}

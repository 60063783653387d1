//! Three judges of one certificate, and the names under which they may disagree.

use crate::NOW;
use crate::openssl::{POLICY, Verdict};
use crate::witness;
use der::{Decode as _, Encode as _};
use kazasu_assertion::TrustAnchors;
use kazasu_statement::{ProfileRule, Reason};
use pkix_chain::{NoRevocation, TrustAnchor, ValidationPolicy, verify_chain_default};
use x509_cert::Certificate;

/// id-kp-clientAuth (RFC 5280 §4.2.1.12).
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

/// The rule by which we refuse what the other parser cannot even read.
const UNREADABLE: &str = "x509-cert does not read it either";

/// An authority, as each judge wants it.
pub(crate) struct Bench {
    pub(crate) ours: TrustAnchors,
    pkix_anchors: Vec<TrustAnchor>,
    pkix_policy: ValidationPolicy,
    authority: Certificate,
    name: Vec<u8>,
}

impl Bench {
    pub(crate) fn new(authority: &[u8]) -> Self {
        let certificate = Certificate::from_der(authority).expect("an authority");
        let mut policy = ValidationPolicy::new(NOW.unsigned_abs());
        policy.initial_policy_set = vec![POLICY.parse().expect("an OID")];
        policy.initial_explicit_policy = true;
        policy.required_leaf_eku = Some(vec![CLIENT_AUTH.parse().expect("an OID")]);
        Self {
            ours: TrustAnchors::test(&[authority.to_vec()]).expect("an authority"),
            name: certificate
                .tbs_certificate
                .subject
                .to_der()
                .expect("a name"),
            pkix_anchors: vec![TrustAnchor::from_cert(certificate.clone())],
            authority: certificate,
            pkix_policy: policy,
        }
    }

    pub(crate) fn ours(&self, certificate: &[u8]) -> Option<Reason> {
        self.ours.validate(certificate, NOW).err()
    }

    pub(crate) fn pkix_accepts(&self, certificate: &[u8]) -> bool {
        Certificate::from_der(certificate).is_ok_and(|certificate| {
            let chain = [certificate];
            verify_chain_default(&chain, &self.pkix_anchors, &self.pkix_policy, &NoRevocation)
                .is_ok()
        })
    }

    /// Whether the certificate breaks the rule by another parser's word, which may be that it
    /// cannot be read.
    pub(crate) fn breaks(&self, certificate: &[u8], rule: ProfileRule) -> Option<bool> {
        let parsed = Certificate::from_der(certificate).ok()?;
        Some(witness::breaks(rule, &parsed, &self.authority))
    }

    /// The named rule by which we refuse what another judge accepts; "agreed" if there is nothing
    /// to explain. That we accept what another judge refuses has no explanation.
    pub(crate) fn explain(
        &self,
        certificate: &[u8],
        ours: Option<Reason>,
        accepted: bool,
        openssl: Verdict,
    ) -> Option<&'static str> {
        match (ours, accepted) {
            (None, true) | (Some(_), false) => Some("agreed"),
            (None, false) => None,
            (Some(reason), true) => self.stricter(certificate, reason, openssl),
        }
    }

    /// The rule of ours that others do not have, if another parser finds that the certificate
    /// breaks it. How a certificate is encoded, who issued it and when it is valid are no such
    /// rules: there it must be shown what the other judge missed.
    fn stricter(
        &self,
        certificate: &[u8],
        reason: Reason,
        openssl: Verdict,
    ) -> Option<&'static str> {
        match reason {
            Reason::CertificateMalformed
                if openssl == Verdict::Unreadable || is_loose(certificate) =>
            {
                Some("one encoding only (DER)")
            }
            Reason::CertificateMalformed => {
                let parsed = Certificate::from_der(certificate).ok()?;
                let uneven = parsed.signature.unused_bits() != 0;
                uneven.then_some("a signature has whole octets")
            }
            // The issuer's name stands in front, behind some 30 octets.
            Reason::IssuerUnknown => {
                let front = &certificate[..certificate.len().min(self.name.len() + 64)];
                let named = front
                    .windows(self.name.len())
                    .any(|octets| octets == self.name);
                (!named).then_some("the issuer's name is compared by octets")
            }
            Reason::KeyNotAllowed => match Certificate::from_der(certificate) {
                Ok(parsed) => {
                    let key = &parsed.tbs_certificate.subject_public_key_info;
                    (!witness::is_key_of_the_table(key)).then_some("the key is of the table")
                }
                Err(_) => Some(UNREADABLE),
            },
            Reason::ProfileViolation(rule) => match self.breaks(certificate, rule) {
                Some(breaks) => breaks.then_some(rule.as_str()),
                None => Some(UNREADABLE),
            },
            _ => None,
        }
    }
}

/// Whether the certificate is not strict DER, by another parser's word.
fn is_loose(certificate: &[u8]) -> bool {
    let parsed = Certificate::from_der(certificate);
    parsed
        .and_then(|parsed| parsed.to_der())
        .map_or(true, |bytes| bytes != certificate)
}

//! OCSP (RFC 6960).

use super::{Judgement, RevocationError, Status, freshness, revoked};
use crate::algorithm::{Algorithm, PublicKey};
use crate::anchors::{Anchor, sha1};
use crate::certificate::{Certificate, Extensions};
use crate::der::{self, Reader};
use crate::profile::ValidCertificate;
use crate::{algorithm, oid};

/// How many certificates in a response are looked at: a bound for the work one answer causes.
const MAX_CERTIFICATES: usize = 8;

/// What to do about the nonce of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceCheck<'a> {
    /// None was sent; one in the answer is not looked at.
    NotSent,
    /// This one was sent. An answer without a nonce is taken by its dates: responders that sign
    /// answers in advance cannot repeat it.
    IfPresent(&'a [u8]),
    /// This one was sent, and the answer must have it.
    Required(&'a [u8]),
}

/// An `OCSPRequest` for one certificate, with SHA-1 in its CertID as every responder understands
/// (RFC 5019 §2.1.1) and, if given, a nonce.
pub fn ocsp_request(certificate: &ValidCertificate, nonce: Option<&[u8]>) -> Vec<u8> {
    let sequence = |parts: &[&[u8]]| der::write(der::SEQUENCE, parts);
    let octets = |value: &[u8]| der::write(der::OCTET_STRING, &[value]);
    let algorithm = sequence(&[&der::write(der::OID, &[oid::SHA1]), &[0x05, 0x00]]);
    let issuer = &certificate.issuer;
    let cert_id = sequence(&[
        &algorithm,
        &octets(&issuer.name_hash),
        &octets(&issuer.key_hash),
        &der::write(der::INTEGER, &[certificate.serial_der()]),
    ]);
    let requests = sequence(&[&sequence(&[&cert_id])]);
    let extensions = nonce.map_or(Vec::new(), |nonce| {
        let kind = der::write(der::OID, &[oid::OCSP_NONCE]);
        let extension = sequence(&[&kind, &octets(&octets(nonce))]);
        der::write(der::constructed(2), &[&sequence(&[&extension])])
    });
    sequence(&[&sequence(&[&requests, &extensions])])
}

/// Judges an `OCSPResponse` at `now`, in seconds since the Unix epoch.
///
/// Only answers to exactly the CertID of [`ocsp_request`] count. The signer must be the key that
/// signed the certificate, or a responder that the same key certified for OCSP signing; whether
/// the responder's own certificate was revoked is not asked, as id-pkix-ocsp-nocheck says
/// (RFC 6960 §4.2.2.2.1). Of several answers about the certificate those outside their dates are
/// passed over, except that revoked is final at any age, and the worst of the rest counts.
///
/// # Errors
/// Nothing can be concluded; see [`RevocationError`].
pub fn judge_ocsp(
    response: &[u8],
    certificate: &ValidCertificate,
    nonce: NonceCheck<'_>,
    now: i64,
) -> Result<Judgement, RevocationError> {
    let response = BasicResponse::parse(successful(response)?)?;
    response.check_signature(&certificate.issuer, now)?;
    check_nonce(response.extensions, nonce)?;
    let mut judgement: Option<Judgement> = None;
    let mut refusal = RevocationError::NoAnswer;
    let mut answers = Reader::new(response.answers);
    while !answers.is_empty() {
        let answer = Answer::parse(&mut answers)?;
        if !answer.is_about(certificate) {
            continue;
        }
        refuse_critical(answer.extensions)?;
        let fresh_until = match freshness(answer.this_update, answer.next_update, now) {
            Ok(fresh_until) => fresh_until,
            Err(RevocationError::Stale) if matches!(answer.status, Status::Revoked { .. }) => None,
            Err(error) => {
                refusal = error;
                continue;
            }
        };
        let status = judgement.map_or(answer.status, |other| other.status.max(answer.status));
        // None, "do not keep", is the least
        let fresh_until = judgement.map_or(fresh_until, |other| other.fresh_until.min(fresh_until));
        let this_update = judgement.map_or(answer.this_update, |other| {
            other.this_update.min(answer.this_update)
        });
        judgement = Some(Judgement {
            status,
            this_update,
            fresh_until,
        });
    }
    judgement.ok_or(refusal)
}

/// The `BasicOCSPResponse` in a successful `OCSPResponse`.
fn successful(response: &[u8]) -> Result<&[u8], RevocationError> {
    let mut fields = der::all(response, |r| r.nested(der::SEQUENCE))?;
    match fields.value(der::ENUMERATED)? {
        [0] => {}
        [status @ (1..=3 | 5..=6)] => return Err(RevocationError::NotSuccessful(*status)),
        _ => return Err(RevocationError::Malformed),
    }
    let bytes = fields.value(der::constructed(0))?;
    fields.finish()?;
    let mut fields = der::all(bytes, |r| r.nested(der::SEQUENCE))?;
    let (kind, response) = (fields.oid()?, fields.value(der::OCTET_STRING)?);
    fields.finish()?;
    if kind == oid::OCSP_BASIC {
        Ok(response)
    } else {
        Err(RevocationError::Unsupported)
    }
}

fn check_nonce(extensions: Extensions<'_>, nonce: NonceCheck<'_>) -> Result<(), RevocationError> {
    let (sent, required) = match nonce {
        NonceCheck::NotSent => return Ok(()),
        NonceCheck::IfPresent(sent) => (sent, false),
        NonceCheck::Required(sent) => (sent, true),
    };
    let matches = match extensions.find(oid::OCSP_NONCE) {
        None => !required,
        Some(extension) => der::all(extension.value, |r| r.value(der::OCTET_STRING))? == sent,
    };
    if matches {
        Ok(())
    } else {
        Err(RevocationError::NonceMismatch)
    }
}

/// None of OCSP's extensions (RFC 6960 §4.4) needs to be critical; one that is changes what the
/// answer means.
fn refuse_critical(extensions: Extensions<'_>) -> Result<(), RevocationError> {
    let unknown = |e: &crate::certificate::Extension<'_>| e.critical && e.oid != oid::OCSP_NONCE;
    if extensions.iter().any(|e| unknown(&e)) {
        Err(RevocationError::Unsupported)
    } else {
        Ok(())
    }
}

/// A `BasicOCSPResponse` (RFC 6960 §4.2.1).
struct BasicResponse<'a> {
    /// `ResponseData`, whole.
    signed: &'a [u8],
    /// The responder by name (the `Name`, whole) or by the SHA-1 of its key.
    responder: Responder<'a>,
    /// The contents of the list of `SingleResponse`.
    answers: &'a [u8],
    extensions: Extensions<'a>,
    algorithm: &'a [u8],
    signature: &'a [u8],
    /// The contents of the list of certificates.
    certificates: &'a [u8],
}

#[derive(Clone, Copy)]
enum Responder<'a> {
    Name(&'a [u8]),
    KeyHash(&'a [u8]),
}

impl<'a> BasicResponse<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, RevocationError> {
        let mut fields = der::all(bytes, |r| r.nested(der::SEQUENCE))?;
        let signed = fields.element(der::SEQUENCE)?;
        let algorithm = fields.element(der::SEQUENCE)?.whole;
        let signature = fields.octet_aligned_bits()?;
        let certificates = match fields.optional(der::constructed(0))? {
            None => &[],
            Some(list) => der::all(list, |r| r.value(der::SEQUENCE))?,
        };
        fields.finish()?;

        let mut data = Reader::new(signed.value);
        if data.optional(der::constructed(0))?.is_some() {
            return Err(RevocationError::Malformed); // version 1 is the default, and the only one
        }
        let responder = data.any()?;
        let responder = match responder.tag {
            tag if tag == der::constructed(1) => {
                Responder::Name(der::all(responder.value, |r| r.element(der::SEQUENCE))?.whole)
            }
            tag if tag == der::constructed(2) => {
                Responder::KeyHash(der::all(responder.value, |r| r.value(der::OCTET_STRING))?)
            }
            _ => return Err(RevocationError::Malformed),
        };
        der::generalized_time(data.value(der::GENERALIZED_TIME)?)?; // producedAt
        let answers = data.value(der::SEQUENCE)?;
        let extensions = optional_extensions(&mut data, 1)?;
        data.finish()?;
        refuse_critical(extensions)?;
        let signed = signed.whole;
        Ok(Self {
            signed,
            responder,
            answers,
            extensions,
            algorithm,
            signature,
            certificates,
        })
    }

    /// Finds the signer the answer names among the authority and those it certified, and checks
    /// the signature.
    fn check_signature(&self, authority: &Anchor, now: i64) -> Result<(), RevocationError> {
        let algorithm =
            Algorithm::of_signature(self.algorithm).ok_or(RevocationError::Unsupported)?;
        let mut outcome = Err(RevocationError::WrongSigner);
        let mut try_key = |key: &PublicKey| {
            let verifies =
                key.algorithm() == algorithm && key.verifies(self.signed, self.signature);
            outcome = if verifies {
                Ok(())
            } else {
                Err(RevocationError::SignatureInvalid)
            };
            verifies
        };
        if self.names(&authority.name, &authority.key_hash) && try_key(&authority.key) {
            return Ok(());
        }
        let mut certificates = Reader::new(self.certificates);
        for _ in 0..MAX_CERTIFICATES {
            if certificates.is_empty() {
                break;
            }
            let bytes = certificates.element(der::SEQUENCE)?.whole;
            // a certificate that is not understood is not the signer's
            let Ok(certificate) = Certificate::parse(bytes) else {
                continue;
            };
            let Ok((_, key_octets)) = algorithm::split_info(certificate.key_info) else {
                continue;
            };
            if !self.names(certificate.subject, &sha1(key_octets)) {
                continue;
            }
            if let Some(key) = delegated_key(&certificate, authority, now)
                && try_key(&key)
            {
                return Ok(());
            }
        }
        outcome
    }

    fn names(&self, name: &[u8], key_hash: &[u8]) -> bool {
        match self.responder {
            Responder::Name(stated) => stated == name,
            Responder::KeyHash(stated) => stated == key_hash,
        }
    }
}

/// The key of a responder that the authority certified for OCSP signing (RFC 6960 §4.2.2.2).
fn delegated_key(certificate: &Certificate<'_>, authority: &Anchor, now: i64) -> Option<PublicKey> {
    let timely = (certificate.not_before.unix..=certificate.not_after.unix).contains(&now);
    let purposes = certificate.extensions.find(oid::EXTENDED_KEY_USAGE)?;
    let mut purposes = der::all(purposes.value, |r| r.nested(der::SEQUENCE)).ok()?;
    let mut signs_ocsp = false;
    while !purposes.is_empty() {
        signs_ocsp |= purposes.oid().ok()? == oid::OCSP_SIGNING;
    }
    let known = [
        oid::KEY_USAGE,
        oid::EXTENDED_KEY_USAGE,
        oid::CERTIFICATE_POLICIES,
    ];
    let unknown_critical = certificate
        .extensions
        .iter()
        .any(|e| e.critical && !known.contains(&e.oid));
    let may_sign = match certificate.extensions.find(oid::KEY_USAGE) {
        None => true,
        Some(usage) => {
            const DIGITAL_SIGNATURE: u8 = 0x80;
            let bits = der::all(usage.value, |r| r.value(der::BIT_STRING)).ok()?;
            bits.get(1)
                .is_some_and(|bits| bits & DIGITAL_SIGNATURE != 0)
        }
    };
    let same_algorithm = certificate.inner_algorithm == certificate.outer_algorithm;
    let fits = certificate.is_version_3() && timely && signs_ocsp && may_sign && same_algorithm;
    if !fits || unknown_critical || !authority.issued(certificate) {
        return None;
    }
    PublicKey::parse(certificate.key_info).ok()
}

/// A `SingleResponse` (RFC 6960 §4.2.1).
struct Answer<'a> {
    hash_algorithm: &'a [u8],
    name_hash: &'a [u8],
    key_hash: &'a [u8],
    serial: &'a [u8],
    status: Status,
    this_update: i64,
    next_update: Option<i64>,
    extensions: Extensions<'a>,
}

impl<'a> Answer<'a> {
    fn parse(answers: &mut Reader<'a>) -> Result<Self, RevocationError> {
        let mut fields = answers.nested(der::SEQUENCE)?;
        let mut cert_id = fields.nested(der::SEQUENCE)?;
        let mut algorithm = cert_id.nested(der::SEQUENCE)?;
        let hash_algorithm = algorithm.oid()?;
        if !algorithm.is_empty() && !algorithm.value(NULL)?.is_empty() {
            return Err(RevocationError::Malformed);
        }
        algorithm.finish()?;
        let name_hash = cert_id.value(der::OCTET_STRING)?;
        let key_hash = cert_id.value(der::OCTET_STRING)?;
        let serial = cert_id.integer()?;
        cert_id.finish()?;
        let status = parse_status(&mut fields)?;
        let this_update = der::generalized_time(fields.value(der::GENERALIZED_TIME)?)?;
        let next_update = match fields.optional(der::constructed(0))? {
            None => None,
            Some(next) => Some(der::generalized_time(der::all(next, |r| {
                r.value(der::GENERALIZED_TIME)
            })?)?),
        };
        let extensions = optional_extensions(&mut fields, 1)?;
        fields.finish()?;
        Ok(Self {
            hash_algorithm,
            name_hash,
            key_hash,
            serial,
            status,
            this_update,
            next_update,
            extensions,
        })
    }

    fn is_about(&self, certificate: &ValidCertificate) -> bool {
        self.hash_algorithm == oid::SHA1
            && self.name_hash == certificate.issuer.name_hash
            && self.key_hash == certificate.issuer.key_hash
            && self.serial == certificate.serial_der()
    }
}

const NULL: u8 = 0x05;

/// `CertStatus`: `[0]` good, `[1]` revoked with time and reason, `[2]` unknown.
fn parse_status(fields: &mut Reader<'_>) -> Result<Status, RevocationError> {
    let status = fields.any()?;
    match status.tag {
        tag if tag == der::primitive(0) && status.value.is_empty() => Ok(Status::Good),
        tag if tag == der::primitive(2) && status.value.is_empty() => Ok(Status::Unknown),
        tag if tag == der::constructed(1) => {
            let mut info = Reader::new(status.value);
            let at = der::generalized_time(info.value(der::GENERALIZED_TIME)?)?;
            let reason = match info.optional(der::constructed(0))? {
                None => None,
                Some(reason) => Some(der::all(reason, |r| r.value(der::ENUMERATED))?),
            };
            info.finish()?;
            revoked(at, reason)
        }
        _ => Err(RevocationError::Malformed),
    }
}

fn optional_extensions<'a>(fields: &mut Reader<'a>, tag: u8) -> der::Result<Extensions<'a>> {
    match fields.optional(der::constructed(tag))? {
        None => Ok(Extensions::NONE),
        Some(extensions) => Extensions::parse(extensions),
    }
}

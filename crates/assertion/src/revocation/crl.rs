//! Certificate revocation lists (RFC 5280 §5).

use super::{Judgement, RevocationError, Status, freshness, revoked};
use crate::algorithm::Algorithm;
use crate::certificate::{AuthorityKeyIdentifier, Extension, Extensions, SignedObject};
use crate::der::{self, Reader};
use crate::oid;
use crate::profile::{ValidCertificate, distribution_point_name};

/// Judges a complete CRL, DER, at `now` in seconds since the Unix epoch: a certificate that is not
/// listed is good.
///
/// The list must be of version 2, signed by the key that signed the certificate, and have a
/// nextUpdate. A partial list counts if it is the one of the certificate's distribution point;
/// delta and indirect lists, and lists of some reasons only, do not. If the certificate is listed
/// more than once, the worst entry counts.
///
/// # Errors
/// Nothing can be concluded; see [`RevocationError`].
pub fn judge_crl(
    crl: &[u8],
    certificate: &ValidCertificate,
    now: i64,
) -> Result<Judgement, RevocationError> {
    let object = SignedObject::parse(crl)?;
    let list = List::parse(object.signed.value)?;
    let issuer = &certificate.issuer;
    if list.algorithm != object.algorithm || Algorithm::of_signature(list.algorithm).is_none() {
        return Err(RevocationError::Unsupported);
    }
    if *list.issuer != *issuer.name || !names_key(list.extensions, &issuer.key_id)? {
        return Err(RevocationError::WrongSigner);
    }
    if !issuer.signed(object.signed.whole, object.algorithm, object.signature) {
        return Err(RevocationError::SignatureInvalid);
    }
    check_scope(list.extensions, certificate)?;
    let next_update = list.next_update.ok_or(RevocationError::Unsupported)?;
    let fresh_until = freshness(list.this_update, Some(next_update), now)?;
    let mut status = Status::Good;
    let mut entries = Reader::new(list.entries);
    while !entries.is_empty() {
        let entry = Entry::parse(&mut entries)?;
        if entry.serial == certificate.serial_der() {
            status = status.max(revoked(entry.at, entry.reason)?);
        }
    }
    Ok(Judgement {
        status,
        fresh_until,
    })
}

/// The contents of a `TBSCertList`.
struct List<'a> {
    algorithm: &'a [u8],
    issuer: &'a [u8],
    this_update: i64,
    next_update: Option<i64>,
    entries: &'a [u8],
    extensions: Extensions<'a>,
}

impl<'a> List<'a> {
    fn parse(signed: &'a [u8]) -> Result<Self, RevocationError> {
        let mut fields = Reader::new(signed);
        match fields.optional(der::INTEGER)? {
            Some([1]) => {} // version 2
            _ => return Err(RevocationError::Unsupported),
        }
        let algorithm = fields.element(der::SEQUENCE)?.whole;
        let issuer = fields.element(der::SEQUENCE)?.whole;
        let this_update = fields.time()?.unix;
        let next_update = fields.optional_time()?.map(|time| time.unix);
        let entries = fields.optional(der::SEQUENCE)?.unwrap_or_default();
        let extensions = match fields.optional(der::constructed(0))? {
            None => Extensions::NONE,
            Some(extensions) => Extensions::parse(extensions)?,
        };
        fields.finish()?;
        Ok(Self {
            algorithm,
            issuer,
            this_update,
            next_update,
            entries,
            extensions,
        })
    }
}

/// Whether the list's authorityKeyIdentifier, which a conforming list has (RFC 5280 §5.2.1), names
/// the key. Without it the signature decides alone.
fn names_key(extensions: Extensions<'_>, key_id: &[u8]) -> der::Result<bool> {
    let Some(extension) = extensions.find(oid::AUTHORITY_KEY_IDENTIFIER) else {
        return Ok(true);
    };
    Ok(AuthorityKeyIdentifier::parse(extension.value)?
        .key_id
        .is_none_or(|stated| stated == key_id))
}

/// Refuses lists that do not cover the certificate, or say more than is understood.
fn check_scope(
    extensions: Extensions<'_>,
    certificate: &ValidCertificate,
) -> Result<(), RevocationError> {
    for Extension {
        oid,
        critical,
        value,
    } in extensions.iter()
    {
        match oid {
            oid::ISSUING_DISTRIBUTION_POINT => covers(value, &certificate.distribution_point)?,
            oid::AUTHORITY_KEY_IDENTIFIER | oid::CRL_NUMBER => {}
            _ if critical => return Err(RevocationError::Unsupported), // deltas among them
            _ => {}
        }
    }
    Ok(())
}

/// Refuses an `IssuingDistributionPoint` (RFC 5280 §5.2.5) that does not cover end entities of this
/// point, for all reasons.
fn covers(value: &[u8], distribution_point: &[u8]) -> Result<(), RevocationError> {
    let mut fields = der::all(value, |r| r.nested(der::SEQUENCE))?;
    let name = match fields.optional(der::constructed(0))? {
        None => None,
        Some(name) => Some(distribution_point_name(name)?),
    };
    let [
        users_only,
        authorities_only,
        some_reasons,
        indirect,
        attributes_only,
    ] = [1, 2, 3, 4, 5].map(|tag| fields.optional(der::primitive(tag)));
    fields.finish()?;
    if users_only?.is_some_and(|value| value != [0xff]) {
        return Err(RevocationError::Malformed);
    }
    let narrower = [
        authorities_only?,
        some_reasons?,
        indirect?,
        attributes_only?,
    ];
    let same_point = name.is_none_or(|name| name == distribution_point);
    if same_point && narrower.iter().all(Option::is_none) {
        Ok(())
    } else {
        Err(RevocationError::NoAnswer)
    }
}

/// One revoked certificate.
struct Entry<'a> {
    serial: &'a [u8],
    at: i64,
    reason: Option<&'a [u8]>,
}

impl<'a> Entry<'a> {
    fn parse(entries: &mut Reader<'a>) -> Result<Self, RevocationError> {
        let mut fields = entries.nested(der::SEQUENCE)?;
        let serial = fields.integer()?;
        let at = fields.time()?.unix;
        let mut reason = None;
        if !fields.is_empty() {
            for Extension {
                oid,
                critical,
                value,
            } in Extensions::read(&mut fields)?.iter()
            {
                match oid {
                    oid::CRL_REASON => {
                        reason = Some(der::all(value, |r| r.value(der::ENUMERATED))?)
                    }
                    _ if critical => return Err(RevocationError::Unsupported),
                    _ => {}
                }
            }
        }
        fields.finish()?;
        Ok(Self { serial, at, reason })
    }
}

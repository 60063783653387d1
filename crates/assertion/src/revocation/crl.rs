//! Certificate revocation lists (RFC 5280 §5).

use super::{Judgement, RevocationError, Status, freshness, revoked};
use crate::algorithm::Algorithm;
use crate::anchors::{Anchor, TrustAnchors};
use crate::certificate::{AuthorityKeyIdentifier, Extension, Extensions, SignedObject};
use crate::der::{self, Reader};
use crate::oid;
use crate::profile::{ValidCertificate, distribution_point_name};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// A complete CRL whose signature was checked, its entries ready to be looked up.
/// [`RevocationList::parse`] alone makes one.
pub struct RevocationList {
    issuer: Arc<Anchor>,
    /// The `Name` (whole) of the one distribution point a partial list is for.
    point: Option<Box<[u8]>>,
    this_update: i64,
    next_update: i64,
    /// By the content octets of the serial number. Of several entries the worst.
    entries: HashMap<Box<[u8]>, Status>,
}

impl RevocationList {
    /// Reads a list, DER, of one of the anchors, and checks its signature and that it may be used
    /// at `now`, in seconds since the Unix epoch.
    ///
    /// It must be of version 2, signed by an anchor's own key, and have a nextUpdate. A partial
    /// list is taken for the one distribution point it names; delta and indirect lists, and lists
    /// of some reasons only, are refused.
    ///
    /// # Errors
    /// Nothing can be concluded from it; see [`RevocationError`].
    pub fn parse(crl: &[u8], anchors: &TrustAnchors, now: i64) -> Result<Self, RevocationError> {
        let object = SignedObject::parse(crl)?;
        let list = List::parse(object.signed.value)?;
        if list.algorithm != object.algorithm || Algorithm::of_signature(list.algorithm).is_none() {
            return Err(RevocationError::Unsupported);
        }
        let issuer = signer(&object, &list, anchors)?;
        let point = point(list.extensions)?;
        let next_update = list.next_update.ok_or(RevocationError::Unsupported)?;
        freshness(list.this_update, Some(next_update), now)?;
        let mut entries = HashMap::<Box<[u8]>, Status>::new();
        let mut reader = Reader::new(list.entries);
        while !reader.is_empty() {
            let entry = Entry::parse(&mut reader)?;
            let status = revoked(entry.at, entry.reason)?;
            entries
                .entry(entry.serial.into())
                .and_modify(|known| *known = status.max(*known))
                .or_insert(status);
        }
        Ok(Self {
            issuer,
            point: point.map(Box::from),
            this_update: list.this_update,
            next_update,
            entries,
        })
    }

    /// What the list says of a certificate at `now`, in seconds since the Unix epoch: one that is
    /// not listed is good.
    ///
    /// # Errors
    /// [`RevocationError::NoAnswer`] if the list is not about this certificate,
    /// [`RevocationError::Stale`] or [`RevocationError::NotYetValid`] outside its dates.
    pub fn judge(
        &self,
        certificate: &ValidCertificate,
        now: i64,
    ) -> Result<Judgement, RevocationError> {
        let same_issuer = self.issuer.key_id == certificate.issuer.key_id
            && self.issuer.key_hash == certificate.issuer.key_hash;
        let same_point = self
            .point
            .as_ref()
            .is_none_or(|point| **point == *certificate.distribution_point);
        if !same_issuer || !same_point {
            return Err(RevocationError::NoAnswer);
        }
        let fresh_until = freshness(self.this_update, Some(self.next_update), now)?;
        let listed = self.entries.get(certificate.serial_der());
        Ok(Judgement {
            status: listed.copied().unwrap_or(Status::Good),
            this_update: self.this_update,
            fresh_until,
        })
    }

    /// The subject key identifier of the authority that issued it.
    pub fn issuer_key_id(&self) -> &[u8] {
        &self.issuer.key_id
    }

    /// When it was issued, in seconds since the Unix epoch.
    pub fn this_update(&self) -> i64 {
        self.this_update
    }

    /// When the next one is due at the latest, in seconds since the Unix epoch.
    pub fn next_update(&self) -> i64 {
        self.next_update
    }
}

/// Shows no serial number.
impl fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationList")
            .field("this_update", &self.this_update)
            .field("next_update", &self.next_update)
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

/// The anchor that signed the list. All generations share one name: the list's
/// authorityKeyIdentifier chooses, and where it has none the signature alone.
fn signer(
    object: &SignedObject<'_>,
    list: &List<'_>,
    anchors: &TrustAnchors,
) -> Result<Arc<Anchor>, RevocationError> {
    let mut refusal = RevocationError::WrongSigner;
    for anchor in anchors.iter() {
        if *list.issuer != *anchor.name || !names_key(list.extensions, &anchor.key_id)? {
            continue;
        }
        if anchor.signed(object.signed.whole, object.algorithm, object.signature) {
            return Ok(anchor.clone());
        }
        refusal = RevocationError::SignatureInvalid;
    }
    Err(refusal)
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

/// The distribution point a partial list is for; refuses lists that say more than is understood.
fn point(extensions: Extensions<'_>) -> Result<Option<&[u8]>, RevocationError> {
    let mut point = None;
    for Extension {
        oid,
        critical,
        value,
    } in extensions.iter()
    {
        match oid {
            oid::ISSUING_DISTRIBUTION_POINT => point = scope(value)?,
            oid::AUTHORITY_KEY_IDENTIFIER | oid::CRL_NUMBER => {}
            _ if critical => return Err(RevocationError::Unsupported), // deltas among them
            _ => {}
        }
    }
    Ok(point)
}

/// The name in an `IssuingDistributionPoint` (RFC 5280 §5.2.5); refuses one that does not cover
/// end entities for all reasons.
fn scope(value: &[u8]) -> Result<Option<&[u8]>, RevocationError> {
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
    if narrower.iter().all(Option::is_none) {
        Ok(name)
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

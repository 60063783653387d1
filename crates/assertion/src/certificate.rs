//! The frame of a certificate: its fields as they stand, nothing judged yet.

use crate::der::{self, Element, Malformed, Reader, Result, Time};

/// The largest certificate that is looked at, in octets. Published ones have up to 1,758.
const MAX_LENGTH: usize = 8 * 1024;

/// A certificate's fields (RFC 5280 §4.1). Only the frame has been checked to be DER.
#[derive(Clone, Copy)]
pub(crate) struct Certificate<'a> {
    /// The signed part, whole.
    pub(crate) signed: &'a [u8],
    /// The version as written: 0 stands for version 1.
    pub(crate) version: &'a [u8],
    /// The serial number's content octets, sign included.
    pub(crate) serial: &'a [u8],
    /// The `AlgorithmIdentifier` inside the signed part, whole.
    pub(crate) inner_algorithm: &'a [u8],
    /// The issuer's `Name`, whole.
    pub(crate) issuer: &'a [u8],
    pub(crate) not_before: Time,
    pub(crate) not_after: Time,
    /// The subject's `Name`, whole.
    pub(crate) subject: &'a [u8],
    /// The contents of the `SubjectPublicKeyInfo`.
    pub(crate) key_info: &'a [u8],
    pub(crate) has_unique_identifier: bool,
    pub(crate) extensions: Extensions<'a>,
    /// The `AlgorithmIdentifier` beside the signature, whole.
    pub(crate) outer_algorithm: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl<'a> Certificate<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self> {
        if bytes.len() > MAX_LENGTH {
            return Err(Malformed);
        }
        let SignedObject {
            signed,
            algorithm,
            signature,
        } = SignedObject::parse(bytes)?;
        let mut fields = Reader::new(signed.value);
        let version = match fields.optional(der::constructed(0))? {
            None => &[0],
            Some(version) => match der::all(version, Reader::integer)? {
                [0] => return Err(Malformed), // the default is not written
                version => version,
            },
        };
        let serial = fields.integer()?;
        let inner_algorithm = fields.element(der::SEQUENCE)?.whole;
        let issuer = fields.element(der::SEQUENCE)?.whole;
        let mut validity = fields.nested(der::SEQUENCE)?;
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        validity.finish()?;
        let subject = fields.element(der::SEQUENCE)?.whole;
        let key_info = fields.value(der::SEQUENCE)?;
        let issuer_unique_id = fields.optional(der::primitive(1))?;
        let subject_unique_id = fields.optional(der::primitive(2))?;
        let extensions = match fields.optional(der::constructed(3))? {
            None => Extensions { list: &[] },
            Some(extensions) => Extensions::parse(extensions)?,
        };
        fields.finish()?;
        Ok(Self {
            signed: signed.whole,
            version,
            serial,
            inner_algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            key_info,
            has_unique_identifier: issuer_unique_id.is_some() || subject_unique_id.is_some(),
            extensions,
            outer_algorithm: algorithm,
            signature,
        })
    }

    /// Whether the certificate is version 3, the only one with extensions.
    pub(crate) fn is_version_3(&self) -> bool {
        self.version == [2]
    }
}

/// The frame that certificates and CRLs share.
pub(crate) struct SignedObject<'a> {
    pub(crate) signed: Element<'a>,
    /// The `AlgorithmIdentifier` beside the signature, whole.
    pub(crate) algorithm: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl<'a> SignedObject<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self> {
        let mut parts = der::all(bytes, |r| r.nested(der::SEQUENCE))?;
        let signed = parts.element(der::SEQUENCE)?;
        let algorithm = parts.element(der::SEQUENCE)?.whole;
        let signature = parts.octet_aligned_bits()?;
        parts.finish()?;
        Ok(Self {
            signed,
            algorithm,
            signature,
        })
    }
}

/// A list of extensions; its frame has been checked to be DER.
#[derive(Clone, Copy)]
pub(crate) struct Extensions<'a> {
    list: &'a [u8],
}

/// One extension.
#[derive(Clone, Copy)]
pub(crate) struct Extension<'a> {
    pub(crate) oid: &'a [u8],
    pub(crate) critical: bool,
    pub(crate) value: &'a [u8],
}

impl<'a> Extensions<'a> {
    /// No extensions.
    pub(crate) const NONE: Self = Self { list: &[] };

    /// Reads an `Extensions` element and nothing beside it.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self> {
        der::all(bytes, Self::read)
    }

    /// Reads an `Extensions` element: a list that is not empty (RFC 5280 §4.1).
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self> {
        let list = reader.value(der::SEQUENCE)?;
        let mut reader = Reader::new(list);
        Self::next(&mut reader)?;
        while !reader.is_empty() {
            Self::next(&mut reader)?;
        }
        Ok(Self { list })
    }

    fn next(reader: &mut Reader<'a>) -> Result<Extension<'a>> {
        let mut fields = reader.nested(der::SEQUENCE)?;
        let extension = Extension {
            oid: fields.oid()?,
            critical: fields.default_false()?,
            value: fields.value(der::OCTET_STRING)?,
        };
        fields.finish()?;
        Ok(extension)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Extension<'a>> {
        let mut reader = Reader::new(self.list);
        std::iter::from_fn(move || Self::next(&mut reader).ok())
    }

    /// The first extension of a kind.
    pub(crate) fn find(self, oid: &[u8]) -> Option<Extension<'a>> {
        self.iter().find(|extension| extension.oid == oid)
    }
}

/// The contents of an authorityKeyIdentifier (RFC 5280 §4.2.1.1).
#[derive(Clone, Copy)]
pub(crate) struct AuthorityKeyIdentifier<'a> {
    pub(crate) key_id: Option<&'a [u8]>,
    /// The authority's certificate: its issuer's `Name` (whole) and its serial number.
    pub(crate) certificate: Option<(&'a [u8], &'a [u8])>,
}

impl<'a> AuthorityKeyIdentifier<'a> {
    pub(crate) fn parse(value: &'a [u8]) -> Result<Self> {
        let mut fields = der::all(value, |r| r.nested(der::SEQUENCE))?;
        let key_id = fields.optional(der::primitive(0))?;
        let issuer = fields.optional(der::constructed(1))?;
        let serial = fields.optional(der::primitive(2))?;
        fields.finish()?;
        let certificate = match (issuer, serial) {
            (None, None) => None,
            (Some(issuer), Some(serial)) => Some((directory_name(issuer)?, der::integer(serial)?)),
            _ => return Err(Malformed), // both or neither
        };
        Ok(Self {
            key_id,
            certificate,
        })
    }
}

/// The `Name` (whole) of general names that are one directory name. The field is IMPLICIT, but a
/// `Name` is a CHOICE, so its own tag stays (RFC 5280 §4.2.1.6).
pub(crate) fn directory_name(general_names: &[u8]) -> Result<&[u8]> {
    let name = der::all(general_names, |r| r.value(der::constructed(4)))?;
    let element = der::all(name, |r| r.element(der::SEQUENCE))?;
    check_name(element.value)?;
    Ok(element.whole)
}

/// Checks the contents of a `Name` to be a list that is not empty of single attributes with text.
fn check_name(value: &[u8]) -> Result<()> {
    let mut names = Reader::new(value);
    single_attribute(&mut names)?;
    while !names.is_empty() {
        single_attribute(&mut names)?;
    }
    Ok(())
}

/// The next relative distinguished name: one attribute, its type and its text.
pub(crate) fn single_attribute<'a>(names: &mut Reader<'a>) -> Result<(&'a [u8], Element<'a>)> {
    let mut set = names.nested(der::SET)?;
    let mut attribute = set.nested(der::SEQUENCE)?;
    set.finish()?;
    let (kind, text) = (attribute.oid()?, attribute.any()?);
    attribute.finish()?;
    let allowed = match text.tag {
        der::PRINTABLE_STRING => text.value.iter().all(|octet| is_printable(*octet)),
        der::UTF8_STRING => std::str::from_utf8(text.value).is_ok(),
        _ => false,
    };
    if allowed && !text.value.is_empty() {
        Ok((kind, text))
    } else {
        Err(Malformed)
    }
}

/// The characters of a PrintableString (X.680 §41.4).
fn is_printable(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&octet)
}

//! Whether a certificate really breaks the rule that we refuse it for, by the word of another
//! parser: `x509-cert`.

use crate::openssl::POLICY;
use der::asn1::{Ia5StringRef, Null, ObjectIdentifier, PrintableStringRef, UintRef, Utf8StringRef};
use der::{Decode, Encode, Reader as _, SliceReader, Tag, Tagged as _};
use kazasu_statement::ProfileRule;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::certificate::Version;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName, GeneralNames};
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, CertificatePolicies, CrlDistributionPoints,
    ExtendedKeyUsage, IssuerAltName, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};
use x509_cert::name::Name;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::Time;
use x509_cert::{Certificate, TbsCertificate};

// Object identifiers of RFC 5280, RFC 3279, RFC 4055, RFC 5480 and RFC 5758.
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
const OCSP: &str = "1.3.6.1.5.5.7.48.1";
const CPS: &str = "1.3.6.1.5.5.7.2.1";
const COUNTRY: &str = "2.5.4.6";
const COMMON_NAME: &str = "2.5.4.3";
const RSA_SHA256: &str = "1.2.840.113549.1.1.11";
const ECDSA_SHA384: &str = "1.2.840.10045.4.3.3";
const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";
const P384: &str = "1.3.132.0.34";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const KEY_USAGE: &str = "2.5.29.15";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
const POLICIES: &str = "2.5.29.32";
const ISSUER_ALT_NAME: &str = "2.5.29.18";
const DISTRIBUTION_POINTS: &str = "2.5.29.31";
const INFORMATION_ACCESS: &str = "1.3.6.1.5.5.7.1.1";
const AUTHORITY_KEY_ID: &str = "2.5.29.35";
const SUBJECT_KEY_ID: &str = "2.5.29.14";

/// The profile's extensions, and whether each is critical.
const EXTENSIONS: [(&str, bool); 8] = [
    (KEY_USAGE, true),
    (EXTENDED_KEY_USAGE, false),
    (POLICIES, true),
    (ISSUER_ALT_NAME, false),
    (DISTRIBUTION_POINTS, false),
    (INFORMATION_ACCESS, false),
    (AUTHORITY_KEY_ID, false),
    (SUBJECT_KEY_ID, false),
];

/// Whether `certificate` breaks `rule` under this authority.
pub(crate) fn breaks(
    rule: ProfileRule,
    certificate: &Certificate,
    authority: &Certificate,
) -> bool {
    let fields = &certificate.tbs_certificate;
    let extensions = fields.extensions.as_deref().unwrap_or_default();
    let any = |found: &dyn Fn(&Extension) -> bool| extensions.iter().any(found);
    let listed = |extension: &Extension| EXTENSIONS.iter().any(|(id, _)| is(extension.extn_id, id));
    match rule {
        ProfileRule::Version => fields.version != Version::V3,
        ProfileRule::Serial => !is_serial(fields),
        ProfileRule::SignatureAlgorithm => {
            fields.signature != certificate.signature_algorithm
                || !is_signature_algorithm(&fields.signature)
        }
        ProfileRule::Subject => !is_subject(&fields.subject),
        ProfileRule::Validity => {
            let dates = [fields.validity.not_before, fields.validity.not_after];
            let misplaced = |date: &Time| matches!(date, Time::GeneralTime(t) if t.to_date_time().year() < 2050);
            dates.iter().any(misplaced)
        }
        ProfileRule::UniqueIdentifier => {
            fields.issuer_unique_id.is_some() || fields.subject_unique_id.is_some()
        }
        ProfileRule::BasicConstraints => any(&|e| is(e.extn_id, BASIC_CONSTRAINTS)),
        ProfileRule::UnknownCriticalExtension => any(&|e| e.critical && !listed(e)),
        ProfileRule::UnexpectedExtension => any(&|e| !listed(e)),
        ProfileRule::DuplicateExtension => any(&|e| {
            let same = extensions.iter().filter(|other| other.extn_id == e.extn_id);
            same.count() > 1
        }),
        ProfileRule::Criticality => any(&|e| {
            let known = EXTENSIONS.iter().find(|(id, _)| is(e.extn_id, id));
            known.is_some_and(|(_, critical)| e.critical != *critical)
        }),
        ProfileRule::KeyUsage => !holds(extensions, KEY_USAGE, |usage: KeyUsage| {
            usage.0 == KeyUsages::DigitalSignature
        }),
        ProfileRule::ExtendedKeyUsage => !holds(
            extensions,
            EXTENDED_KEY_USAGE,
            |usage: ExtendedKeyUsage| matches!(&usage.0[..], [one] if is(*one, CLIENT_AUTH)),
        ),
        ProfileRule::CertificatePolicies => !holds(extensions, POLICIES, is_the_policy),
        ProfileRule::IssuerAlternativeName => {
            !holds(extensions, ISSUER_ALT_NAME, |names: IssuerAltName| {
                is_directory_name(&names.0)
            })
        }
        ProfileRule::DistributionPoint => {
            !holds(extensions, DISTRIBUTION_POINTS, is_one_directory_point)
        }
        ProfileRule::AuthorityInformationAccess => {
            !holds(extensions, INFORMATION_ACCESS, is_one_address)
        }
        ProfileRule::AuthorityKeyIdentifier => {
            !holds(extensions, AUTHORITY_KEY_ID, |id| names(&id, authority))
        }
        ProfileRule::SubjectKeyIdentifier => {
            !holds(extensions, SUBJECT_KEY_ID, |id: SubjectKeyIdentifier| {
                id.0.as_bytes().len() == 20
            })
        }
    }
}

fn is(id: ObjectIdentifier, text: &str) -> bool {
    id == ObjectIdentifier::new_unwrap(text)
}

/// Whether the extension is there, is strict DER of its type, and `right`.
fn holds<'a, T: Decode<'a> + Encode>(
    extensions: &'a [Extension],
    id: &str,
    right: impl FnOnce(T) -> bool,
) -> bool {
    let Some(extension) = extensions.iter().find(|e| is(e.extn_id, id)) else {
        return false;
    };
    let value = extension.extn_value.as_bytes();
    T::from_der(value).is_ok_and(|parsed| {
        let strict = parsed.to_der().is_ok_and(|bytes| bytes == value);
        strict && right(parsed)
    })
}

fn is_serial(fields: &TbsCertificate) -> bool {
    let encoded = fields.serial_number.to_der().unwrap_or_default();
    let octets = encoded.get(2..).unwrap_or_default();
    let positive = octets.first().is_some_and(|first| *first < 0x80) && octets != [0];
    positive && octets.len() <= 20
}

fn is_signature_algorithm(algorithm: &AlgorithmIdentifierOwned) -> bool {
    match &algorithm.parameters {
        Some(parameters) => is(algorithm.oid, RSA_SHA256) && parameters.decode_as::<Null>().is_ok(),
        None => is(algorithm.oid, ECDSA_SHA384),
    }
}

/// Country JP, then a common name of at most 64 characters without spaces.
fn is_subject(name: &Name) -> bool {
    let parts: Vec<&[AttributeTypeAndValue]> = name.0.iter().map(|rdn| rdn.0.as_slice()).collect();
    let [[country], [common_name]] = &parts[..] else {
        return false;
    };
    let jp = country.value.decode_as::<PrintableStringRef<'_>>();
    let text = common_name.value.value();
    is(country.oid, COUNTRY)
        && jp.is_ok_and(|jp| jp.as_str() == "JP")
        && is(common_name.oid, COMMON_NAME)
        && is_text(common_name)
        && text.iter().all(u8::is_ascii_graphic)
        && text.len() <= 64
}

/// Whether the attribute is text that is not empty, in one of the two kinds of string in use.
fn is_text(attribute: &AttributeTypeAndValue) -> bool {
    let value = &attribute.value;
    let right_kind = match value.tag() {
        Tag::PrintableString => value.decode_as::<PrintableStringRef<'_>>().is_ok(),
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().is_ok(),
        _ => false,
    };
    right_kind && !value.value().is_empty() && is_shortest(attribute.oid)
}

/// Whether no arc of the identifier starts with padding (X.690 §8.19.2).
fn is_shortest(id: ObjectIdentifier) -> bool {
    let ends_before = |index: usize| index == 0 || id.as_bytes()[index - 1] < 0x80;
    let mut octets = id.as_bytes().iter().enumerate();
    !octets.any(|(index, octet)| *octet == 0x80 && ends_before(index))
}

fn is_directory_name(names: &GeneralNames) -> bool {
    let [GeneralName::DirectoryName(name)] = &names[..] else {
        return false;
    };
    let one_text = |set: &[AttributeTypeAndValue]| matches!(set, [one] if is_text(one));
    !name.0.is_empty() && name.0.iter().all(|rdn| one_text(rdn.0.as_slice()))
}

fn is_the_policy(policies: CertificatePolicies) -> bool {
    let [policy] = &policies.0[..] else {
        return false;
    };
    let is_pointer = |id, qualifier: &Option<der::Any>| {
        let text = qualifier
            .as_ref()
            .map(|q| q.decode_as::<Ia5StringRef<'_>>());
        is(id, CPS) && text.is_some_and(|text| text.is_ok())
    };
    is(policy.policy_identifier, POLICY)
        && policy.policy_qualifiers.as_ref().is_none_or(|qualifiers| {
            !qualifiers.is_empty()
                && qualifiers
                    .iter()
                    .all(|q| is_pointer(q.policy_qualifier_id, &q.qualifier))
        })
}

fn is_one_directory_point(points: CrlDistributionPoints) -> bool {
    let [point] = &points.0[..] else {
        return false;
    };
    point.reasons.is_none()
        && point.crl_issuer.is_none()
        && matches!(&point.distribution_point,
            Some(DistributionPointName::FullName(names)) if is_directory_name(names))
}

fn is_one_address(access: AuthorityInfoAccessSyntax) -> bool {
    let [description] = &access.0[..] else {
        return false;
    };
    let GeneralName::UniformResourceIdentifier(uri) = &description.access_location else {
        return false;
    };
    let uri = uri.as_str();
    is(description.access_method, OCSP)
        && (uri.starts_with("http://") || uri.starts_with("https://"))
        && uri.bytes().all(|octet| octet.is_ascii_graphic())
}

/// Whether the identifier names this authority by its key, and by no other issuer and serial.
fn names(id: &AuthorityKeyIdentifier, authority: &Certificate) -> bool {
    let fields = &authority.tbs_certificate;
    let extensions = fields.extensions.as_deref().unwrap_or_default();
    let own_key = holds(extensions, SUBJECT_KEY_ID, |own: SubjectKeyIdentifier| {
        id.key_identifier.as_ref() == Some(&own.0)
    });
    let own_certificate = match (&id.authority_cert_issuer, &id.authority_cert_serial_number) {
        (None, None) => true,
        (Some(issuer), Some(serial)) => {
            *serial == fields.serial_number
                && matches!(&issuer[..], [GeneralName::DirectoryName(name)] if *name == fields.issuer)
        }
        _ => false,
    };
    own_key && own_certificate
}

/// Whether the key is RSA of 2048 bits with exponent 65537, or on P-384.
pub(crate) fn is_key_of_the_table(info: &SubjectPublicKeyInfoOwned) -> bool {
    let Some(bits) = info.subject_public_key.as_bytes() else {
        return false;
    };
    let Some(parameters) = &info.algorithm.parameters else {
        return false;
    };
    if is(info.algorithm.oid, EC) {
        let curve = parameters.decode_as::<ObjectIdentifier>();
        return curve.is_ok_and(|curve| is(curve, P384)) && bits.len() == 97 && bits[0] == 4;
    }
    let key = SliceReader::new(bits).and_then(|mut reader| {
        let key = reader.sequence(|r| Ok((UintRef::decode(r)?, UintRef::decode(r)?)))?;
        reader.finish(key)
    });
    is(info.algorithm.oid, RSA)
        && parameters.decode_as::<Null>().is_ok()
        && key.is_ok_and(|(modulus, exponent)| {
            let modulus = modulus.as_bytes();
            modulus.len() == 256
                && modulus[0] >= 0x80
                && modulus[255] & 1 == 1
                && exponent.as_bytes() == [1, 0, 1]
        })
}

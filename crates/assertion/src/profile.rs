//! The profile of a user authentication certificate, and the path from an anchor to it.
//!
//! The path is always one anchor and one certificate. Which reason a certificate gets when several
//! apply is fixed by the order of the steps:
//!
//! 1. `certificate_malformed`: the frame is not strict DER, or larger than 8 KiB.
//! 2. `profile_violation(signature_algorithm)`: the algorithm is not of the table, or named
//!    differently inside and outside. Nothing can be verified then.
//! 3. `issuer_unknown`: no anchor of that name verifies the signature. What was not signed by an
//!    anchor gets no further than this, whatever else is wrong with it.
//! 4. `certificate_not_yet_valid`, then `certificate_expired`: the dates of the anchor and of the
//!    certificate; the first and the last second are valid.
//! 5. `profile_violation` of the fields, in the order version, serial, validity, subject, unique
//!    identifier.
//! 6. `key_not_allowed`.
//! 7. `profile_violation` of the extensions as they stand in the certificate: unknown ones,
//!    repeated ones, wrong criticality.
//! 8. `profile_violation` of each extension that is missing, then of the contents of each, both in
//!    the order of [`CLOSED_LIST`].
//!
//! The list is closed: an extension outside it is refused, critical or not, because a certificate
//! that has one is not of the profile that was reviewed. basicConstraints is refused even when it
//! says CA false, as the published profile has none.

use crate::algorithm::{Algorithm, PublicKey};
use crate::anchors::{Anchor, Hierarchy, TrustAnchors};
use crate::certificate::{
    AuthorityKeyIdentifier, Certificate, Extensions, directory_name, single_attribute,
};
use crate::der::{self, Malformed, Time};
use crate::oid;
use kazasu_statement::{ProfileRule, Reason};
use std::fmt;
use std::sync::Arc;

/// The last second that UTCTime is used for: 2049-12-31T23:59:59Z (RFC 5280 §4.1.2.5).
const LAST_UTC_TIME: i64 = 2_524_607_999;

/// The longest common name (ub-common-name, RFC 5280 appendix A.1). Published ones have 23
/// characters.
const MAX_COMMON_NAME: usize = 64;

/// A user authentication certificate that an anchor issued, that is within its dates and that
/// keeps the profile. Its revocation status is another question: [`crate::revocation`].
#[derive(Clone)]
pub struct ValidCertificate {
    pub(crate) issuer: Arc<Anchor>,
    serial: Box<[u8]>,
    not_after: i64,
    ocsp_url: Box<str>,
    /// The `Name` (whole) of the distribution point, which a partial CRL repeats.
    pub(crate) distribution_point: Box<[u8]>,
    pub(crate) key: PublicKey,
}

impl ValidCertificate {
    /// The subject key identifier of the authority that issued it. Serial numbers may repeat
    /// across authorities, so a certificate is known by this *and* its serial number.
    pub fn issuer_key_id(&self) -> &[u8] {
        &self.issuer.key_id
    }

    /// The serial number, big-endian, without leading zeros.
    pub fn serial(&self) -> &[u8] {
        self.serial.strip_prefix(&[0]).unwrap_or(&self.serial)
    }

    /// The serial number's content octets in DER.
    pub(crate) fn serial_der(&self) -> &[u8] {
        &self.serial
    }

    /// The last second of its validity, in seconds since the Unix epoch.
    pub fn not_after(&self) -> i64 {
        self.not_after
    }

    /// Where the certificate says its OCSP responder is. Information only: a server asks the
    /// responder it is configured for.
    pub fn ocsp_url(&self) -> &str {
        &self.ocsp_url
    }

    /// What its key signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }
}

/// Shows nothing that tells one holder from another.
impl fmt::Debug for ValidCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValidCertificate")
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

impl TrustAnchors {
    /// Checks a certificate, DER, at `now` in seconds since the Unix epoch.
    ///
    /// # Errors
    /// The reason of the first step (see the module's list) that the certificate does not pass.
    pub fn validate(&self, certificate: &[u8], now: i64) -> Result<ValidCertificate, Reason> {
        let certificate =
            Certificate::parse(certificate).map_err(|Malformed| Reason::CertificateMalformed)?;
        let same_algorithm = certificate.inner_algorithm == certificate.outer_algorithm;
        if !same_algorithm || Algorithm::of_signature(certificate.outer_algorithm).is_none() {
            return Err(Reason::ProfileViolation(ProfileRule::SignatureAlgorithm));
        }
        let issuer = self.issuer_of(&certificate).ok_or(Reason::IssuerUnknown)?;
        check_dates(&certificate, issuer, now)?;
        check_fields(&certificate).map_err(Reason::ProfileViolation)?;
        let key = PublicKey::parse(certificate.key_info).map_err(|_| Reason::KeyNotAllowed)?;
        let contents = check_extensions(certificate.extensions, issuer, self.hierarchy())
            .map_err(Reason::ProfileViolation)?;
        Ok(ValidCertificate {
            issuer: Arc::clone(issuer),
            serial: certificate.serial.into(),
            not_after: certificate.not_after.unix,
            ocsp_url: contents.ocsp_url.into(),
            distribution_point: contents.distribution_point.into(),
            key,
        })
    }
}

fn check_dates(certificate: &Certificate<'_>, issuer: &Anchor, now: i64) -> Result<(), Reason> {
    if now < certificate.not_before.unix || now < issuer.not_before {
        return Err(Reason::CertificateNotYetValid);
    }
    if now > certificate.not_after.unix || now > issuer.not_after {
        return Err(Reason::CertificateExpired);
    }
    Ok(())
}

fn check_fields(certificate: &Certificate<'_>) -> Result<(), ProfileRule> {
    if !certificate.is_version_3() {
        return Err(ProfileRule::Version);
    }
    // positive, and at most 20 octets (RFC 5280 §4.1.2.2)
    let positive = certificate.serial[0] < 0x80 && certificate.serial != [0];
    if !positive || certificate.serial.len() > 20 {
        return Err(ProfileRule::Serial);
    }
    let right_form = |time: Time| time.generalized == (time.unix > LAST_UTC_TIME);
    if !right_form(certificate.not_before) || !right_form(certificate.not_after) {
        return Err(ProfileRule::Validity);
    }
    if !is_subject(certificate.subject).unwrap_or(false) {
        return Err(ProfileRule::Subject);
    }
    if certificate.has_unique_identifier {
        return Err(ProfileRule::UniqueIdentifier);
    }
    Ok(())
}

/// Country JP, then a common name.
fn is_subject(name: &[u8]) -> der::Result<bool> {
    let mut names = der::all(name, |r| r.nested(der::SEQUENCE))?;
    let (country, country_text) = single_attribute(&mut names)?;
    let (common_name, text) = single_attribute(&mut names)?;
    names.finish()?;
    let printable = text.value.iter().all(u8::is_ascii_graphic);
    Ok(country == oid::COUNTRY_NAME
        && country_text.tag == der::PRINTABLE_STRING
        && country_text.value == b"JP"
        && common_name == oid::COMMON_NAME
        && printable
        && text.value.len() <= MAX_COMMON_NAME)
}

/// One extension of the profile. All are required.
struct Expected {
    oid: &'static [u8],
    critical: bool,
    rule: ProfileRule,
}

const fn expected(oid: &'static [u8], critical: bool, rule: ProfileRule) -> Expected {
    Expected {
        oid,
        critical,
        rule,
    }
}

/// Every extension that a certificate of this profile has, as the published ones show.
const CLOSED_LIST: [Expected; 8] = [
    expected(oid::KEY_USAGE, true, ProfileRule::KeyUsage),
    expected(
        oid::EXTENDED_KEY_USAGE,
        false,
        ProfileRule::ExtendedKeyUsage,
    ),
    expected(
        oid::CERTIFICATE_POLICIES,
        true,
        ProfileRule::CertificatePolicies,
    ),
    expected(
        oid::ISSUER_ALT_NAME,
        false,
        ProfileRule::IssuerAlternativeName,
    ),
    expected(
        oid::CRL_DISTRIBUTION_POINTS,
        false,
        ProfileRule::DistributionPoint,
    ),
    expected(
        oid::AUTHORITY_INFO_ACCESS,
        false,
        ProfileRule::AuthorityInformationAccess,
    ),
    expected(
        oid::AUTHORITY_KEY_IDENTIFIER,
        false,
        ProfileRule::AuthorityKeyIdentifier,
    ),
    expected(
        oid::SUBJECT_KEY_IDENTIFIER,
        false,
        ProfileRule::SubjectKeyIdentifier,
    ),
];

/// What the extensions say that is needed later.
struct Contents<'a> {
    ocsp_url: &'a str,
    distribution_point: &'a [u8],
}

fn check_extensions<'a>(
    extensions: Extensions<'a>,
    issuer: &Anchor,
    hierarchy: Hierarchy,
) -> Result<Contents<'a>, ProfileRule> {
    let [
        usage,
        extended_usage,
        policies,
        issuer_names,
        points,
        access,
        authority,
        subject,
    ] = collect(extensions)?;
    // digitalSignature alone, as a BIT STRING without trailing zero bits (RFC 5280 §4.2.1.3)
    require(usage == [0x03, 0x02, 0x07, 0x80], ProfileRule::KeyUsage)?;
    let purpose = one_extended_usage(extended_usage);
    require(
        purpose == Ok(oid::CLIENT_AUTH),
        ProfileRule::ExtendedKeyUsage,
    )?;
    let policy = one_policy(policies);
    require(
        policy == Ok(hierarchy.policy()),
        ProfileRule::CertificatePolicies,
    )?;
    let issuer_name = der::all(issuer_names, |r| directory_name(r.value(der::SEQUENCE)?));
    require(issuer_name.is_ok(), ProfileRule::IssuerAlternativeName)?;
    let distribution_point =
        one_distribution_point(points).map_err(|Malformed| ProfileRule::DistributionPoint)?;
    let ocsp_url =
        one_ocsp_url(access).map_err(|Malformed| ProfileRule::AuthorityInformationAccess)?;
    require(
        names_authority(authority, issuer),
        ProfileRule::AuthorityKeyIdentifier,
    )?;
    let key_id = der::all(subject, |r| r.value(der::OCTET_STRING));
    require(
        key_id.is_ok_and(|id| id.len() == 20),
        ProfileRule::SubjectKeyIdentifier,
    )?;
    Ok(Contents {
        ocsp_url,
        distribution_point,
    })
}

fn require(holds: bool, rule: ProfileRule) -> Result<(), ProfileRule> {
    if holds { Ok(()) } else { Err(rule) }
}

/// The values of the closed list's extensions, in its order.
fn collect(extensions: Extensions<'_>) -> Result<[&[u8]; 8], ProfileRule> {
    let mut found = [None; 8];
    for extension in extensions.iter() {
        let Some(index) = CLOSED_LIST
            .iter()
            .position(|known| known.oid == extension.oid)
        else {
            return Err(match extension.oid {
                oid::BASIC_CONSTRAINTS => ProfileRule::BasicConstraints,
                oid::SUBJECT_ALT_NAME => ProfileRule::UnexpectedExtension,
                _ if extension.critical => ProfileRule::UnknownCriticalExtension,
                _ => ProfileRule::UnexpectedExtension,
            });
        };
        if found[index].is_some() {
            return Err(ProfileRule::DuplicateExtension);
        }
        if extension.critical != CLOSED_LIST[index].critical {
            return Err(ProfileRule::Criticality);
        }
        found[index] = Some(extension.value);
    }
    let mut values = [&[][..]; 8];
    for (index, known) in CLOSED_LIST.iter().enumerate() {
        values[index] = found[index].ok_or(known.rule)?;
    }
    Ok(values)
}

/// `ExtKeyUsageSyntax` with one purpose (RFC 5280 §4.2.1.12).
fn one_extended_usage(value: &[u8]) -> der::Result<&[u8]> {
    let mut purposes = der::all(value, |r| r.nested(der::SEQUENCE))?;
    let purpose = purposes.oid()?;
    purposes.finish()?;
    Ok(purpose)
}

/// `certificatePolicies` with one policy, whose only qualifiers may be CPS pointers
/// (RFC 5280 §4.2.1.4).
fn one_policy(value: &[u8]) -> der::Result<&[u8]> {
    let mut policies = der::all(value, |r| r.nested(der::SEQUENCE))?;
    let mut policy = policies.nested(der::SEQUENCE)?;
    policies.finish()?;
    let identifier = policy.oid()?;
    if !policy.is_empty() {
        let mut qualifiers = policy.nested(der::SEQUENCE)?;
        policy.finish()?;
        loop {
            let mut qualifier = qualifiers.nested(der::SEQUENCE)?;
            let is_cps = qualifier.oid()? == oid::CPS_QUALIFIER;
            let is_text = qualifier.value(der::IA5_STRING)?.is_ascii();
            qualifier.finish()?;
            if !is_cps || !is_text {
                return Err(Malformed);
            }
            if qualifiers.is_empty() {
                break;
            }
        }
    }
    Ok(identifier)
}

/// `cRLDistributionPoints` with one point, which is one directory name; its `Name`, whole
/// (RFC 5280 §4.2.1.13).
fn one_distribution_point(value: &[u8]) -> der::Result<&[u8]> {
    let mut points = der::all(value, |r| r.nested(der::SEQUENCE))?;
    let mut point = points.nested(der::SEQUENCE)?;
    points.finish()?;
    let name = distribution_point_name(point.value(der::constructed(0))?)?;
    point.finish()?;
    Ok(name)
}

/// The directory name of a `DistributionPointName` in its form fullName.
pub(crate) fn distribution_point_name(value: &[u8]) -> der::Result<&[u8]> {
    der::all(value, |r| directory_name(r.value(der::constructed(0))?))
}

/// `authorityInfoAccess` with one OCSP address (RFC 5280 §4.2.2.1).
fn one_ocsp_url(value: &[u8]) -> der::Result<&str> {
    let mut descriptions = der::all(value, |r| r.nested(der::SEQUENCE))?;
    let mut description = descriptions.nested(der::SEQUENCE)?;
    descriptions.finish()?;
    let method = description.oid()?;
    let location = description.value(der::primitive(6))?;
    description.finish()?;
    let url = std::str::from_utf8(location).map_err(|_| Malformed)?;
    let is_http = url.starts_with("http://") || url.starts_with("https://");
    let is_plain = url.bytes().all(|octet| octet.is_ascii_graphic());
    if method == oid::OCSP && is_http && is_plain {
        Ok(url)
    } else {
        Err(Malformed)
    }
}

/// Whether the authorityKeyIdentifier names this anchor: by its key identifier, and by its own
/// issuer and serial number where it says those too.
fn names_authority(value: &[u8], issuer: &Anchor) -> bool {
    let Ok(identifier) = AuthorityKeyIdentifier::parse(value) else {
        return false;
    };
    identifier.key_id == Some(&*issuer.key_id)
        && identifier
            .certificate
            .is_none_or(|(name, serial)| *name == *issuer.name && *serial == *issuer.serial)
}

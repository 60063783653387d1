//! Object identifiers and directory names of the test hierarchy, as the published test card's
//! certificates carry them.

use super::der;
use const_oid::ObjectIdentifier;

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

// X.520 attribute types.
pub(super) const COMMON_NAME: ObjectIdentifier = oid("2.5.4.3");
pub(super) const COUNTRY: ObjectIdentifier = oid("2.5.4.6");
pub(super) const LOCALITY: ObjectIdentifier = oid("2.5.4.7");
pub(super) const ORGANIZATION: ObjectIdentifier = oid("2.5.4.10");
pub(super) const ORGANIZATIONAL_UNIT: ObjectIdentifier = oid("2.5.4.11");

// Certificate and CRL extensions (RFC 5280 §4.2, §5.2, §5.3).
pub(super) const SUBJECT_KEY_ID: ObjectIdentifier = oid("2.5.29.14");
pub(super) const KEY_USAGE: ObjectIdentifier = oid("2.5.29.15");
pub(super) const SUBJECT_ALT_NAME: ObjectIdentifier = oid("2.5.29.17");
pub(super) const ISSUER_ALT_NAME: ObjectIdentifier = oid("2.5.29.18");
pub(super) const BASIC_CONSTRAINTS: ObjectIdentifier = oid("2.5.29.19");
pub(super) const CRL_NUMBER: ObjectIdentifier = oid("2.5.29.20");
pub(super) const REASON_CODE: ObjectIdentifier = oid("2.5.29.21");
pub(super) const DISTRIBUTION_POINTS: ObjectIdentifier = oid("2.5.29.31");
pub(super) const CERTIFICATE_POLICIES: ObjectIdentifier = oid("2.5.29.32");
pub(super) const AUTHORITY_KEY_ID: ObjectIdentifier = oid("2.5.29.35");
pub(super) const EXTENDED_KEY_USAGE: ObjectIdentifier = oid("2.5.29.37");
pub(super) const ANY_EXTENDED_KEY_USAGE: ObjectIdentifier = oid("2.5.29.37.0");
pub(super) const AUTHORITY_INFORMATION_ACCESS: ObjectIdentifier = oid("1.3.6.1.5.5.7.1.1");
pub(super) const CPS_QUALIFIER: ObjectIdentifier = oid("1.3.6.1.5.5.7.2.1");
pub(super) const SERVER_AUTH: ObjectIdentifier = oid("1.3.6.1.5.5.7.3.1");
pub(super) const CLIENT_AUTH: ObjectIdentifier = oid("1.3.6.1.5.5.7.3.2");
pub(super) const OCSP_SIGNING: ObjectIdentifier = oid("1.3.6.1.5.5.7.3.9");
pub(super) const OCSP: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1");
/// id-pkix-ocsp-basic, the one response type (RFC 6960 §4.2.1).
pub(super) const OCSP_BASIC: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1.1");
/// id-pkix-ocsp-nonce (RFC 6960 §4.4.1).
pub(super) const OCSP_NONCE: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1.2");
/// id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1).
pub(super) const OCSP_NOCHECK: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1.5");

/// The authentication certificate's policy in the test hierarchy.
pub(super) const AUTH_POLICY: ObjectIdentifier = oid("1.2.392.200149.8.5.1.0.30");
/// The same in the production hierarchy, which this authority writes only into a bad certificate.
pub(super) const PRODUCTION_AUTH_POLICY: ObjectIdentifier = oid("1.2.392.200149.8.5.1.3.30");
/// The signing certificate's policy in the test hierarchy.
pub(super) const SIGN_POLICY: ObjectIdentifier = oid("1.2.392.200149.8.5.1.0.20");
/// Where the published certificates say their practice statement is.
pub(super) const CPS_URI: &str = "http://www.jpki.go.jp/cps.html";
/// The arc of the four attributes in a signing certificate's subjectAltName.
pub(super) const SIGN_ATTRIBUTES: &str = "1.2.392.200149.8.5.5";

// Signature and key algorithms (RFC 8017 appendix A, RFC 5758 §3.2, RFC 5480 §2.1, RFC 8410 §3).
pub(super) const RSA_ENCRYPTION: ObjectIdentifier = oid("1.2.840.113549.1.1.1");
pub(super) const SHA1_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.5");
pub(super) const SHA256_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.11");
pub(super) const SHA384_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.12");
pub(super) const ECDSA_WITH_SHA384: ObjectIdentifier = oid("1.2.840.10045.4.3.3");
pub(super) const EC_PUBLIC_KEY: ObjectIdentifier = oid("1.2.840.10045.2.1");
pub(super) const P256: ObjectIdentifier = oid("1.2.840.10045.3.1.7");
pub(super) const P384: ObjectIdentifier = oid("1.3.132.0.34");
pub(super) const ED25519: ObjectIdentifier = oid("1.3.101.112");
pub(super) const SHA1: ObjectIdentifier = oid("1.3.14.3.2.26");
pub(super) const SHA256: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.1");

/// Which of the two services an authority issues for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    /// 利用者証明用.
    Authentication,
    /// 署名用.
    Signing,
}

/// The CA's own name, the same for every generation.
pub(super) fn ca_name(service: Service) -> Vec<u8> {
    relative_names(&[
        (COUNTRY, "JP"),
        (ORGANIZATION, "JPKI-TEST"),
        (ORGANIZATIONAL_UNIT, service_unit(service)),
        (
            ORGANIZATIONAL_UNIT,
            "Japan Agency for Local Authority Information Systems",
        ),
    ])
}

/// The CA's name in Japanese: the CA's subjectAltName and a leaf's issuerAltName.
pub(super) fn ca_japanese_name(service: Service) -> Vec<u8> {
    relative_names(&[
        (COUNTRY, "JP"),
        (ORGANIZATION, "公的個人認証サービス"),
        (
            ORGANIZATIONAL_UNIT,
            match service {
                Service::Authentication => "公的個人認証サービス利用者証明用",
                Service::Signing => "公的個人認証サービス署名用",
            },
        ),
        (ORGANIZATIONAL_UNIT, "地方公共団体情報システム機構"),
    ])
}

/// The name of the municipality's CRL distribution point.
pub(super) fn distribution_point_name(service: Service) -> Vec<u8> {
    relative_names(&[
        (COUNTRY, "JP"),
        (ORGANIZATION, "JPKI-TEST"),
        (ORGANIZATIONAL_UNIT, service_unit(service)),
        (ORGANIZATIONAL_UNIT, "CRL Distribution Points"),
        (ORGANIZATIONAL_UNIT, "Tokyo-to"),
        (COMMON_NAME, "Chiyoda-ku CRLDP"),
    ])
}

/// A Name of single-valued parts: the country printable, everything else UTF-8.
pub(super) fn relative_names(parts: &[(ObjectIdentifier, &str)]) -> Vec<u8> {
    let rdns: Vec<Vec<u8>> = parts
        .iter()
        .map(|(kind, text)| {
            let value = if *kind == COUNTRY {
                der::printable(text)
            } else {
                der::utf8(text)
            };
            der::set_of_one(&der::sequence(&[der::oid(*kind), value]))
        })
        .collect();
    der::sequence(&rdns)
}

fn service_unit(service: Service) -> &'static str {
    match service {
        Service::Authentication => "JPKI for user authentication",
        Service::Signing => "JPKI for digital signature",
    }
}

//! Object identifiers, as the content octets that DER has.

/// id-ce-subjectKeyIdentifier 2.5.29.14 (RFC 5280 §4.2.1.2).
pub(crate) const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 14];
/// id-ce-keyUsage 2.5.29.15 (RFC 5280 §4.2.1.3).
pub(crate) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
/// id-ce-subjectAltName 2.5.29.17 (RFC 5280 §4.2.1.6).
pub(crate) const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 17];
/// id-ce-issuerAltName 2.5.29.18 (RFC 5280 §4.2.1.7).
pub(crate) const ISSUER_ALT_NAME: &[u8] = &[0x55, 0x1d, 18];
/// id-ce-basicConstraints 2.5.29.19 (RFC 5280 §4.2.1.9).
pub(crate) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
/// id-ce-cRLNumber 2.5.29.20 (RFC 5280 §5.2.3).
pub(crate) const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 20];
/// id-ce-cRLReasons 2.5.29.21 (RFC 5280 §5.3.1).
pub(crate) const CRL_REASON: &[u8] = &[0x55, 0x1d, 21];
/// id-ce-issuingDistributionPoint 2.5.29.28 (RFC 5280 §5.2.5).
pub(crate) const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1d, 28];
/// id-ce-cRLDistributionPoints 2.5.29.31 (RFC 5280 §4.2.1.13).
pub(crate) const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 31];
/// id-ce-certificatePolicies 2.5.29.32 (RFC 5280 §4.2.1.4).
pub(crate) const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 32];
/// id-ce-authorityKeyIdentifier 2.5.29.35 (RFC 5280 §4.2.1.1).
pub(crate) const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 35];
/// id-ce-extKeyUsage 2.5.29.37 (RFC 5280 §4.2.1.12).
pub(crate) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];

/// id-pe-authorityInfoAccess 1.3.6.1.5.5.7.1.1 (RFC 5280 §4.2.2.1).
pub(crate) const AUTHORITY_INFO_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
/// id-qt-cps 1.3.6.1.5.5.7.2.1 (RFC 5280 §4.2.1.4).
pub(crate) const CPS_QUALIFIER: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 2, 1];
/// id-kp-clientAuth 1.3.6.1.5.5.7.3.2 (RFC 5280 §4.2.1.12).
pub(crate) const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
/// id-kp-OCSPSigning 1.3.6.1.5.5.7.3.9 (RFC 6960 §4.2.2.2).
pub(crate) const OCSP_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 9];
/// id-ad-ocsp 1.3.6.1.5.5.7.48.1 (RFC 5280 §4.2.2.1).
pub(crate) const OCSP: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1];
/// id-pkix-ocsp-basic 1.3.6.1.5.5.7.48.1.1 (RFC 6960 §4.2.1).
pub(crate) const OCSP_BASIC: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1, 1];
/// id-pkix-ocsp-nonce 1.3.6.1.5.5.7.48.1.2 (RFC 6960 §4.4.1).
pub(crate) const OCSP_NONCE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1, 2];

/// id-at-commonName 2.5.4.3 (RFC 5280 appendix A.1).
pub(crate) const COMMON_NAME: &[u8] = &[0x55, 4, 3];
/// id-at-countryName 2.5.4.6 (RFC 5280 appendix A.1).
pub(crate) const COUNTRY_NAME: &[u8] = &[0x55, 4, 6];

/// id-sha1 1.3.14.3.2.26 (RFC 3279 §2.1).
pub(crate) const SHA1: &[u8] = &[0x2b, 14, 3, 2, 26];

/// 1.2.392.200149.8.5.1.3.30, the policy of JPKI user authentication certificates on cards (JPKI
/// certificate profile; seen in every published certificate).
pub(crate) const JPKI_AUTHENTICATION: &[u8] = &[0x2a, 0x83, 0x08, 0x8c, 0x9b, 0x55, 8, 5, 1, 3, 30];
/// 1.2.392.200149.8.5.1.0.30, the same in the test hierarchy (the published test card).
pub(crate) const JPKI_TEST_AUTHENTICATION: &[u8] =
    &[0x2a, 0x83, 0x08, 0x8c, 0x9b, 0x55, 8, 5, 1, 0, 30];

#[cfg(test)]
mod tests {
    use const_oid::ObjectIdentifier;

    #[test]
    fn octets_match_the_dotted_form() {
        let pairs = [
            ("2.5.29.14", super::SUBJECT_KEY_IDENTIFIER),
            ("2.5.29.15", super::KEY_USAGE),
            ("2.5.29.17", super::SUBJECT_ALT_NAME),
            ("2.5.29.18", super::ISSUER_ALT_NAME),
            ("2.5.29.19", super::BASIC_CONSTRAINTS),
            ("2.5.29.20", super::CRL_NUMBER),
            ("2.5.29.21", super::CRL_REASON),
            ("2.5.29.28", super::ISSUING_DISTRIBUTION_POINT),
            ("2.5.29.31", super::CRL_DISTRIBUTION_POINTS),
            ("2.5.29.32", super::CERTIFICATE_POLICIES),
            ("2.5.29.35", super::AUTHORITY_KEY_IDENTIFIER),
            ("2.5.29.37", super::EXTENDED_KEY_USAGE),
            ("1.3.6.1.5.5.7.1.1", super::AUTHORITY_INFO_ACCESS),
            ("1.3.6.1.5.5.7.2.1", super::CPS_QUALIFIER),
            ("1.3.6.1.5.5.7.3.2", super::CLIENT_AUTH),
            ("1.3.6.1.5.5.7.3.9", super::OCSP_SIGNING),
            ("1.3.6.1.5.5.7.48.1", super::OCSP),
            ("1.3.6.1.5.5.7.48.1.1", super::OCSP_BASIC),
            ("1.3.6.1.5.5.7.48.1.2", super::OCSP_NONCE),
            ("2.5.4.3", super::COMMON_NAME),
            ("2.5.4.6", super::COUNTRY_NAME),
            ("1.3.14.3.2.26", super::SHA1),
            ("1.2.392.200149.8.5.1.3.30", super::JPKI_AUTHENTICATION),
            ("1.2.392.200149.8.5.1.0.30", super::JPKI_TEST_AUTHENTICATION),
        ];
        for (dotted, octets) in pairs {
            assert_eq!(
                ObjectIdentifier::new_unwrap(dotted).as_bytes(),
                octets,
                "{dotted}"
            );
        }
    }
}

//! Certificates that break one rule each, and the reason each is to be refused for.

/// A deviation from the certificate profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variant {
    /// No deviation: the certificate is to be accepted.
    Ordinary,
    /// One more byte after the certificate.
    TrailingByte,
    /// The last byte is missing.
    Truncated,
    /// A length written with more bytes than it needs.
    NonMinimalLength,
    /// A TRUE that is written as 01 instead of FF.
    LooseBoolean,
    /// A default value, critical FALSE, that is written out.
    ExplicitDefault,
    /// An extensions field with nothing in it.
    EmptyExtensions,
    /// Signed with SHA-1 by the right CA.
    Sha1Signature,
    /// Signed with RSA and SHA-384 by the right CA: strong, and not of the profile.
    Sha384Signature,
    /// The signed part names another algorithm than the signature.
    DifferentAlgorithms,
    /// One bit of the signature is changed.
    AlteredSignature,
    /// One character of the subject is changed after signing.
    AlteredSubject,
    /// Issued by a CA with the same name and another key.
    UnknownCa,
    /// The same, with an authorityKeyIdentifier that names the right CA.
    UnknownCaClaimingOurs,
    /// Issued by the signing CA.
    SigningCa,
    /// Signed by the right key under another issuer name.
    OtherIssuerName,
    /// Signed by its own key.
    SelfSigned,
    /// Signed by the key of an ordinary card, whose subject it names as issuer.
    IssuedByCard,
    /// Valid from tomorrow.
    NotYetValid,
    /// Expired yesterday.
    Expired,
    /// Version 1, without extensions.
    Version1,
    /// Says version 2.
    Version2,
    /// A negative serial number.
    NegativeSerial,
    /// The serial number zero.
    ZeroSerial,
    /// A serial number of 21 bytes.
    LongSerial,
    /// A date before 2050 as GeneralizedTime.
    GeneralizedTime,
    /// A subject without any part.
    EmptySubject,
    /// A subject that also has an organization.
    SubjectOrganization,
    /// A subject that is a common name only.
    SubjectWithoutCountry,
    /// issuerUniqueID and subjectUniqueID present.
    UniqueIds,
    /// An RSA key of 1024 bits.
    Rsa1024,
    /// An RSA key of 3072 bits.
    Rsa3072,
    /// An RSA-2048 key with exponent 3.
    RsaExponent3,
    /// An EC key on P-256.
    P256,
    /// An Ed25519 key.
    Ed25519,
    /// No keyUsage.
    NoKeyUsage,
    /// keyUsage keyEncipherment instead of digitalSignature.
    KeyUsageKeyEncipherment,
    /// keyUsage nonRepudiation as well, as signing certificates have.
    KeyUsageNonRepudiation,
    /// keyUsage keyCertSign as well.
    KeyUsageCertSign,
    /// keyUsage not critical.
    KeyUsageNotCritical,
    /// No extendedKeyUsage.
    NoExtendedKeyUsage,
    /// extendedKeyUsage serverAuth instead of clientAuth.
    ServerAuth,
    /// extendedKeyUsage serverAuth as well.
    AlsoServerAuth,
    /// extendedKeyUsage anyExtendedKeyUsage.
    AnyExtendedKeyUsage,
    /// extendedKeyUsage critical.
    ExtendedKeyUsageCritical,
    /// No certificatePolicies.
    NoPolicies,
    /// The signing certificate's policy.
    SigningPolicy,
    /// The production hierarchy's policy.
    ProductionPolicy,
    /// anyPolicy.
    AnyPolicy,
    /// The signing policy as well.
    SecondPolicy,
    /// certificatePolicies not critical.
    PoliciesNotCritical,
    /// basicConstraints that make it a CA.
    CaTrue,
    /// basicConstraints that say it is no CA; the published certificates have none.
    CaFalse,
    /// A subjectAltName.
    SubjectAltName,
    /// An unknown extension, not critical.
    UnknownExtension,
    /// An unknown extension, critical.
    UnknownCriticalExtension,
    /// The extendedKeyUsage twice.
    DuplicateExtension,
    /// No issuerAltName.
    NoIssuerAltName,
    /// An issuerAltName that is a host name.
    IssuerAltNameDns,
    /// No cRLDistributionPoints.
    NoDistributionPoints,
    /// A distribution point that is a web address.
    DistributionPointUri,
    /// No authorityInfoAccess.
    NoInformationAccess,
    /// Two OCSP addresses.
    TwoOcspAddresses,
    /// No authorityKeyIdentifier.
    NoAuthorityKeyId,
    /// An authorityKeyIdentifier with another key identifier.
    AuthorityKeyIdOther,
    /// An authorityKeyIdentifier with another serial.
    AuthorityKeyIdSerial,
    /// An authorityKeyIdentifier with another name.
    AuthorityKeyIdName,
    /// No subjectKeyIdentifier.
    NoSubjectKeyId,
    /// A subjectKeyIdentifier of four bytes.
    ShortSubjectKeyId,
}

/// A certificate with a deviation.
#[derive(Debug, Clone)]
pub struct VariantCertificate {
    /// What is different.
    pub variant: Variant,
    /// The certificate, or what is meant to look like one.
    pub certificate_der: Vec<u8>,
    /// Why it is to be refused, as [`Variant::expected_reason`].
    pub expected_reason: Option<&'static str>,
}

impl Variant {
    /// Every variant, the ordinary certificate first.
    pub const ALL: [Self; 69] = [
        Self::Ordinary,
        Self::TrailingByte,
        Self::Truncated,
        Self::NonMinimalLength,
        Self::LooseBoolean,
        Self::ExplicitDefault,
        Self::EmptyExtensions,
        Self::Sha1Signature,
        Self::Sha384Signature,
        Self::DifferentAlgorithms,
        Self::AlteredSignature,
        Self::AlteredSubject,
        Self::UnknownCa,
        Self::UnknownCaClaimingOurs,
        Self::SigningCa,
        Self::OtherIssuerName,
        Self::SelfSigned,
        Self::IssuedByCard,
        Self::NotYetValid,
        Self::Expired,
        Self::Version1,
        Self::Version2,
        Self::NegativeSerial,
        Self::ZeroSerial,
        Self::LongSerial,
        Self::GeneralizedTime,
        Self::EmptySubject,
        Self::SubjectOrganization,
        Self::SubjectWithoutCountry,
        Self::UniqueIds,
        Self::Rsa1024,
        Self::Rsa3072,
        Self::RsaExponent3,
        Self::P256,
        Self::Ed25519,
        Self::NoKeyUsage,
        Self::KeyUsageKeyEncipherment,
        Self::KeyUsageNonRepudiation,
        Self::KeyUsageCertSign,
        Self::KeyUsageNotCritical,
        Self::NoExtendedKeyUsage,
        Self::ServerAuth,
        Self::AlsoServerAuth,
        Self::AnyExtendedKeyUsage,
        Self::ExtendedKeyUsageCritical,
        Self::NoPolicies,
        Self::SigningPolicy,
        Self::ProductionPolicy,
        Self::AnyPolicy,
        Self::SecondPolicy,
        Self::PoliciesNotCritical,
        Self::CaTrue,
        Self::CaFalse,
        Self::SubjectAltName,
        Self::UnknownExtension,
        Self::UnknownCriticalExtension,
        Self::DuplicateExtension,
        Self::NoIssuerAltName,
        Self::IssuerAltNameDns,
        Self::NoDistributionPoints,
        Self::DistributionPointUri,
        Self::NoInformationAccess,
        Self::TwoOcspAddresses,
        Self::NoAuthorityKeyId,
        Self::AuthorityKeyIdOther,
        Self::AuthorityKeyIdSerial,
        Self::AuthorityKeyIdName,
        Self::NoSubjectKeyId,
        Self::ShortSubjectKeyId,
    ];

    /// The name of the reason for which it is to be refused; `None` when it is to be accepted.
    pub fn expected_reason(self) -> Option<&'static str> {
        Some(match self {
            Self::Ordinary => return None,
            Self::TrailingByte
            | Self::Truncated
            | Self::NonMinimalLength
            | Self::LooseBoolean
            | Self::ExplicitDefault
            | Self::EmptyExtensions => "certificate_malformed",
            Self::Sha1Signature | Self::Sha384Signature | Self::DifferentAlgorithms => {
                "profile_violation(signature_algorithm)"
            }
            Self::AlteredSignature
            | Self::AlteredSubject
            | Self::UnknownCa
            | Self::UnknownCaClaimingOurs
            | Self::SigningCa
            | Self::OtherIssuerName
            | Self::SelfSigned
            | Self::IssuedByCard => "issuer_unknown",
            Self::NotYetValid => "certificate_not_yet_valid",
            Self::Expired => "certificate_expired",
            Self::Version1 | Self::Version2 => "profile_violation(version)",
            Self::NegativeSerial | Self::ZeroSerial | Self::LongSerial => {
                "profile_violation(serial)"
            }
            Self::GeneralizedTime => "profile_violation(validity)",
            Self::EmptySubject | Self::SubjectOrganization | Self::SubjectWithoutCountry => {
                "profile_violation(subject)"
            }
            Self::UniqueIds => "profile_violation(unique_identifier)",
            Self::Rsa1024 | Self::Rsa3072 | Self::RsaExponent3 | Self::P256 | Self::Ed25519 => {
                "key_not_allowed"
            }
            Self::NoKeyUsage
            | Self::KeyUsageKeyEncipherment
            | Self::KeyUsageNonRepudiation
            | Self::KeyUsageCertSign => "profile_violation(key_usage)",
            Self::KeyUsageNotCritical
            | Self::ExtendedKeyUsageCritical
            | Self::PoliciesNotCritical => "profile_violation(criticality)",
            Self::NoExtendedKeyUsage
            | Self::ServerAuth
            | Self::AlsoServerAuth
            | Self::AnyExtendedKeyUsage => "profile_violation(extended_key_usage)",
            Self::NoPolicies
            | Self::SigningPolicy
            | Self::ProductionPolicy
            | Self::AnyPolicy
            | Self::SecondPolicy => "profile_violation(certificate_policies)",
            Self::CaTrue | Self::CaFalse => "profile_violation(basic_constraints)",
            Self::SubjectAltName | Self::UnknownExtension => {
                "profile_violation(unexpected_extension)"
            }
            Self::UnknownCriticalExtension => "profile_violation(unknown_critical_extension)",
            Self::DuplicateExtension => "profile_violation(duplicate_extension)",
            Self::NoIssuerAltName | Self::IssuerAltNameDns => {
                "profile_violation(issuer_alternative_name)"
            }
            Self::NoDistributionPoints | Self::DistributionPointUri => {
                "profile_violation(distribution_point)"
            }
            Self::NoInformationAccess | Self::TwoOcspAddresses => {
                "profile_violation(authority_information_access)"
            }
            Self::NoAuthorityKeyId
            | Self::AuthorityKeyIdOther
            | Self::AuthorityKeyIdSerial
            | Self::AuthorityKeyIdName => "profile_violation(authority_key_identifier)",
            Self::NoSubjectKeyId | Self::ShortSubjectKeyId => {
                "profile_violation(subject_key_identifier)"
            }
        })
    }
}

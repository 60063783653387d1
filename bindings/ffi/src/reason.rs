//! Why a verifier refused: the one list of `kazasu_statement`, for uniffi to read. The compiler
//! compares the two.

pub use kazasu_statement::{ProfileRule, Reason};

/// Why a tap was refused.
#[uniffi::remote(Enum)]
pub enum Reason {
    /// No such ticket, or it was replaced.
    TicketUnknown,
    /// The ticket's two minutes are over.
    TicketExpired,
    /// Another companion claimed the ticket first.
    TicketAlreadyClaimed,
    /// The browser keeps no cookies, so it could not be recognised again.
    CookiesRequired,
    /// The six digits have not been typed yet.
    PairingRequired,
    /// The six digits were wrong too often, or too late.
    PairingFailed,
    /// The return URL was opened in a browser that did not start the transaction.
    WrongBrowser,
    /// The challenge is too old, or belongs to an earlier claim.
    ChallengeExpired,
    /// The challenge or the signed statement is not this transaction's.
    StatementMismatch,
    /// The signature does not verify.
    SignatureInvalid,
    /// The certificate's key is of a kind or size that is not accepted.
    KeyNotAllowed,
    /// The certificate cannot be parsed.
    CertificateMalformed,
    /// No trusted authority issued the certificate.
    IssuerUnknown,
    /// The certificate breaks a rule of the profile.
    ProfileViolation(ProfileRule),
    /// The certificate is not valid yet.
    CertificateNotYetValid,
    /// The certificate has expired.
    CertificateExpired,
    /// The certificate was revoked.
    CertificateRevoked,
    /// The certificate is on hold.
    CertificateOnHold,
    /// The revocation status could not be learned.
    RevocationUnavailable,
    /// Whether the card continues an earlier one could not be learned.
    LineageUnavailable,
    /// The name was asked for and not provided.
    NameMissing,
    /// This purpose does not allow this mode.
    ModeNotAllowed,
    /// The person cancelled.
    Cancelled,
    /// The transaction's time is over.
    TransactionExpired,
    /// Another assertion was already accepted for this transaction.
    AlreadyAccepted,
    /// Too many tries in a short time.
    RateLimited,
    /// The relying party is not the one this transaction belongs to.
    WrongRelyingParty,
}

/// A rule of the certificate profile (docs/protocol.md describes each).
#[uniffi::remote(Enum)]
pub enum ProfileRule {
    /// X.509 version 3.
    Version,
    /// A positive serial number of sensible length.
    Serial,
    /// One signature algorithm, the same inside and outside, without surprising parameters.
    SignatureAlgorithm,
    /// A subject that is a country and a common name.
    Subject,
    /// Dates in order and in the right encoding.
    Validity,
    /// keyUsage: digitalSignature alone.
    KeyUsage,
    /// extendedKeyUsage: clientAuth.
    ExtendedKeyUsage,
    /// certificatePolicies: the authentication policy.
    CertificatePolicies,
    /// authorityKeyIdentifier: present and the issuer's.
    AuthorityKeyIdentifier,
    /// subjectKeyIdentifier: present.
    SubjectKeyIdentifier,
    /// basicConstraints: not a certification authority.
    BasicConstraints,
    /// A critical extension outside the closed list.
    UnknownCriticalExtension,
    /// An extension that appears twice.
    DuplicateExtension,
    /// An extension whose criticality is not the profile's.
    Criticality,
    /// An extension that this profile must not have.
    UnexpectedExtension,
    /// cRLDistributionPoints: a directory name.
    DistributionPoint,
    /// issuerAltName: a directory name.
    IssuerAlternativeName,
    /// authorityInfoAccess: one OCSP URI.
    AuthorityInformationAccess,
    /// issuerUniqueID and subjectUniqueID: absent.
    UniqueIdentifier,
}

//! The ways to answer an OCSP request.

use serde::{Deserialize, Serialize};

/// Who signs OCSP answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OcspSigner {
    /// A responder whose certificate the CA's key signed.
    Delegated,
    /// The CA's own key.
    Ca,
}

/// How OCSP requests are answered: once correctly, and in many wrong ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OcspAnswer {
    /// As RFC 6960 asks.
    #[default]
    Correct,
    /// About the next serial number.
    WrongSerial,
    /// About another issuer's key.
    WrongIssuerKey,
    /// Three statuses for the same certificate: good, revoked, good.
    SeveralStatuses,
    /// The right status after those of two other certificates, and needless certificates added.
    Crowded,
    /// nextUpdate is a day ago.
    Stale,
    /// thisUpdate is tomorrow.
    NotYetValid,
    /// Fresh, but without nextUpdate.
    NoNextUpdate,
    /// A year old, without nextUpdate.
    OldWithoutNextUpdate,
    /// The request's nonce is left out.
    NoNonce,
    /// Another nonce than the request's.
    WrongNonce,
    /// Signed by the key of another CA with the same name.
    SignedByImpostor,
    /// Signed by a responder that another CA with the same name delegated to.
    ResponderOfImpostor,
    /// Signed by a responder whose certificate lacks the OCSP purpose.
    ResponderWithoutPurpose,
    /// Signed by a responder whose certificate has run out.
    ResponderExpired,
    /// Signed by a card: an ordinary authentication certificate of the same CA.
    SignedByCard,
    /// The last byte of the signature is changed.
    AlteredSignature,
    /// No status at all.
    NoStatuses,
    /// Error status malformedRequest.
    MalformedRequest,
    /// Error status internalError.
    InternalError,
    /// Error status tryLater.
    TryLater,
    /// Error status unauthorized.
    Unauthorized,
    /// Successful, but without a response.
    SuccessfulWithoutResponse,
    /// The first half of a correct answer.
    Truncated,
    /// A correct answer and one more byte.
    TrailingByte,
    /// No OCSP at all.
    Garbage,
}

impl OcspAnswer {
    /// Every way to answer.
    pub const ALL: [Self; 26] = [
        Self::Correct,
        Self::WrongSerial,
        Self::WrongIssuerKey,
        Self::SeveralStatuses,
        Self::Crowded,
        Self::Stale,
        Self::NotYetValid,
        Self::NoNextUpdate,
        Self::OldWithoutNextUpdate,
        Self::NoNonce,
        Self::WrongNonce,
        Self::SignedByImpostor,
        Self::ResponderOfImpostor,
        Self::ResponderWithoutPurpose,
        Self::ResponderExpired,
        Self::SignedByCard,
        Self::AlteredSignature,
        Self::NoStatuses,
        Self::MalformedRequest,
        Self::InternalError,
        Self::TryLater,
        Self::Unauthorized,
        Self::SuccessfulWithoutResponse,
        Self::Truncated,
        Self::TrailingByte,
        Self::Garbage,
    ];
}

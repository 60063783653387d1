//! What OCSP answers and CRLs say about a certificate. Fetching them is the caller's business.

mod crl;
mod ocsp;
#[cfg(test)]
mod tests;

pub use crl::RevocationList;
pub use ocsp::{NonceCheck, judge_ocsp, ocsp_request};

/// How far an authority's clock may be ahead of ours, in seconds.
const CLOCK_SKEW: i64 = 5 * 60;

/// How old an answer may be at most, in seconds, even if its own nextUpdate lies further ahead.
const MAX_AGE: i64 = 7 * 24 * 3_600;

/// How old an answer without nextUpdate may be, in seconds: it says that newer information is
/// available at any time (RFC 6960 §2.4), so it must have been made for this question.
const MAX_AGE_WITHOUT_NEXT_UPDATE: i64 = 10 * 60;

/// What an authority says about a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// The status.
    pub status: Status,
    /// When the authority knew this, in seconds since the Unix epoch; of several answers the
    /// oldest's.
    pub this_update: i64,
    /// Until when, in seconds since the Unix epoch, the judgement may be kept. `None`: do not
    /// keep it.
    pub fresh_until: Option<i64>,
}

/// A certificate's status, from best to worst: of several the last one in this order counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Not revoked.
    Good,
    /// The authority does not know the certificate. As good as revoked, but not for ever.
    Unknown,
    /// Suspended (certificateHold): not to be used now, perhaps good again later.
    OnHold {
        /// Since when, in seconds since the Unix epoch.
        at: i64,
    },
    /// Revoked for ever.
    Revoked {
        /// Since when, in seconds since the Unix epoch.
        at: i64,
        /// Why.
        reason: RevocationReason,
    },
}

/// Why a certificate was revoked (CRLReason, RFC 5280 §5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "RFC 5280 has no more to say than the names do")]
pub enum RevocationReason {
    Unspecified,
    KeyCompromise,
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    PrivilegeWithdrawn,
    AaCompromise,
}

/// Why nothing can be concluded from an answer. A verifier then asks elsewhere or says that the
/// status is unavailable; it never passes the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevocationError {
    /// It is not the DER that was expected.
    #[error("the revocation answer is malformed")]
    Malformed,
    /// The responder answered with an error status instead (OCSPResponseStatus, RFC 6960 §4.2.1).
    #[error("the OCSP responder answered with error status {0}")]
    NotSuccessful(u8),
    /// It has a critical extension, or is of a kind, that is not understood.
    #[error("the revocation answer is of an unsupported kind")]
    Unsupported,
    /// It is not signed by the certificate's authority, nor by whom that authority appointed.
    #[error("the revocation answer has a signer without authority")]
    WrongSigner,
    /// The signature does not verify.
    #[error("the revocation answer's signature is invalid")]
    SignatureInvalid,
    /// It says nothing about this certificate.
    #[error("the revocation answer is about other certificates")]
    NoAnswer,
    /// It is too old, or its nextUpdate has passed.
    #[error("the revocation answer is stale")]
    Stale,
    /// It is from the future.
    #[error("the revocation answer is not valid yet")]
    NotYetValid,
    /// Its nonce is not the one sent, or it has none and one was required.
    #[error("the OCSP answer's nonce does not match")]
    NonceMismatch,
}

impl From<crate::der::Malformed> for RevocationError {
    fn from(_: crate::der::Malformed) -> Self {
        Self::Malformed
    }
}

/// A status from a revocation time and a CRLReason, absent if none was given.
///
/// removeFromCRL belongs into delta CRLs, which are not read here. Elsewhere it contradicts being
/// listed at all; taken as a hold it neither passes the certificate nor bars it for ever.
fn revoked(at: i64, reason: Option<&[u8]>) -> Result<Status, RevocationError> {
    let reason = match reason {
        None | Some([0]) => RevocationReason::Unspecified,
        Some([1]) => RevocationReason::KeyCompromise,
        Some([2]) => RevocationReason::CaCompromise,
        Some([3]) => RevocationReason::AffiliationChanged,
        Some([4]) => RevocationReason::Superseded,
        Some([5]) => RevocationReason::CessationOfOperation,
        Some([6 | 8]) => return Ok(Status::OnHold { at }),
        Some([9]) => RevocationReason::PrivilegeWithdrawn,
        Some([10]) => RevocationReason::AaCompromise,
        Some(_) => return Err(RevocationError::Malformed),
    };
    Ok(Status::Revoked { at, reason })
}

/// Until when an answer with these dates may be kept at `now`; an error if it must not be used.
fn freshness(
    this_update: i64,
    next_update: Option<i64>,
    now: i64,
) -> Result<Option<i64>, RevocationError> {
    if this_update > now.saturating_add(CLOCK_SKEW) {
        return Err(RevocationError::NotYetValid);
    }
    let max_age = if next_update.is_some() {
        MAX_AGE
    } else {
        MAX_AGE_WITHOUT_NEXT_UPDATE
    };
    let oldest_end = this_update + max_age;
    let end = next_update.map_or(oldest_end, |next| next.min(oldest_end));
    if now >= end {
        Err(RevocationError::Stale)
    } else {
        Ok(next_update.map(|_| end))
    }
}

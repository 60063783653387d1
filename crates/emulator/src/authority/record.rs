//! What the authority remembers about the certificates it issued.

use super::IssuedCard;
use serde::{Deserialize, Serialize};

/// Why a certificate stopped being good (RFC 5280 §5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    /// No reason was given.
    Unspecified,
    /// The card was lost or stolen.
    KeyCompromise,
    /// The holder's details changed.
    AffiliationChanged,
    /// A new certificate took its place.
    Superseded,
    /// The holder left the system.
    CessationOfOperation,
}

impl RevocationReason {
    /// The CRLReason value.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
        }
    }
}

/// The state of one authentication certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Good,
    Revoked { at: i64, reason: RevocationReason },
    OnHold { since: i64 },
}

/// One authentication certificate that was issued.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) generation: u8,
    pub(super) serial: u32,
    pub(super) not_after: i64,
    pub(super) status: Status,
}

/// A person: the card of today and every authentication certificate so far, oldest first.
pub(super) struct Person {
    pub(super) card: IssuedCard,
    pub(super) records: Vec<Record>,
}

impl Person {
    pub(super) fn current(&mut self) -> &mut Record {
        self.records
            .last_mut()
            .expect("a person is stored together with a first certificate")
    }
}

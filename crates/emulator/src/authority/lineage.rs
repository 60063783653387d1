//! Lineage: which certificates the same person had before this one (docs/lineage.md).

use super::record::{Record, Status};
use super::{Authority, RevocationReason};
use serde::{Deserialize, Serialize};

/// Asks for the certificates before the one named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineageRequest {
    /// The issuing CA's subject key identifier, hexadecimal.
    pub issuer_key_id: String,
    /// The serial number: hexadecimal, big-endian, no leading zero bytes.
    pub serial: String,
}

/// The certificates before, newest first; empty when there is none or the certificate is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineageResponse {
    /// Each earlier certificate.
    pub predecessors: Vec<Predecessor>,
}

/// One earlier certificate of the same person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predecessor {
    /// The issuing CA's subject key identifier, lower-case hexadecimal.
    pub issuer_key_id: String,
    /// The serial number: lower-case hexadecimal, big-endian, no leading zero bytes.
    pub serial: String,
    /// Its state now.
    pub status: LineageStatus,
    /// Why it is revoked; `null` in every other state.
    pub reason: Option<RevocationReason>,
}

/// The state of an earlier certificate. A revocation outlasts the expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineageStatus {
    /// Neither revoked nor expired.
    Good,
    /// Past its last day.
    Expired,
    /// Revoked for ever.
    Revoked,
    /// On hold.
    OnHold,
}

impl Authority {
    /// Answers a lineage request.
    pub fn lineage(&self, request: &LineageRequest, now: i64) -> LineageResponse {
        let earlier = self
            .find_hex(request)
            .map(|(_, earlier)| earlier)
            .unwrap_or_default();
        let predecessors = earlier
            .iter()
            .rev()
            .map(|record| self.predecessor(record, now));
        LineageResponse {
            predecessors: predecessors.collect(),
        }
    }

    fn predecessor(&self, record: &Record, now: i64) -> Predecessor {
        let (status, reason) = match record.status {
            Status::Revoked { reason, .. } => (LineageStatus::Revoked, Some(reason)),
            Status::OnHold { .. } => (LineageStatus::OnHold, None),
            Status::Good if now > record.not_after => (LineageStatus::Expired, None),
            Status::Good => (LineageStatus::Good, None),
        };
        let key_id = self.generations[&record.generation].key_id();
        Predecessor {
            issuer_key_id: hex::encode(key_id),
            serial: hex::encode(minimal(record.serial)),
            status,
            reason,
        }
    }

    fn find_hex(&self, request: &LineageRequest) -> Option<(&Record, &[Record])> {
        let key_id = hex::decode(&request.issuer_key_id).ok()?;
        let serial = serial_of(&hex::decode(&request.serial).ok()?)?;
        let (number, _) = self
            .generations
            .iter()
            .find(|(_, generation)| generation.key_id() == key_id)?;
        self.find(*number, serial)
    }
}

/// The serial as this authority counts; `None` when it is too long to be one of ours.
pub(super) fn serial_of(big_endian: &[u8]) -> Option<u32> {
    let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
    let significant = &big_endian[zeros..];
    let mut bytes = [0; 4];
    bytes
        .get_mut(4_usize.checked_sub(significant.len())?..)?
        .copy_from_slice(significant);
    Some(u32::from_be_bytes(bytes))
}

fn minimal(serial: u32) -> Vec<u8> {
    serial
        .to_be_bytes()
        .into_iter()
        .skip_while(|byte| *byte == 0)
        .collect()
}

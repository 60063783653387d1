//! The CRL of a generation (RFC 5280 §5): complete, version 2, with reasons.

use super::profile::{self, Extension};
use super::record::{Record, Status};
use super::{Authority, DAY, der, names};

/// CRLReason certificateHold (RFC 5280 §5.3.1).
pub(super) const CERTIFICATE_HOLD: u8 = 6;

/// How CRLs are issued: once correctly, and in some wrong ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CrlAnswer {
    /// As RFC 5280 asks.
    #[default]
    Correct,
    /// nextUpdate is a day ago.
    Stale,
    /// Half a day old: in time, but older than what was served before.
    HalfADayOld,
    /// Signed by the key of another CA with the same name, and naming that key.
    SignedByImpostor,
    /// No CRL at all.
    Garbage,
}

impl Authority {
    /// The CRL of a generation's authentication CA as DER, valid for a day; `None` when that
    /// generation was not made.
    pub fn crl(&self, generation: u8, now: i64) -> Option<Vec<u8>> {
        let (ca, now) = match self.crl_answer {
            CrlAnswer::Correct => (&self.generations.get(&generation)?.auth, now),
            CrlAnswer::Stale => (&self.generations.get(&generation)?.auth, now - 2 * DAY),
            CrlAnswer::HalfADayOld => (&self.generations.get(&generation)?.auth, now - DAY / 2),
            CrlAnswer::SignedByImpostor => (&self.impostor(now).auth, now),
            CrlAnswer::Garbage => return Some(b"<html>Service unavailable</html>".to_vec()),
        };
        let mut listed: Vec<&Record> = self
            .people
            .values()
            .flat_map(|person| &person.records)
            .filter(|record| record.generation == generation && record.status != Status::Good)
            .collect();
        listed.sort_by_key(|record| record.serial);

        let algorithm = ca.key.signature_algorithm();
        let mut parts = vec![
            der::unsigned(&[1]), // version 2
            algorithm.identifier(),
            names::ca_name(ca.service),
            der::time(now),
            der::time(now + DAY),
        ];
        if !listed.is_empty() {
            parts.push(der::sequence(
                &listed.into_iter().filter_map(entry).collect::<Vec<_>>(),
            ));
        }
        let extensions = [
            profile::authority_key_id(&ca.issuer()),
            Extension::new(
                names::CRL_NUMBER,
                false,
                der::unsigned(&self.revision.to_be_bytes()),
            ),
        ];
        parts.push(der::context(0, &profile::encode_extensions(&extensions)));
        Some(profile::signed(&der::sequence(&parts), algorithm, &ca.key))
    }

    /// The HTTP entity tag of the lists at `now`: new with every change of status, every hour, and
    /// for each kind of answer.
    pub(super) fn crl_tag(&self, now: i64) -> String {
        let (kind, hour) = (self.crl_answer, now.div_euclid(3600));
        format!("\"{kind:?}-{}-{hour}\"", self.revision)
    }
}

fn entry(record: &Record) -> Option<Vec<u8>> {
    let (at, reason) = match record.status {
        Status::Good => return None,
        Status::Revoked { at, reason } => (at, reason.code()),
        Status::OnHold { since } => (since, CERTIFICATE_HOLD),
    };
    let mut parts = vec![der::unsigned(&record.serial.to_be_bytes()), der::time(at)];
    // "unspecified" is said by leaving the reason out.
    if reason != 0 {
        let code = Extension::new(names::REASON_CODE, false, der::enumerated(reason));
        parts.push(profile::encode_extensions(&[code]));
    }
    Some(der::sequence(&parts))
}

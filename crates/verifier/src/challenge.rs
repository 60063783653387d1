//! The challenge a card signs: issued without a write, recognised by its MAC.
//!
//! Layout, all integers big-endian: version 1 (1 byte), key version (4), mode (1), claim number
//! (4), expiry in seconds since the Unix epoch (8), nonce (16), HMAC-SHA-256 (32) over the
//! transaction's identifier and everything before. This layout is the verifier's own affair;
//! companions sign it as it is.

use crate::keys::{Keys, mac};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use kazasu_statement::{Mode, Reason};

const VERSION: u8 = 1;
const SEALED_LEN: usize = 34;
const LEN: usize = SEALED_LEN + 32;

/// What a challenge is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Binding<'a> {
    pub(crate) transaction_id: &'a str,
    pub(crate) claim_number: u32,
    pub(crate) mode: Mode,
}

/// Seals a challenge.
pub(crate) fn seal(
    keys: &Keys,
    binding: Binding<'_>,
    now: i64,
    expires_at: i64,
    nonce: [u8; 16],
) -> Vec<u8> {
    let (key_version, key) = keys.challenge_at(now);
    let mut bytes = Vec::with_capacity(LEN);
    bytes.push(VERSION);
    bytes.extend_from_slice(&key_version.to_be_bytes());
    bytes.push(mode_byte(binding.mode));
    bytes.extend_from_slice(&binding.claim_number.to_be_bytes());
    bytes.extend_from_slice(&expires_at.to_be_bytes());
    bytes.extend_from_slice(&nonce);
    let tag = mac(key, &[binding.transaction_id.as_bytes(), &bytes]);
    bytes.extend_from_slice(&tag);
    bytes
}

/// Checks that `challenge` was sealed for this binding and has not expired.
///
/// # Errors
/// [`Reason::StatementMismatch`] if it is no challenge of this transaction,
/// [`Reason::ChallengeExpired`] if it is one but too old, or of an earlier claim.
pub(crate) fn open(
    keys: &Keys,
    challenge: &[u8],
    binding: Binding<'_>,
    now: i64,
) -> Result<(), Reason> {
    let challenge: &[u8; LEN] = challenge
        .try_into()
        .map_err(|_| Reason::StatementMismatch)?;
    let (sealed, tag) = challenge.split_at(SEALED_LEN);
    let key_version = u32::from_be_bytes(array(&sealed[1..5]));
    let key = keys
        .challenge(key_version)
        .ok_or(Reason::StatementMismatch)?;
    let expected = mac(key, &[binding.transaction_id.as_bytes(), sealed]);
    if sealed[0] != VERSION || verify_slices_are_equal(&expected, tag).is_err() {
        return Err(Reason::StatementMismatch);
    }
    let claim_number = u32::from_be_bytes(array(&sealed[6..10]));
    let expires_at = i64::from_be_bytes(array(&sealed[10..18]));
    let same_claim = claim_number == binding.claim_number && sealed[5] == mode_byte(binding.mode);
    if !same_claim || now >= expires_at {
        return Err(Reason::ChallengeExpired);
    }
    Ok(())
}

fn mode_byte(mode: Mode) -> u8 {
    match mode {
        Mode::SamePhone => 1,
        Mode::OtherDevice => 2,
        Mode::Local => 3,
    }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes
        .try_into()
        .expect("the caller slices exactly this many bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BINDING: Binding<'static> = Binding {
        transaction_id: "T",
        claim_number: 1,
        mode: Mode::SamePhone,
    };

    fn keys() -> Keys {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        Keys::create(&path).unwrap();
        Keys::read(&path).unwrap()
    }

    #[test]
    fn a_challenge_lives_until_its_expiry() {
        let keys = keys();
        let challenge = seal(&keys, BINDING, 0, 180, [9; 16]);
        assert_eq!(open(&keys, &challenge, BINDING, 179), Ok(()));
        assert_eq!(
            open(&keys, &challenge, BINDING, 180),
            Err(Reason::ChallengeExpired)
        );
    }

    #[test]
    fn an_earlier_claim_or_another_mode_lets_a_challenge_die() {
        let keys = keys();
        let challenge = seal(&keys, BINDING, 0, 180, [9; 16]);
        let later = Binding {
            claim_number: 2,
            ..BINDING
        };
        assert_eq!(
            open(&keys, &challenge, later, 0),
            Err(Reason::ChallengeExpired)
        );
        let other = Binding {
            mode: Mode::OtherDevice,
            ..BINDING
        };
        assert_eq!(
            open(&keys, &challenge, other, 0),
            Err(Reason::ChallengeExpired)
        );
    }

    #[test]
    fn every_altered_byte_and_every_other_transaction_is_refused() {
        let keys = keys();
        let challenge = seal(&keys, BINDING, 0, 180, [9; 16]);
        for position in 0..challenge.len() {
            let mut altered = challenge.clone();
            altered[position] ^= 1;
            assert_eq!(
                open(&keys, &altered, BINDING, 0),
                Err(Reason::StatementMismatch)
            );
        }
        let other = Binding {
            transaction_id: "U",
            ..BINDING
        };
        assert_eq!(
            open(&keys, &challenge, other, 0),
            Err(Reason::StatementMismatch)
        );
        assert_eq!(
            open(&keys, &challenge[1..], BINDING, 0),
            Err(Reason::StatementMismatch)
        );
        assert_eq!(open(&keys, &[], BINDING, 0), Err(Reason::StatementMismatch));
    }
}

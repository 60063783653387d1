//! The chain over the events: each seal covers the seal before it and its own events.

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

/// Keep these bytes apart from anything else that is ever hashed or signed.
const SEAL_DOMAIN: &[u8] = b"kazasu/audit-seal/v1";
const HEAD_DOMAIN: &[u8] = b"kazasu/audit-head/v1";

/// What the first seal follows.
pub(super) const NOTHING: [u8; 32] = [0; 32];

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// The order of insertion; there are gaps.
    pub sequence: i64,
    /// When it happened, seconds since the Unix epoch.
    pub at: i64,
    /// What happened, one word.
    pub kind: String,
    /// A JSON object of words.
    pub details: String,
}

/// A seal: the newest one is the head of the chain, and stands for every event before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// 1, 2, 3 without a gap.
    pub number: i64,
    /// Seconds since the Unix epoch.
    pub sealed_at: i64,
    /// How many events it covers.
    pub events: i64,
    /// SHA-256 over the seal before and the events.
    #[serde(with = "hex")]
    pub hash: [u8; 32],
    /// Ed25519, over number, time and hash.
    #[serde(with = "hex")]
    pub signature: [u8; 64],
}

impl Head {
    /// Whether one of these Ed25519 public keys signed it.
    pub(super) fn is_signed_by(&self, keys: &[[u8; 32]]) -> bool {
        let message = head_message(self.number, self.sealed_at, &self.hash);
        keys.iter().any(|key| {
            let key = UnparsedPublicKey::new(&ED25519, key);
            key.verify(&message, &self.signature).is_ok()
        })
    }
}

/// The hash of seal `number` over `events`, which are in the order of their sequence. Numbers are
/// eight bytes, big-endian; texts follow their length.
pub(super) fn seal_hash(
    previous: &[u8; 32],
    number: i64,
    sealed_at: i64,
    events: &[Event],
) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(SEAL_DOMAIN);
    context.update(previous);
    context.update(&number.to_be_bytes());
    context.update(&sealed_at.to_be_bytes());
    context.update(&(events.len() as u64).to_be_bytes());
    for event in events {
        context.update(&event.sequence.to_be_bytes());
        context.update(&event.at.to_be_bytes());
        for text in [&event.kind, &event.details] {
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text.as_bytes());
        }
    }
    let digest = context.finish();
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// What is signed.
pub(super) fn head_message(number: i64, sealed_at: i64, hash: &[u8; 32]) -> Vec<u8> {
    let number = number.to_be_bytes();
    let sealed_at = sealed_at.to_be_bytes();
    [HEAD_DOMAIN, &number, &sealed_at, hash].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed once, with another program: whoever changes what is hashed or signed can check no
    /// seal of the past.
    #[test]
    fn seals_and_heads_are_computed_as_they_always_were() {
        let event = |sequence, at, kind: &str, details: &str| Event {
            sequence,
            at,
            kind: kind.to_owned(),
            details: details.to_owned(),
        };
        let events = [
            event(3, 900, "started", "{}"),
            event(5, 950, "accepted", r#"{"purpose":"link"}"#),
        ];
        let hash = seal_hash(&[9; 32], 2, 1000, &events);
        assert_eq!(
            hex::encode(hash),
            "17aec7f59de2d6d9e1c438e37a4abc0466abcc101d9e17d7a867fbde11f1710c"
        );
        let message = [
            b"kazasu/audit-head/v1\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\x03\xe8".as_slice(),
            &hash,
        ];
        assert_eq!(head_message(2, 1000, &hash), message.concat());
    }
}

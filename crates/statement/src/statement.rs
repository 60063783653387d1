//! The canonical statement. docs/protocol.md publishes its test vectors.

use crate::{Claim, Purpose};
use sha2::{Digest, Sha256, Sha384};

/// The first bytes of every statement: they keep its signature apart from anything else a card
/// may be asked to sign.
const DOMAIN: &[u8] = b"kazasu/assertion/v1";

/// What one tap says. Companion and verifier build it separately; the card signs its digest.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'a> {
    /// The verifier's origin, such as `https://verifier.example`.
    pub verifier_origin: &'a str,
    /// The relying party's identifier.
    pub relying_party: &'a str,
    /// The transaction's identifier.
    pub transaction_id: &'a str,
    /// What the tap is for.
    pub purpose: Purpose,
    /// The challenge, exactly as the verifier issued it.
    pub challenge: &'a [u8],
    /// What is provided besides the PPID; order and repetition do not matter.
    pub requested_claims: &'a [Claim],
    /// The name on the card; `None` if it was not asked for.
    pub name: Option<&'a str>,
    /// The authentication certificate, DER.
    pub certificate: &'a [u8],
}

impl Statement<'_> {
    /// The bytes that are signed: the domain string, then each field as a 32-bit big-endian
    /// length and its bytes, so that no two different statements share an encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        let fields: [&[u8]; 8] = [
            self.verifier_origin.as_bytes(),
            self.relying_party.as_bytes(),
            self.transaction_id.as_bytes(),
            self.purpose.as_str().as_bytes(),
            self.challenge,
            &self.claims_field(),
            self.name.unwrap_or_default().as_bytes(),
            &Sha256::digest(self.certificate),
        ];
        let mut bytes = DOMAIN.to_vec();
        for field in fields {
            let length = u32::try_from(field.len()).expect("fields are bounded well below 4 GiB");
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(field);
        }
        bytes
    }

    /// The digest an RSA-2048 key signs.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.to_bytes()).into()
    }

    /// The digest a P-384 key signs.
    pub fn sha384(&self) -> [u8; 48] {
        Sha384::digest(self.to_bytes()).into()
    }

    /// The claims' words, sorted, each once, separated by single spaces.
    fn claims_field(&self) -> Vec<u8> {
        let mut words: Vec<&str> = self.requested_claims.iter().map(|c| c.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        words.join(" ").into_bytes()
    }
}

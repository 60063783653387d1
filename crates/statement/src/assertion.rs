//! What a companion submits.

use std::fmt;

/// An assertion as it arrives: nothing in it has been checked. Its `Debug` shows lengths only,
/// because a certificate and a name are personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Assertion {
    /// The challenge the statement was built with.
    pub challenge: Vec<u8>,
    /// The card's authentication certificate, DER.
    pub certificate: Vec<u8>,
    /// The card's signature over the statement.
    pub signature: Vec<u8>,
    /// The name on the card, if it was asked for.
    pub name: Option<String>,
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assertion")
            .field("challenge_len", &self.challenge.len())
            .field("certificate_len", &self.certificate.len())
            .field("signature_len", &self.signature.len())
            .field("has_name", &self.name.is_some())
            .finish()
    }
}

//! From an assertion as it arrived to one that is verified.

use crate::anchors::TrustAnchors;
use crate::profile::ValidCertificate;
use kazasu_statement::{Assertion, Claim, Reason, Statement};
use std::fmt;

/// The longest name that is accepted, in octets of UTF-8. The card's file has no stated limit;
/// this is far beyond any name and far below what would be a burden.
const MAX_NAME: usize = 512;

/// An assertion whose certificate, statement and signature were checked. [`verify`] alone makes
/// one. Revocation, lineage and the challenge's own seal are for the verifier to check.
#[derive(Clone)]
pub struct Verified {
    certificate: ValidCertificate,
    name: Option<String>,
}

impl Verified {
    /// The certificate.
    pub fn certificate(&self) -> &ValidCertificate {
        &self.certificate
    }

    /// The name, if it was requested. The signature binds it to this tap, but a holder with a
    /// companion of their own making could have stated another: it may stop a link, never
    /// approve one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// Shows nothing that tells one holder from another.
impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("certificate", &self.certificate)
            .field("has_name", &self.name.is_some())
            .finish()
    }
}

/// Verifies an assertion against the statement that the verifier built from its own transaction,
/// at `now` in seconds since the Unix epoch.
///
/// # Errors
/// In this order: `statement_mismatch` if assertion and statement differ or the name is not one
/// that may be stated; the reasons of [`TrustAnchors::validate`]; `signature_invalid`;
/// `name_missing`.
pub fn verify(
    anchors: &TrustAnchors,
    assertion: &Assertion,
    statement: &Statement<'_>,
    now: i64,
) -> Result<Verified, Reason> {
    let name = assertion.name.as_deref().filter(|name| !name.is_empty());
    let same = statement.challenge == assertion.challenge
        && statement.certificate == assertion.certificate
        && statement.name.unwrap_or_default() == name.unwrap_or_default();
    let requested = statement.requested_claims.contains(&Claim::Name);
    let name_allowed = name.is_none_or(|name| requested && is_plain(name));
    if !same || !name_allowed {
        return Err(Reason::StatementMismatch);
    }
    let certificate = anchors.validate(&assertion.certificate, now)?;
    if !certificate
        .key
        .verifies(&statement.to_bytes(), &assertion.signature)
    {
        return Err(Reason::SignatureInvalid);
    }
    if requested && name.is_none() {
        return Err(Reason::NameMissing);
    }
    Ok(Verified {
        certificate,
        name: name.map(str::to_owned),
    })
}

/// A name of bounded length, without characters that end lines or turn the direction of text
/// around them: pages and logs show names beside other words.
fn is_plain(name: &str) -> bool {
    let reorders = |c: char| matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    name.len() <= MAX_NAME && !name.chars().any(|c| c.is_control() || reorders(c))
}

//! How an assertion is verified: the certificate's path and profile, the signature over the
//! statement, and what OCSP answers and CRLs say.
//!
//! Pure: bytes and time go in, a verdict comes out. Time is seconds since the Unix epoch. A
//! [`Verified`] has one constructor, [`verify`], and a [`ValidCertificate`] another,
//! [`TrustAnchors::validate`]; holding one is the proof that the checks were made.

mod algorithm;
mod anchors;
mod certificate;
mod der;
#[cfg(test)]
mod forge;
mod oid;
mod profile;
#[cfg(test)]
mod profile_tests;
pub mod revocation;
mod verify;
#[cfg(test)]
mod verify_tests;

pub use algorithm::Algorithm;
pub use anchors::{AnchorError, Hierarchy, TrustAnchors};
pub use profile::ValidCertificate;
pub use verify::{Verified, verify};

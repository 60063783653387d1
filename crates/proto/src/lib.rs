//! Code generated from `proto/`, and its conversions to and from domain types. Nothing else.

mod convert;
mod status;

pub use convert::{ConversionError, claims};
pub use status::{reason_of, status_for};

/// The encoded `FileDescriptorSet` of everything in `proto/`, with what it imports.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The path of each method of each service, such as `/kazasu.companion.v1.CompanionService/Cancel`.
pub const METHOD_PATHS: &[&str] = include!(concat!(env!("OUT_DIR"), "/methods.rs"));

/// `kazasu.companion.v1`: what companions speak to the verifier.
pub mod companion {
    /// Version 1.
    #[allow(missing_docs, clippy::all, unreachable_pub)]
    pub mod v1 {
        tonic::include_proto!("kazasu.companion.v1");
    }
}

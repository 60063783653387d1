//! Code generated from `proto/`, and its conversions to and from domain types. Nothing else.

mod convert;
mod status;

pub use convert::{ConversionError, claims};
pub use status::{reason_of, status_for};

/// `kazasu.companion.v1`: what companions speak to the verifier.
pub mod companion {
    /// Version 1.
    #[allow(missing_docs, clippy::all, unreachable_pub)]
    pub mod v1 {
        tonic::include_proto!("kazasu.companion.v1");
    }
}

//! What a tap signs, what a companion sends, and the one list of reasons for a refusal.
//!
//! Pure: no I/O, clock or randomness. The companion and the verifier both build the
//! [`Statement`] from what each knows; only its digest passes through the card.

mod assertion;
mod purpose;
mod reason;
mod statement;
mod text;

pub use assertion::Assertion;
pub use purpose::{Claim, Language, Mode, Purpose, UnknownWord};
pub use reason::{Message, ProfileRule, Reason};
pub use statement::Statement;
pub use text::misleads;

//! The companion as Kotlin, Swift and Python see it: open a ticket, show what it asks for, tap.
//!
//! The surface is small on purpose, and the only one there is: each language's package lays its
//! own idiom over it. Order and rules are `kazasu_companion`'s; this crate only translates.
//!
//! A panic arrives in the other language as an internal exception, so an app's build must not
//! abort at one. APDUs pass through byte arrays of the foreign language, the PIN's among them;
//! PINs themselves are typed digit by digit into [`Pin`] and never leave it.

mod cancel;
mod channel;
mod companion;
mod connection;
mod details;
mod error;
mod inspect;
mod messages;
mod pin;
mod reason;
mod tap;

pub use cancel::CancelToken;
pub use channel::{CardChannel, ChannelError, ChannelLimits};
pub use companion::{Companion, Resumed, SetupError};
pub use details::{Consent, Language, Mode, PairingDigits, Purpose, TapDetails};
pub use error::{PinKind, TapError};
pub use inspect::{CardInfo, CardKind, PinState, inspect_card};
pub use messages::{Message, message_of, step_message};
pub use pin::{Pin, PinEntryError};
pub use reason::{ProfileRule, Reason};
pub use tap::{Accepted, ListenerError, Pins, ProgressListener, Tap, TapStep};

uniffi::setup_scaffolding!();

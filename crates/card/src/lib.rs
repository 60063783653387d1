//! ISO/IEC 7816-4 and the applications of the My Number card that Kazasu uses.
//!
//! The crate is pure: it performs no I/O, reads no clock, logs no bytes and brings no runtime.
//! A transport is handed in as a [`Transceive`]; [`Card`] speaks to the card through it.
//!
//! ```
//! # async fn example(channel: impl kazasu_card::Transceive) -> Result<(), kazasu_card::CardError> {
//! use kazasu_card::{AuthPin, Card, Digest, LastTry};
//!
//! let mut card = Card::new(channel);
//! let mut jpki = card.jpki().await?;
//! let certificate = jpki.authentication_certificate().await?;
//! let pin = AuthPin::new("1234").expect("four digits");
//! let signature = jpki
//!     .sign_for_authentication(&pin, &Digest::Sha256([0; 32]), LastTry::Refuse)
//!     .await?;
//! # let _ = (certificate, signature); Ok(())
//! # }
//! ```

#![warn(clippy::indexing_slicing)]

mod apdu;
mod card;
mod certificate;
mod error;
mod jpki;
mod pin;
mod profile;
mod status;
mod tlv;
mod transceive;
mod transcript;
mod verify;

pub use apdu::{ApduError, CommandApdu, ResponseApdu};
pub use card::Card;
pub use certificate::{Certificate, KeyAlgorithm};
pub use error::CardError;
pub use jpki::{Digest, Jpki, TokenKind};
pub use pin::{AuthPin, LastTry, PinError, PinStatus, ProfilePin};
pub use profile::{Profile, parse_profile_name};
pub use status::StatusWord;
pub use tlv::{Tlv, TlvError, Tlvs};
pub use transceive::{ChannelError, ChannelLimits, Transceive};
pub use transcript::{Transcript, TranscriptError};

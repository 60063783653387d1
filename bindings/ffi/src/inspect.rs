//! What can be said of a card without a ticket.

use crate::cancel::{CancelToken, unless_cancelled};
use crate::channel::{CardChannel, ForeignChannel};
use crate::error::{PinKind, TapError};
use kazasu_card::{Card, CardError, PinStatus, TokenKind, Transceive};
use std::sync::Arc;

/// What kind of card lies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum CardKind {
    /// The My Number card.
    MyNumberCard,
    /// The older 住基カード.
    JukiCard,
    /// The certificates of an Android phone.
    AndroidPhone,
    /// The certificates of an iPhone.
    Iphone,
    /// Some other card.
    Other,
}

/// What the card says about a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum PinState {
    /// So many wrong tries remain; at least 1.
    TriesLeft {
        /// How many.
        tries: u8,
    },
    /// Blocked: only a municipal office resets it.
    Blocked,
    /// The card keeps no counter, or is not one that has this PIN.
    Unknown,
}

/// A card, without anything personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct CardInfo {
    /// What it is.
    pub kind: CardKind,
    /// The PIN for signing in.
    pub authentication_pin: PinState,
    /// The PIN for the name.
    pub profile_pin: PinState,
}

/// Says what kind of card is in `channel`, and how many tries its PINs have. No PIN is sent, and
/// nothing personal is read. The channel is closed afterwards.
///
/// # Errors
/// [`TapError::CardLost`], [`TapError::ReaderGone`], [`TapError::CardFailed`],
/// [`TapError::Cancelled`]; another card is a [`CardKind`].
#[uniffi::export(async_runtime = "tokio", default(cancel = None))]
pub async fn inspect_card(
    channel: Arc<dyn CardChannel>,
    cancel: Option<Arc<CancelToken>>,
) -> Result<CardInfo, TapError> {
    let channel = ForeignChannel::new(channel).map_err(|error| TapError::CardFailed {
        detail: error.to_string(),
    })?;
    let looked = unless_cancelled(cancel.as_deref(), look(Card::new(channel))).await;
    looked
        .ok_or(TapError::Cancelled)?
        .map_err(|error| TapError::of_card(error, PinKind::Authentication))
}

async fn look<T: Transceive>(mut card: Card<T>) -> Result<CardInfo, CardError> {
    let mut info = CardInfo {
        kind: CardKind::Other,
        authentication_pin: PinState::Unknown,
        profile_pin: PinState::Unknown,
    };
    match card.jpki().await {
        Ok(mut jpki) => {
            info.kind = jpki.token_kind().await?.into();
            info.authentication_pin = jpki.pin_status().await?.into();
        }
        Err(CardError::NotMyNumberCard) => return Ok(info),
        Err(error) => return Err(error),
    }
    match card.profile().await {
        Ok(mut profile) => info.profile_pin = profile.pin_status().await?.into(),
        // A phone's token has no profile.
        Err(CardError::NotMyNumberCard) => {}
        Err(error) => return Err(error),
    }
    card.leave().await?;
    Ok(info)
}

impl From<TokenKind> for CardKind {
    fn from(kind: TokenKind) -> Self {
        match kind {
            TokenKind::MyNumberCard => Self::MyNumberCard,
            TokenKind::JukiCard => Self::JukiCard,
            TokenKind::AndroidPhone => Self::AndroidPhone,
            TokenKind::IPhone => Self::Iphone,
            _ => Self::Other,
        }
    }
}

impl From<PinStatus> for PinState {
    fn from(status: PinStatus) -> Self {
        match status.retries() {
            None => Self::Unknown,
            Some(0) => Self::Blocked,
            Some(tries) => Self::TriesLeft { tries },
        }
    }
}

//! What a screen needs to know of a tap that did not go through.

use kazasu_card::{CardError, TokenKind};
use kazasu_companion::{CompanionError, TicketError};
use kazasu_statement::Reason;

/// Which of the card's two PINs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum PinKind {
    /// The PIN for signing in (利用者証明用暗証番号).
    Authentication,
    /// The PIN for the name (券面事項入力補助用暗証番号).
    Profile,
}

/// Why a step did not succeed. Each is a situation of its own on the screen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum TapError {
    /// What was scanned or opened is no ticket.
    #[error("this is not a Kazasu link")]
    NotATicket,
    /// A ticket of a verifier that this app was not built for. Nothing was sent anywhere.
    #[error("this link belongs to a service this app does not know")]
    UnknownService,
    /// A PIN that this tap needs has not its four digits yet.
    #[error("a PIN is missing")]
    PinMissing {
        /// Which.
        pin: PinKind,
    },
    /// The PIN was wrong. It is empty again: let the person type it anew.
    #[error("wrong PIN, {tries_left} tries left")]
    WrongPin {
        /// Which.
        pin: PinKind,
        /// The card's own counter, at least 1.
        tries_left: u8,
    },
    /// The PIN is blocked, now or before; only a municipal office resets it.
    #[error("the PIN is blocked")]
    PinBlocked {
        /// Which.
        pin: PinKind,
    },
    /// One try is left, and it was not used. Tap again with `Pins` that allow it, if the person
    /// wants that after having been told what a lock means.
    #[error("only one try is left and it was not allowed to be used")]
    LastTry {
        /// Which.
        pin: PinKind,
    },
    /// The card left. Nothing is lost: tap again with a new channel and the same PINs.
    #[error("the card was lost")]
    CardLost,
    /// Reader or NFC went away, or was switched off.
    #[error("the reader is gone")]
    ReaderGone,
    /// Some other card.
    #[error("this is not a My Number card")]
    NotMyNumberCard,
    /// A certificate held by a phone: the plastic card is needed.
    #[error("this is a phone's certificate, not the card")]
    PhoneToken,
    /// Card or channel did something that makes no sense. Putting the card back may help.
    #[error("the card could not be read: {detail}")]
    CardFailed {
        /// For the developer; never a PIN, a name or anything else of the card's content.
        detail: String,
    },
    /// The verifier could not be reached. The same step can be tried again.
    #[error("the verifier could not be reached")]
    Offline,
    /// Ticket or transaction have had their time: start again from the page.
    #[error("the time is over")]
    Expired,
    /// The verifier refused.
    #[error("refused: {reason}")]
    Rejected {
        /// Why.
        reason: Reason,
    },
    /// This call was cancelled, or the transaction is: by the person here, or on the page.
    #[error("cancelled")]
    Cancelled,
    /// The transaction is over: it was accepted, or cancelled here.
    #[error("this tap is over")]
    Over,
    /// What was to be resumed was not saved by this library, or is of another deployment.
    #[error("this is no saved tap")]
    NotSaved,
    /// A failure that the person can do nothing about; the same step would fail again.
    #[error("internal: {detail}")]
    Internal {
        /// For the developer.
        detail: String,
    },
}

impl From<TicketError> for TapError {
    fn from(error: TicketError) -> Self {
        match error {
            TicketError::NotATicket => Self::NotATicket,
            TicketError::UnknownHost => Self::UnknownService,
        }
    }
}

impl From<Reason> for TapError {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::TicketExpired | Reason::TransactionExpired => Self::Expired,
            Reason::Cancelled => Self::Cancelled,
            reason => Self::Rejected { reason },
        }
    }
}

impl TapError {
    /// `pin` is the one that was in use, if the card's answer is about a PIN.
    pub(crate) fn of(error: CompanionError, pin: PinKind) -> Self {
        match error {
            CompanionError::Refused(reason) => reason.into(),
            CompanionError::Card(error) => Self::of_card(error, pin),
            CompanionError::ProfilePinNeeded => Self::PinMissing {
                pin: PinKind::Profile,
            },
            CompanionError::Offline(_) => Self::Offline,
            CompanionError::NotSaved => Self::NotSaved,
            other => Self::Internal {
                detail: other.to_string(),
            },
        }
    }

    pub(crate) fn of_card(error: CardError, pin: PinKind) -> Self {
        match error {
            CardError::WrongPin { retries_left: 0 } | CardError::PinBlocked => {
                Self::PinBlocked { pin }
            }
            CardError::WrongPin { retries_left } => Self::WrongPin {
                pin,
                tries_left: retries_left,
            },
            CardError::LastTry => Self::LastTry { pin },
            // The next tap asks the card for its counter before it sends the PIN again.
            CardError::CardLost | CardError::LostWhileVerifying { .. } => Self::CardLost,
            CardError::ReaderGone => Self::ReaderGone,
            CardError::OtherToken(TokenKind::AndroidPhone | TokenKind::IPhone) => Self::PhoneToken,
            CardError::NotMyNumberCard | CardError::OtherToken(_) => Self::NotMyNumberCard,
            CardError::Channel(source) => Self::CardFailed {
                detail: source.to_string(),
            },
            other => Self::CardFailed {
                detail: other.to_string(),
            },
        }
    }
}

//! What can go wrong at the card: situations, each of which somebody acts on.

use crate::{ChannelError, StatusWord, TokenKind};

/// What happened at the card.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// The PIN was wrong. `retries_left` is the card's own counter; 0 means it is now blocked.
    #[error("wrong PIN, {retries_left} tries left")]
    WrongPin {
        /// The card's own counter.
        retries_left: u8,
    },
    /// The PIN is blocked; a municipal counter resets it.
    #[error("the PIN is blocked")]
    PinBlocked,
    /// One try is left and the caller did not allow it to be used. Nothing was sent.
    #[error("only one try is left and it was not allowed to be used")]
    LastTry,
    /// The card left the field. Present it again; nothing is lost.
    #[error("the card was lost")]
    CardLost,
    /// The card left the field, or the reader failed, after a PIN was sent and before the answer
    /// came: whether the try counted is unknown. Ask the card for its counter before sending the
    /// PIN again; if it is below `retries_before`, the PIN was wrong.
    #[error("the card was lost while it checked the PIN")]
    LostWhileVerifying {
        /// The card's counter before the PIN was sent; `None` where it keeps none.
        retries_before: Option<u8>,
    },
    /// The card answered to a PIN with something other than right, wrong or blocked: whether the
    /// try counted is unknown. As after [`CardError::LostWhileVerifying`], ask the card for its
    /// counter before sending the PIN again.
    #[error("the card answered {sw} to the PIN; whether a try was used is unknown")]
    PinOutcomeUnknown {
        /// The card's counter before the PIN was sent; `None` where it keeps none.
        retries_before: Option<u8>,
        /// The status word.
        sw: StatusWord,
    },
    /// The reader went away.
    #[error("the reader is gone")]
    ReaderGone,
    /// This is some other card.
    #[error("this is not a My Number card")]
    NotMyNumberCard,
    /// A phone-held token or an older card: it carries certificates but is not the card itself.
    #[error("this is not the plastic My Number card but {0}")]
    OtherToken(TokenKind),
    /// The card answered something this command has no meaning for.
    #[error("the card answered {sw} to {}", hex_header(.command))]
    UnexpectedStatus {
        /// The header of the command: CLA INS P1 P2, never its data.
        command: [u8; 4],
        /// The status word.
        sw: StatusWord,
    },
    /// The card's answer does not hold what it should.
    #[error("the card's {0} is malformed")]
    Malformed(&'static str),
    /// The channel failed in a way that is neither the card leaving nor the reader going.
    #[error("the channel to the card failed")]
    Channel(#[source] ChannelError),
}

impl From<ChannelError> for CardError {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::CardLost => Self::CardLost,
            ChannelError::ReaderGone => Self::ReaderGone,
            other => Self::Channel(other),
        }
    }
}

fn hex_header(header: &[u8; 4]) -> String {
    let [class, instruction, p1, p2] = header;
    format!("{class:02X} {instruction:02X} {p1:02X} {p2:02X}")
}

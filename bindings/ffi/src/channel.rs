//! The channel to the card, which the app brings.

use async_trait::async_trait;
use kazasu_card::{CommandApdu, ResponseApdu, Transceive};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The largest APDUs a channel carries, in bytes on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct ChannelLimits {
    /// Largest command. Some phones carry no more than 261.
    pub command: u32,
    /// Largest response, its two status bytes included.
    pub response: u32,
}

/// Why an exchange with the card did not happen, or its answer did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum ChannelError {
    /// The card left the field. The person puts it back.
    #[error("the card was lost")]
    CardLost,
    /// Reader or NFC went away, or was switched off.
    #[error("the reader is gone")]
    ReaderGone,
    /// The channel failed in a way it does not know itself, such as by an exception of its own.
    #[error("the channel failed: {detail}")]
    Failed {
        /// For the developer.
        detail: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ChannelError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed {
            detail: error.reason,
        }
    }
}

/// A channel to one activation of one card. An app implements it over `IsoDep`, `NFCISO7816Tag` or
/// a reader. After the card was lost, bring a new channel.
#[uniffi::export(rust, foreign)]
#[async_trait]
pub trait CardChannel: Send + Sync {
    /// The largest APDUs this channel carries.
    fn limits(&self) -> Result<ChannelLimits, ChannelError>;

    /// Sends one command, once, and returns the card's whole answer. It never repeats a command: it
    /// may carry a PIN. It must not be logged for the same reason.
    async fn transceive(&self, command: Vec<u8>) -> Result<Vec<u8>, ChannelError>;

    /// Gives the card back. Called once, when the card is not needed any more: before the verifier
    /// has answered, and also while an exchange is under way that was cancelled. It may come from
    /// any thread, and must not wait for that exchange.
    fn close(&self) -> Result<(), ChannelError>;
}

/// A foreign channel as the card's code wants it. It closes the channel when it is dropped, if
/// nobody did so before.
pub(crate) struct ForeignChannel {
    open: Arc<OpenChannel>,
    limits: kazasu_card::ChannelLimits,
}

/// A channel that is closed once.
pub(crate) struct OpenChannel {
    channel: Arc<dyn CardChannel>,
    closed: AtomicBool,
}

impl ForeignChannel {
    pub(crate) fn new(channel: Arc<dyn CardChannel>) -> Result<Self, ChannelError> {
        let open = Arc::new(OpenChannel {
            channel,
            closed: AtomicBool::new(false),
        });
        let mut this = Self {
            open,
            limits: kazasu_card::ChannelLimits::SHORT,
        };
        let limits = this.open.channel.limits()?;
        this.limits = kazasu_card::ChannelLimits {
            command: limits.command as usize,
            response: limits.response as usize,
        };
        Ok(this)
    }

    /// What closes it while the card's code has it.
    pub(crate) fn opened(&self) -> Arc<OpenChannel> {
        self.open.clone()
    }
}

impl OpenChannel {
    pub(crate) fn close(&self) {
        if !self.closed.swap(true, Ordering::SeqCst) {
            // Whatever it says, the card is not used any more.
            let _ = self.channel.close();
        }
    }
}

impl Transceive for ForeignChannel {
    fn limits(&self) -> kazasu_card::ChannelLimits {
        self.limits
    }

    async fn transceive(
        &mut self,
        command: &CommandApdu,
    ) -> Result<ResponseApdu, kazasu_card::ChannelError> {
        use kazasu_card::ChannelError as Error;
        let answer = self
            .open
            .channel
            .transceive(command.to_bytes().to_vec())
            .await;
        let answer = answer.map_err(|error| match error {
            ChannelError::CardLost => Error::CardLost,
            ChannelError::ReaderGone => Error::ReaderGone,
            ChannelError::Failed { detail } => Error::Failed { detail },
        })?;
        ResponseApdu::parse(&answer).map_err(|_| Error::Garbage {
            length: answer.len(),
        })
    }

    /// A channel is one activation: the next one is another channel.
    async fn reset(&mut self) -> Result<(), kazasu_card::ChannelError> {
        Err(kazasu_card::ChannelError::CardLost)
    }
}

impl Drop for ForeignChannel {
    fn drop(&mut self) {
        self.open.close();
    }
}

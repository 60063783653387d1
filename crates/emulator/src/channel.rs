//! The emulated card as a [`Transceive`], in process.

use crate::field::{Activation, Field, Reply, Start};
use kazasu_card::{ChannelError, ChannelLimits, CommandApdu, ResponseApdu, Transceive};
use std::time::Duration;

/// A channel to the card in a [`Field`].
pub struct EmulatedChannel {
    field: Field,
    limits: ChannelLimits,
    activation: Option<Activation>,
}

/// What comes back for a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The bytes, which are no response if a [`Fault`](crate::fault::Fault) made them up.
    pub bytes: Vec<u8>,
    /// How late they come.
    pub delay: Duration,
}

impl EmulatedChannel {
    /// Activates the card in `field`. Without one, every exchange is [`ChannelError::CardLost`]
    /// until a [`Transceive::reset`] finds one.
    pub fn connect(field: &Field, limits: ChannelLimits) -> Self {
        Self {
            field: field.clone(),
            limits,
            activation: field.activate(Start::Cold),
        }
    }

    /// Has the card carry out one command, without waiting for the time its answer takes.
    ///
    /// # Errors
    /// [`ChannelError::CardLost`] and [`ChannelError::CommandTooLong`].
    pub fn exchange(&self, command: &CommandApdu) -> Result<Answer, ChannelError> {
        let bytes = command.to_bytes();
        if bytes.len() > self.limits.command {
            return Err(ChannelError::CommandTooLong {
                length: bytes.len(),
                limit: self.limits.command,
            });
        }
        let activation = self.activation.ok_or(ChannelError::CardLost)?;
        match self.field.exchange(activation, &bytes) {
            Reply::Lost => Err(ChannelError::CardLost),
            Reply::Answer { bytes, delay, .. } => Ok(Answer { bytes, delay }),
        }
    }
}

impl Transceive for EmulatedChannel {
    fn limits(&self) -> ChannelLimits {
        self.limits
    }

    async fn transceive(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ChannelError> {
        let Answer { bytes, delay } = self.exchange(command)?;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let garbage = ChannelError::Garbage {
            length: bytes.len(),
        };
        if bytes.len() > self.limits.response {
            return Err(garbage);
        }
        ResponseApdu::parse(&bytes).map_err(|_| garbage)
    }

    async fn reset(&mut self) -> Result<(), ChannelError> {
        self.activation = self.field.activate(Start::Cold);
        self.activation.map(|_| ()).ok_or(ChannelError::CardLost)
    }
}

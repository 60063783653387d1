//! The emulated card as a [`Transceive`], in process.

use crate::field::{Activation, Field, Reply, Start};
use kazasu_card::{ChannelError, ChannelLimits, CommandApdu, ResponseApdu, Transceive};

/// A channel to the card in a [`Field`].
pub struct EmulatedChannel {
    field: Field,
    limits: ChannelLimits,
    activation: Option<Activation>,
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

    async fn exchange(&self, command: &CommandApdu) -> Result<ResponseApdu, ChannelError> {
        let bytes = command.to_bytes();
        if bytes.len() > self.limits.command {
            return Err(ChannelError::CommandTooLong {
                length: bytes.len(),
                limit: self.limits.command,
            });
        }
        let activation = self.activation.ok_or(ChannelError::CardLost)?;
        let (answer, delay) = match self.field.exchange(activation, &bytes) {
            Reply::Lost => return Err(ChannelError::CardLost),
            Reply::Answer { bytes, delay, .. } => (bytes, delay),
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let garbage = ChannelError::Garbage {
            length: answer.len(),
        };
        if answer.len() > self.limits.response {
            return Err(garbage);
        }
        ResponseApdu::parse(&answer).map_err(|_| garbage)
    }
}

impl Transceive for EmulatedChannel {
    fn limits(&self) -> ChannelLimits {
        self.limits
    }

    async fn transceive(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ChannelError> {
        self.exchange(command).await
    }

    async fn reset(&mut self) -> Result<(), ChannelError> {
        self.activation = self.field.activate(Start::Cold);
        self.activation.map(|_| ()).ok_or(ChannelError::CardLost)
    }
}

//! A channel that takes its time, as a card in the air does: long enough to see the steps, and to
//! take the card away in the middle.

use kazasu_card::{ChannelError, ChannelLimits, CommandApdu, ResponseApdu, Transceive};
use kazasu_emulator::EmulatedChannel;
use std::time::Duration;

pub(super) struct Unhurried {
    pub(super) channel: EmulatedChannel,
    /// Before every exchange.
    pub(super) pause: Duration,
}

impl Transceive for Unhurried {
    fn limits(&self) -> ChannelLimits {
        self.channel.limits()
    }

    async fn transceive(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ChannelError> {
        tokio::time::sleep(self.pause).await;
        self.channel.transceive(command).await
    }

    async fn reset(&mut self) -> Result<(), ChannelError> {
        self.channel.reset().await
    }
}

//! The one transport trait of the project.

use crate::{CommandApdu, ResponseApdu};
use std::future::Future;

/// The largest APDUs a channel can carry, in bytes on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelLimits {
    /// Largest command.
    pub command: usize,
    /// Largest response, its status word included.
    pub response: usize,
}

impl ChannelLimits {
    /// What a PN532 carries through libnfc: 262 bytes out, 263 back.
    pub const LIBNFC: Self = Self {
        command: 262,
        response: 263,
    };
    /// The largest short APDUs there are.
    pub const SHORT: Self = Self {
        command: 261,
        response: 258,
    };
    /// The largest extended APDUs there are.
    pub const EXTENDED: Self = Self {
        command: 65_544,
        response: 65_538,
    };
}

/// Why an exchange did not happen, or its answer did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// The card left the field or stopped answering. Present it again.
    #[error("the card was lost")]
    CardLost,
    /// The reader went away or failed. Plug it in again, or restart its driver.
    #[error("the reader is gone")]
    ReaderGone,
    /// An earlier exchange was abandoned half way: reset the channel before going on.
    #[error("an earlier exchange was interrupted; the channel must be reset")]
    Poisoned,
    /// What came back is not a response APDU.
    #[error("the reader returned {length} bytes that are not a response APDU")]
    Garbage {
        /// How many bytes came back.
        length: usize,
    },
    /// The channel failed in a way of its own, such as an app's channel by an exception.
    #[error("the channel failed: {detail}")]
    Failed {
        /// What the channel says about it, for its developer.
        detail: String,
    },
    /// The command is longer than the channel carries. Nothing was sent.
    #[error("a command of {length} bytes exceeds the channel's {limit}")]
    CommandTooLong {
        /// The command's length in bytes.
        length: usize,
        /// The channel's limit in bytes.
        limit: usize,
    },
}

/// A channel to one card: it sends a command APDU and returns the response.
///
/// Implementations *may* be dropped half way through a call; [`Card`](crate::Card) remembers that
/// and refuses further exchanges until [`Transceive::reset`] succeeded.
pub trait Transceive: Send {
    /// The largest APDUs this channel carries.
    fn limits(&self) -> ChannelLimits;

    /// Sends one command, once, and returns the card's answer. It never repeats a command: the
    /// command may carry a PIN.
    fn transceive(
        &mut self,
        command: &CommandApdu,
    ) -> impl Future<Output = Result<ResponseApdu, ChannelError>> + Send;

    /// Activates the card anew (power off, power on), so that no earlier exchange can leak into
    /// the next.
    fn reset(&mut self) -> impl Future<Output = Result<(), ChannelError>> + Send;
}

impl<T: Transceive> Transceive for &mut T {
    fn limits(&self) -> ChannelLimits {
        (**self).limits()
    }

    fn transceive(
        &mut self,
        command: &CommandApdu,
    ) -> impl Future<Output = Result<ResponseApdu, ChannelError>> + Send {
        (**self).transceive(command)
    }

    fn reset(&mut self) -> impl Future<Output = Result<(), ChannelError>> + Send {
        (**self).reset()
    }
}

//! A recorded conversation as a channel, for tests: it answers only what was recorded.

use crate::{ChannelError, ChannelLimits, CommandApdu, ResponseApdu, Transceive};
use std::collections::VecDeque;

/// Why a text is not a transcript, or a transcript was not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TranscriptError {
    /// A line is neither a comment, a command (`> hex`) nor a response (`< hex`) in turn.
    #[error("line {0} of the transcript cannot be read")]
    BadLine(usize),
    /// Another command was sent than the one recorded; headers only.
    #[error("sent {sent:02X?} where the transcript has {recorded:02X?}")]
    Differs {
        /// The header that was sent.
        sent: [u8; 4],
        /// The header that was recorded; `None` past the transcript's end.
        recorded: Option<[u8; 4]>,
    },
    /// Commands of the transcript were never sent.
    #[error("{0} recorded commands were never sent")]
    Unfinished(usize),
}

/// A channel that replays a transcript.
#[derive(Debug)]
pub struct Transcript {
    exchanges: VecDeque<(Vec<u8>, ResponseApdu)>,
    limits: ChannelLimits,
    difference: Option<TranscriptError>,
}

impl Transcript {
    /// Reads lines `> command` and `< response` in hexadecimal, alternating; spaces within and
    /// lines starting with `#` do not matter.
    ///
    /// # Errors
    /// [`TranscriptError::BadLine`].
    pub fn parse(text: &str, limits: ChannelLimits) -> Result<Self, TranscriptError> {
        let mut exchanges = VecDeque::new();
        let mut command = None;
        for (number, line) in text.lines().enumerate() {
            let bad = TranscriptError::BadLine(number + 1);
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (mark, hex) = line.split_at_checked(1).ok_or(bad.clone())?;
            let bytes = parse_hex(hex).ok_or(bad.clone())?;
            match (mark, command.take()) {
                (">", None) => command = Some(bytes),
                ("<", Some(sent)) => {
                    let response = ResponseApdu::parse(&bytes).map_err(|_| bad)?;
                    exchanges.push_back((sent, response));
                }
                _ => return Err(bad),
            }
        }
        Ok(Self {
            exchanges,
            limits,
            difference: None,
        })
    }

    /// Whether the conversation went exactly as recorded, to its end.
    ///
    /// # Errors
    /// [`TranscriptError::Differs`] or [`TranscriptError::Unfinished`].
    pub fn finish(self) -> Result<(), TranscriptError> {
        match (self.difference, self.exchanges.len()) {
            (Some(difference), _) => Err(difference),
            (None, 0) => Ok(()),
            (None, left) => Err(TranscriptError::Unfinished(left)),
        }
    }
}

impl Transceive for Transcript {
    fn limits(&self) -> ChannelLimits {
        self.limits
    }

    async fn transceive(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ChannelError> {
        let recorded = self.exchanges.pop_front();
        match recorded {
            Some((bytes, response)) if bytes == **command.to_bytes() => Ok(response),
            other => {
                self.difference.get_or_insert(TranscriptError::Differs {
                    sent: command.header(),
                    recorded: other.and_then(|(bytes, _)| bytes.first_chunk().copied()),
                });
                Err(ChannelError::CardLost)
            }
        }
    }

    async fn reset(&mut self) -> Result<(), ChannelError> {
        Ok(())
    }
}

fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).map(|d| d as u8))
        .collect::<Option<_>>()?;
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

//! A reader that is open, and the channel to the card on it.

use crate::libnfc::{self, ChildProgram, OpenError};
use crate::link::{Link, Reply, Request};
use crate::{ReaderError, ReaderKind, pcsc};
use kazasu_card::{ChannelError, ChannelLimits, CommandApdu, ResponseApdu, Transceive};
use std::fmt;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two looks for a card: a person does not notice it, a processor does.
const BETWEEN_POLLS: Duration = Duration::from_millis(100);

/// What it takes to open a reader, again if need be.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub(crate) name: String,
    pub(crate) kind: ReaderKind,
    pub(crate) child: ChildProgram,
    pub(crate) exchange_timeout: Duration,
}

impl Opening {
    pub(crate) async fn link(&self) -> Result<Link, ReaderError> {
        match self.kind {
            ReaderKind::PcSc => pcsc::open(&self.name).map_err(ReaderError::Child),
            ReaderKind::Libnfc => libnfc::open(&self.child, &self.name)
                .await
                .map_err(|error| {
                    let name = self.name.clone();
                    match error {
                        OpenError::Child(source) => ReaderError::Child(source),
                        OpenError::InUse => ReaderError::InUse { name },
                        OpenError::Gone => ReaderError::Gone { name },
                    }
                }),
        }
    }
}

/// A reader that is open. Nobody else can use it until it is closed or dropped.
pub struct OpenedReader {
    opening: Opening,
    /// `None` after the reader failed; waiting for a card opens it anew.
    link: Option<Link>,
}

impl OpenedReader {
    pub(crate) async fn open(opening: Opening) -> Result<Self, ReaderError> {
        let link = Some(opening.link().await?);
        Ok(Self { opening, link })
    }

    /// The reader's name.
    pub fn name(&self) -> &str {
        &self.opening.name
    }

    /// Waits for a card and activates it; what an earlier channel did on it is forgotten. Looks
    /// at least once. A reader that failed is opened anew, once.
    ///
    /// # Errors
    /// [`ReaderError::NoCard`] when the time is over, [`ReaderError::InUse`] if all that time
    /// another program had the reader, [`ReaderError::Gone`] if the reader does not work.
    pub async fn wait_for_card(&mut self, wait: Duration) -> Result<CardChannel<'_>, ReaderError> {
        let give_up = Instant::now() + wait;
        let mut may_reopen = true;
        let limits = loop {
            let link = match &self.link {
                Some(link) => link,
                None if may_reopen => {
                    may_reopen = false;
                    self.link.insert(self.opening.link().await?)
                }
                None => {
                    return Err(ReaderError::Gone {
                        name: self.opening.name.clone(),
                    });
                }
            };
            let failure = match link.request(Request::Poll).await {
                Reply::Card(limits) => break limits,
                Reply::InUse => ReaderError::InUse {
                    name: self.opening.name.clone(),
                },
                Reply::NoCard | Reply::CardLost => ReaderError::NoCard {
                    name: self.opening.name.clone(),
                },
                Reply::ReaderGone | Reply::Garbage(_) | Reply::Response(_) => {
                    self.discard().await;
                    continue;
                }
            };
            if Instant::now() + BETWEEN_POLLS > give_up {
                return Err(failure);
            }
            sleep(BETWEEN_POLLS).await;
        };
        Ok(CardChannel {
            reader: self,
            limits,
            lost: false,
        })
    }

    /// Puts the reader away: the card is powered off, so that no PIN stays verified on it.
    pub async fn close(mut self) {
        self.discard().await;
    }

    async fn discard(&mut self) {
        if let Some(link) = self.link.take() {
            link.close().await;
        }
    }

    async fn request(&mut self, request: Request) -> Reply {
        let Some(link) = &self.link else {
            return Reply::ReaderGone;
        };
        let reply = link.request(request).await;
        if reply == Reply::ReaderGone {
            self.discard().await;
        }
        reply
    }
}

impl fmt::Debug for OpenedReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenedReader({})", self.name())
    }
}

/// The channel to a card on a reader.
pub struct CardChannel<'a> {
    reader: &'a mut OpenedReader,
    limits: ChannelLimits,
    /// The card was lost. What lies on the reader now may be another one.
    lost: bool,
}

impl fmt::Debug for CardChannel<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardChannel({})", self.reader.name())
    }
}

impl Transceive for CardChannel<'_> {
    fn limits(&self) -> ChannelLimits {
        self.limits
    }

    async fn transceive(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ChannelError> {
        let command = command.to_bytes();
        let (length, limit) = (command.len(), self.limits.command);
        if length > limit {
            return Err(ChannelError::CommandTooLong { length, limit });
        }
        if self.lost {
            return Err(ChannelError::CardLost);
        }
        let timeout = self.reader.opening.exchange_timeout;
        let request = Request::Transceive { command, timeout };
        match self.reader.request(request).await {
            Reply::Response(bytes) => {
                ResponseApdu::parse(&bytes).map_err(|_| ChannelError::Garbage {
                    length: bytes.len(),
                })
            }
            Reply::Garbage(length) => Err(ChannelError::Garbage { length }),
            Reply::CardLost | Reply::NoCard | Reply::Card(_) => {
                self.lost = true;
                Err(ChannelError::CardLost)
            }
            Reply::ReaderGone | Reply::InUse => Err(ChannelError::ReaderGone),
        }
    }

    async fn reset(&mut self) -> Result<(), ChannelError> {
        match self.reader.request(Request::Reset).await {
            Reply::Card(limits) => {
                self.limits = limits;
                self.lost = false;
                Ok(())
            }
            Reply::CardLost | Reply::NoCard | Reply::Garbage(_) | Reply::Response(_) => {
                Err(ChannelError::CardLost)
            }
            Reply::ReaderGone | Reply::InUse => Err(ChannelError::ReaderGone),
        }
    }
}

#[cfg(test)]
mod tests;

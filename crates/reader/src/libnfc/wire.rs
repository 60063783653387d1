//! What parent and child say to each other: frames of a 32-bit big-endian length and that many
//! bytes, of which the first tells what it is. Both ends are always the same executable.

use crate::link::{Reply, Request};
use kazasu_card::ChannelLimits;
use std::time::Duration;
use zeroize::Zeroizing;

/// Longest frame: far above the longest APDU, far below what would hurt.
pub(super) const FRAME_MAX: usize = 64 * 1024;

pub(super) type Bytes = Zeroizing<Vec<u8>>;

/// A frame's content that means nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Meaningless;

/// What the parent asks.
pub(super) enum Order {
    /// List the devices that can be found.
    Scan,
    /// Open the device with this connection string.
    Open(String),
    /// Something with the card.
    Card(Request),
}

/// What the child answers.
pub(super) enum Report {
    /// The devices' connection strings.
    Devices(Vec<String>),
    /// The device is open.
    Opened,
    /// What came of a [`Order::Card`], or why there is no device.
    Card(Reply),
}

impl Order {
    pub(super) fn encode(&self) -> Bytes {
        match self {
            Self::Scan => bytes(b's', &[]),
            Self::Open(connstring) => bytes(b'o', connstring.as_bytes()),
            Self::Card(Request::Poll) => bytes(b'p', &[]),
            Self::Card(Request::Reset) => bytes(b'r', &[]),
            Self::Card(Request::Transceive { command, timeout }) => {
                let millis = u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX);
                let mut frame = Zeroizing::new(Vec::with_capacity(command.len() + 5));
                frame.push(b't');
                frame.extend_from_slice(&millis.to_be_bytes());
                frame.extend_from_slice(command);
                frame
            }
        }
    }

    pub(super) fn decode(frame: &[u8]) -> Result<Self, Meaningless> {
        match frame.split_first() {
            Some((b's', [])) => Ok(Self::Scan),
            Some((b'o', connstring)) => Ok(Self::Open(text(connstring)?)),
            Some((b'p', [])) => Ok(Self::Card(Request::Poll)),
            Some((b'r', [])) => Ok(Self::Card(Request::Reset)),
            Some((b't', rest)) => {
                let (&millis, command) = rest.split_first_chunk::<4>().ok_or(Meaningless)?;
                Ok(Self::Card(Request::Transceive {
                    command: Zeroizing::new(command.to_vec()),
                    timeout: Duration::from_millis(u32::from_be_bytes(millis).into()),
                }))
            }
            _ => Err(Meaningless),
        }
    }
}

impl Report {
    pub(super) fn encode(&self) -> Bytes {
        match self {
            Self::Devices(names) => bytes(b'd', names.join("\n").as_bytes()),
            Self::Opened => bytes(b'o', &[]),
            Self::Card(Reply::Card(_)) => bytes(b'c', &[]),
            Self::Card(Reply::NoCard) => bytes(b'n', &[]),
            Self::Card(Reply::Response(response)) => bytes(b'r', response),
            Self::Card(Reply::CardLost) => bytes(b'l', &[]),
            Self::Card(Reply::ReaderGone) => bytes(b'g', &[]),
            Self::Card(Reply::InUse) => bytes(b'u', &[]),
            Self::Card(Reply::Garbage(length)) => {
                let length = u32::try_from(*length).unwrap_or(u32::MAX);
                bytes(b'x', &length.to_be_bytes())
            }
        }
    }

    pub(super) fn decode(frame: &[u8]) -> Result<Self, Meaningless> {
        Ok(match frame.split_first() {
            Some((b'd', names)) => Self::Devices(text(names)?.lines().map(str::to_owned).collect()),
            Some((b'o', [])) => Self::Opened,
            Some((b'c', [])) => Self::Card(Reply::Card(ChannelLimits::LIBNFC)),
            Some((b'n', [])) => Self::Card(Reply::NoCard),
            Some((b'r', response)) => {
                Self::Card(Reply::Response(Zeroizing::new(response.to_vec())))
            }
            Some((b'l', [])) => Self::Card(Reply::CardLost),
            Some((b'g', [])) => Self::Card(Reply::ReaderGone),
            Some((b'u', [])) => Self::Card(Reply::InUse),
            Some((b'x', length)) => {
                let length = length.try_into().map_err(|_| Meaningless)?;
                Self::Card(Reply::Garbage(u32::from_be_bytes(length) as usize))
            }
            _ => return Err(Meaningless),
        })
    }
}

fn bytes(kind: u8, content: &[u8]) -> Bytes {
    let mut frame = Zeroizing::new(Vec::with_capacity(content.len() + 1));
    frame.push(kind);
    frame.extend_from_slice(content);
    frame
}

fn text(bytes: &[u8]) -> Result<String, Meaningless> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Meaningless)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_survive_the_wire() {
        let frames = [
            Order::Scan,
            Order::Open("pn532_uart:/dev/ttyUSB0".to_owned()),
            Order::Card(Request::Poll),
            Order::Card(Request::Reset),
            Order::Card(Request::Transceive {
                command: Zeroizing::new(vec![0, 0xA4, 4, 0]),
                timeout: Duration::from_millis(7_000),
            }),
        ]
        .map(|order| order.encode());
        for frame in &frames {
            let again = Order::decode(frame).expect("an order of ours").encode();
            assert_eq!(*frame, again);
        }
        let [.., transceive] = &frames;
        let Ok(Order::Card(Request::Transceive { timeout, .. })) = Order::decode(transceive) else {
            panic!("not an exchange");
        };
        assert_eq!(timeout, Duration::from_secs(7));
    }

    #[test]
    fn reports_survive_the_wire() {
        for report in [
            Report::Devices(vec!["a:1".to_owned(), "b:2".to_owned()]),
            Report::Devices(Vec::new()),
            Report::Opened,
            Report::Card(Reply::Card(ChannelLimits::LIBNFC)),
            Report::Card(Reply::NoCard),
            Report::Card(Reply::Response(Zeroizing::new(vec![0x90, 0]))),
            Report::Card(Reply::CardLost),
            Report::Card(Reply::ReaderGone),
            Report::Card(Reply::InUse),
            Report::Card(Reply::Garbage(300)),
        ] {
            let frame = report.encode();
            let again = Report::decode(&frame).expect("a report of ours").encode();
            assert_eq!(frame, again);
        }
    }

    #[test]
    fn anything_else_means_nothing() {
        for frame in [&b""[..], b"?", b"pp", b"t\0\0", b"o\xFF", b"x123456"] {
            assert!(Order::decode(frame).is_err());
            assert!(Report::decode(frame).is_err());
        }
    }
}

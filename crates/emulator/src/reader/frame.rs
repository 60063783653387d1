//! PN532 frames on a serial line (PN532 User Manual §6.2.1). Pure: bytes in, bytes out.

/// What a host and a PN532 say to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// "Received"; from the host it also means "abort".
    Ack,
    /// "Say that again".
    Nack,
    /// The chip's "I do not understand".
    Error,
    /// A command (first byte D4) or a response (D5); never empty.
    Information(Vec<u8>),
}

/// Why the beginning of a buffer is not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The frame is not complete; read on.
    #[error("the frame is not complete")]
    Incomplete,
    /// A length or its checksum is wrong; drop `skip` bytes and look again.
    #[error("a frame's length does not match its checksum")]
    Length {
        /// Bytes to drop.
        skip: usize,
    },
    /// The data checksum is wrong; drop `skip` bytes and look again.
    #[error("a frame's data does not match its checksum")]
    Checksum {
        /// Bytes to drop.
        skip: usize,
    },
}

const START: [u8; 2] = [0x00, 0xFF];
/// Data of an error frame: "syntax error" at application level.
const ERROR_CODE: u8 = 0x7F;
/// Longest data of a normal frame; its length byte FF would mean "extended".
const NORMAL_MAX: usize = 254;
/// Longest data of an extended frame: direction, command code and the 264 bytes that libnfc takes
/// (measured; the User Manual's own limit is one byte less).
const EXTENDED_MAX: usize = 266;

impl Frame {
    /// Reads the first frame in `bytes` and says how many bytes it took, those before it
    /// included: wake-up bytes and preambles mean nothing.
    ///
    /// # Errors
    /// [`FrameError`], which says whether to read on or how much to drop.
    pub fn parse(bytes: &[u8]) -> Result<(Self, usize), FrameError> {
        let start = bytes
            .windows(START.len())
            .position(|window| window == START)
            .ok_or(FrameError::Incomplete)?;
        let at = start + START.len();
        let head = bytes.get(at..).unwrap_or_default();
        match *head {
            [0x00, 0xFF, ..] => Ok((Self::Ack, at + 2)),
            [0xFF, 0x00, ..] => Ok((Self::Nack, at + 2)),
            [0xFF, 0xFF, high, low, check, ..] => {
                if high.wrapping_add(low).wrapping_add(check) != 0 {
                    return Err(FrameError::Length { skip: at });
                }
                let length = usize::from(u16::from_be_bytes([high, low]));
                Self::parse_data(bytes, at + 5, length, at)
            }
            [0xFF, 0xFF, ..] => Err(FrameError::Incomplete),
            [length, check, ..] => {
                if length.wrapping_add(check) != 0 {
                    return Err(FrameError::Length { skip: at });
                }
                Self::parse_data(bytes, at + 2, usize::from(length), at)
            }
            _ => Err(FrameError::Incomplete),
        }
    }

    /// `skip` is where to look again after a length that cannot be.
    fn parse_data(
        bytes: &[u8],
        at: usize,
        length: usize,
        skip: usize,
    ) -> Result<(Self, usize), FrameError> {
        if length == 0 || length > EXTENDED_MAX {
            return Err(FrameError::Length { skip });
        }
        let end = at + length;
        let (Some(data), Some(&check)) = (bytes.get(at..end), bytes.get(end)) else {
            return Err(FrameError::Incomplete);
        };
        if sum(data).wrapping_add(check) != 0 {
            return Err(FrameError::Checksum { skip: end + 1 });
        }
        let frame = if data == [ERROR_CODE] {
            Self::Error
        } else {
            Self::Information(data.to_vec())
        };
        Ok((frame, end + 1))
    }

    /// The bytes on the line, preamble and postamble included; extended where the data need it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0x00, 0x00, 0xFF];
        let data: &[u8] = match self {
            Self::Ack => {
                bytes.extend_from_slice(&[0x00, 0xFF, 0x00]);
                return bytes;
            }
            Self::Nack => {
                bytes.extend_from_slice(&[0xFF, 0x00, 0x00]);
                return bytes;
            }
            Self::Error => &[ERROR_CODE],
            Self::Information(data) => data,
        };
        if data.len() <= NORMAL_MAX {
            let length = data.len() as u8;
            bytes.extend_from_slice(&[length, length.wrapping_neg()]);
        } else {
            let length = (data.len() as u16).to_be_bytes();
            bytes.extend_from_slice(&[0xFF, 0xFF, length[0], length[1]]);
            bytes.push(length[0].wrapping_add(length[1]).wrapping_neg());
        }
        bytes.extend_from_slice(data);
        bytes.push(sum(data).wrapping_neg());
        bytes.push(0x00);
        bytes
    }
}

fn sum(data: &[u8]) -> u8 {
    data.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_acknowledgement_is_the_six_bytes_of_the_manual() {
        assert_eq!(Frame::Ack.to_bytes(), [0, 0, 0xFF, 0, 0xFF, 0]);
        assert_eq!(Frame::parse(&[0, 0, 0xFF, 0, 0xFF, 0]), Ok((Frame::Ack, 5)));
    }

    #[test]
    fn a_wake_up_before_a_command_is_skipped() {
        // GetFirmwareVersion, as libnfc sends it after waking the chip.
        let mut line = vec![0x55, 0x55];
        line.extend_from_slice(&[0; 14]);
        line.extend_from_slice(&[0, 0, 0xFF, 0x02, 0xFE, 0xD4, 0x02, 0x2A, 0x00]);
        let (frame, used) = Frame::parse(&line).unwrap();
        assert_eq!(frame, Frame::Information(vec![0xD4, 0x02]));
        assert_eq!(used, line.len() - 1);
    }

    #[test]
    fn a_wrong_data_checksum_is_told_from_a_wrong_length() {
        let mut bytes = Frame::Information(vec![0xD4, 0x02]).to_bytes();
        bytes[7] ^= 1;
        assert!(matches!(
            Frame::parse(&bytes),
            Err(FrameError::Checksum { .. })
        ));
        bytes[4] ^= 1;
        assert!(matches!(
            Frame::parse(&bytes),
            Err(FrameError::Length { .. })
        ));
    }

    #[test]
    fn the_longest_extended_frame_is_read_and_a_longer_one_refused() {
        let longest = Frame::Information(vec![0xD5; 266]);
        assert_eq!(Frame::parse(&longest.to_bytes()).unwrap().0, longest);
        let longer = Frame::Information(vec![0xD5; 267]).to_bytes();
        assert!(matches!(
            Frame::parse(&longer),
            Err(FrameError::Length { .. })
        ));
    }

    proptest! {
        #[test]
        fn every_frame_survives_the_line(data in proptest::collection::vec(any::<u8>(), 1..=266)) {
            prop_assume!(data != [ERROR_CODE]);
            let frame = Frame::Information(data);
            let bytes = frame.to_bytes();
            prop_assert_eq!(Frame::parse(&bytes), Ok((frame, bytes.len() - 1)));
        }

        #[test]
        fn a_frame_that_stops_anywhere_is_incomplete(
            data in proptest::collection::vec(any::<u8>(), 1..=266), cut in 0usize..300,
        ) {
            let bytes = Frame::Information(data).to_bytes();
            let cut = cut.min(bytes.len() - 2);
            prop_assert_eq!(Frame::parse(&bytes[..cut]), Err(FrameError::Incomplete));
        }

        #[test]
        fn noise_never_stops_the_reader(noise in proptest::collection::vec(any::<u8>(), 0..600)) {
            let mut rest = noise.as_slice();
            loop {
                let used = match Frame::parse(rest) {
                    Ok((_, used)) => used,
                    Err(FrameError::Incomplete) => break,
                    Err(FrameError::Length { skip } | FrameError::Checksum { skip }) => skip,
                };
                prop_assert!((1..=rest.len()).contains(&used));
                rest = &rest[used..];
            }
        }
    }
}

//! Command and response APDUs, ISO/IEC 7816-4 §5.1: short and extended, cases 1 to 4.

use crate::StatusWord;
use std::fmt;
use zeroize::Zeroizing;

/// Most data bytes, and most expected bytes, of a short APDU.
const SHORT_DATA_MAX: usize = 255;
const SHORT_LE_MAX: u32 = 256;
const EXTENDED_DATA_MAX: usize = 65_535;
const EXTENDED_LE_MAX: u32 = 65_536;

/// Why bytes are not an APDU, or a command cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApduError {
    /// Fewer bytes than a header (command) or a status word (response).
    #[error("the APDU ends before its header or status word is complete")]
    Truncated,
    /// Lc or Le does not describe the bytes that follow.
    #[error("the APDU's length fields do not match its length")]
    BadLength,
    /// More than 65,535 bytes of data.
    #[error("the command data is longer than an extended APDU can carry")]
    DataTooLong,
}

/// A command APDU. Its data is wiped when it is dropped, because it may hold a PIN, and its
/// `Debug` shows the header and lengths, never the data.
#[derive(Clone, PartialEq, Eq)]
pub struct CommandApdu {
    class: u8,
    instruction: u8,
    p1: u8,
    p2: u8,
    data: Zeroizing<Vec<u8>>,
    expected: Option<u32>,
}

impl CommandApdu {
    /// A case 1 command: a header alone.
    pub fn new(class: u8, instruction: u8, p1: u8, p2: u8) -> Self {
        Self {
            class,
            instruction,
            p1,
            p2,
            data: Zeroizing::new(Vec::new()),
            expected: None,
        }
    }

    /// Adds command data: 1 to 65,535 bytes; over 255 makes the APDU extended.
    ///
    /// # Errors
    /// [`ApduError::DataTooLong`] past 65,535 bytes.
    pub fn with_data(mut self, data: &[u8]) -> Result<Self, ApduError> {
        if data.len() > EXTENDED_DATA_MAX {
            return Err(ApduError::DataTooLong);
        }
        self.data = Zeroizing::new(data.to_vec());
        Ok(self)
    }

    /// Asks for up to `expected` bytes (Ne), 1 to 65,536; over 256 makes the APDU extended.
    /// Values outside that range are brought to its nearer end.
    pub fn expecting(mut self, expected: u32) -> Self {
        self.expected = Some(expected.clamp(1, EXTENDED_LE_MAX));
        self
    }

    /// The class byte, CLA.
    pub fn class(&self) -> u8 {
        self.class
    }

    /// The instruction byte, INS.
    pub fn instruction(&self) -> u8 {
        self.instruction
    }

    /// The first parameter byte, P1.
    pub fn p1(&self) -> u8 {
        self.p1
    }

    /// The second parameter byte, P2.
    pub fn p2(&self) -> u8 {
        self.p2
    }

    /// The four header bytes, which never hold a secret.
    pub fn header(&self) -> [u8; 4] {
        [self.class, self.instruction, self.p1, self.p2]
    }

    /// The command data; empty in cases 1 and 2.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Ne, the most response bytes asked for; `None` in cases 1 and 3.
    pub fn expected(&self) -> Option<u32> {
        self.expected
    }

    /// Whether the command needs the extended form.
    pub fn is_extended(&self) -> bool {
        self.data.len() > SHORT_DATA_MAX || self.expected.is_some_and(|ne| ne > SHORT_LE_MAX)
    }

    /// The bytes on the wire, in the short form where it fits.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.data.len() + 9));
        bytes.extend_from_slice(&self.header());
        if self.is_extended() {
            self.write_extended(&mut bytes);
        } else {
            self.write_short(&mut bytes);
        }
        bytes
    }

    fn write_short(&self, bytes: &mut Vec<u8>) {
        if !self.data.is_empty() {
            bytes.push(self.data.len() as u8);
            bytes.extend_from_slice(&self.data);
        }
        if let Some(ne) = self.expected {
            // 256 is written 00.
            bytes.push(ne as u8);
        }
    }

    fn write_extended(&self, bytes: &mut Vec<u8>) {
        bytes.push(0);
        if !self.data.is_empty() {
            bytes.extend_from_slice(&(self.data.len() as u16).to_be_bytes());
            bytes.extend_from_slice(&self.data);
        }
        if let Some(ne) = self.expected {
            // 65,536 is written 0000.
            bytes.extend_from_slice(&(ne as u16).to_be_bytes());
        }
    }

    /// Reads a command, as a card does.
    ///
    /// # Errors
    /// [`ApduError::Truncated`] below four bytes, [`ApduError::BadLength`] where Lc and Le do not
    /// describe what follows.
    pub fn parse(bytes: &[u8]) -> Result<Self, ApduError> {
        let (&[class, instruction, p1, p2], body) =
            bytes.split_first_chunk().ok_or(ApduError::Truncated)?;
        let (data, expected): (&[u8], Option<u32>) = match body {
            [] => (&[], None),
            [le] => (&[], Some(short_le(*le))),
            [0, rest @ ..] => parse_extended(rest)?,
            [lc, rest @ ..] => parse_short(usize::from(*lc), rest)?,
        };
        Ok(Self {
            class,
            instruction,
            p1,
            p2,
            data: Zeroizing::new(data.to_vec()),
            expected,
        })
    }
}

fn short_le(byte: u8) -> u32 {
    if byte == 0 {
        SHORT_LE_MAX
    } else {
        u32::from(byte)
    }
}

fn extended_le(bytes: [u8; 2]) -> u32 {
    match u16::from_be_bytes(bytes) {
        0 => EXTENDED_LE_MAX,
        ne => u32::from(ne),
    }
}

fn parse_short(lc: usize, rest: &[u8]) -> Result<(&[u8], Option<u32>), ApduError> {
    let (data, after) = rest.split_at_checked(lc).ok_or(ApduError::BadLength)?;
    match after {
        [] => Ok((data, None)),
        [le] => Ok((data, Some(short_le(*le)))),
        _ => Err(ApduError::BadLength),
    }
}

/// `rest` follows the 00 that marks an extended form.
fn parse_extended(rest: &[u8]) -> Result<(&[u8], Option<u32>), ApduError> {
    let (&length, rest) = rest.split_first_chunk::<2>().ok_or(ApduError::BadLength)?;
    if rest.is_empty() {
        return Ok((&[], Some(extended_le(length))));
    }
    let lc = usize::from(u16::from_be_bytes(length));
    if lc == 0 {
        return Err(ApduError::BadLength);
    }
    let (data, after) = rest.split_at_checked(lc).ok_or(ApduError::BadLength)?;
    match after {
        [] => Ok((data, None)),
        [high, low] => Ok((data, Some(extended_le([*high, *low])))),
        _ => Err(ApduError::BadLength),
    }
}

impl fmt::Debug for CommandApdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [class, instruction, p1, p2] = self.header();
        write!(
            f,
            "CommandApdu({class:02X} {instruction:02X} {p1:02X} {p2:02X}, {} data bytes, Ne {:?})",
            self.data.len(),
            self.expected
        )
    }
}

/// A response APDU: data, then a status word. `Debug` shows the length and the status word.
#[derive(Clone, PartialEq, Eq)]
pub struct ResponseApdu {
    data: Zeroizing<Vec<u8>>,
    status: StatusWord,
}

impl ResponseApdu {
    /// Builds a response, as a card does.
    pub fn new(data: Vec<u8>, status: StatusWord) -> Self {
        Self {
            data: Zeroizing::new(data),
            status,
        }
    }

    /// Reads a response: any data, then two bytes of status word.
    ///
    /// # Errors
    /// [`ApduError::Truncated`] below two bytes, [`ApduError::DataTooLong`] above 65,538.
    pub fn parse(bytes: &[u8]) -> Result<Self, ApduError> {
        let (data, &status) = bytes.split_last_chunk::<2>().ok_or(ApduError::Truncated)?;
        if data.len() > EXTENDED_LE_MAX as usize {
            return Err(ApduError::DataTooLong);
        }
        Ok(Self::new(data.to_vec(), StatusWord::from(status)))
    }

    /// The response data.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The status word.
    pub fn status(&self) -> StatusWord {
        self.status
    }

    /// The bytes on the wire.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.data.len() + 2));
        bytes.extend_from_slice(&self.data);
        bytes.extend_from_slice(&self.status.to_bytes());
        bytes
    }
}

impl fmt::Debug for ResponseApdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ResponseApdu({} data bytes, {})",
            self.data.len(),
            self.status
        )
    }
}

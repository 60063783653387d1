//! The profile application (券面事項入力補助AP), of which only the name is read.

use crate::card::{Card, FileId};
use crate::error::CardError;
use crate::pin::{LastTry, PinStatus, ProfilePin};
use crate::tlv::{Header, TlvError};
use crate::transceive::Transceive;

/// The application's identifier (jpki/myna, `jpki`, `myna-card`).
pub(crate) const AID: [u8; 10] = [0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08];

/// Files (jpki/myna, `myna-card`).
const ATTRIBUTES: FileId = FileId(0x02);
const PROFILE_PIN: FileId = FileId(0x11);

/// Tags of the attribute file: the template, its table of offsets, the name.
const TEMPLATE: u16 = 0xFF20;
const OFFSETS: u16 = 0xDF21;
const NAME: u16 = 0xDF22;

/// Bytes asked for first: the headers (17 in the usual file) and a name of ten characters. What is
/// longer costs one more exchange; asking for the whole file would bring the address along.
const FIRST_READ: u32 = 48;
/// Longest name accepted, in bytes. The card face holds far less.
const NAME_MAX: usize = 1024;

/// The selected profile application.
#[derive(Debug)]
pub struct Profile<'a, T> {
    card: &'a mut Card<T>,
}

impl<'a, T: Transceive> Profile<'a, T> {
    pub(crate) fn new(card: &'a mut Card<T>) -> Self {
        Self { card }
    }

    /// Asks how many tries the profile PIN has left. It costs none, and spares the same question
    /// to [`Profile::name`] if that comes next.
    ///
    /// # Errors
    /// The card's.
    pub async fn pin_status(&mut self) -> Result<PinStatus, CardError> {
        self.card.pin_status(PROFILE_PIN).await
    }

    /// Verifies the PIN, once, and reads the name. Whatever else was read is wiped.
    ///
    /// # Errors
    /// [`CardError::WrongPin`], [`CardError::PinBlocked`], [`CardError::LastTry`] before the last
    /// try if it is refused, and the card's others.
    pub async fn name(&mut self, pin: &ProfilePin, last_try: LastTry) -> Result<String, CardError> {
        self.card
            .verify_pin(PROFILE_PIN, pin.bytes(), last_try)
            .await?;
        let mut file = self.card.read_start(ATTRIBUTES, FIRST_READ).await?;
        let (start, end) = locate_name(&file)?;
        while file.len() < end {
            let missing = (end - file.len()).min(256) as u32;
            let more = self.card.read_on(file.len(), missing).await?;
            if more.is_empty() {
                return Err(MALFORMED);
            }
            file.extend_from_slice(&more);
        }
        parse_text(file.get(start..end).ok_or(MALFORMED)?)
    }
}

const MALFORMED: CardError = CardError::Malformed("profile");

/// Reads the name out of an attribute file (EF 0002).
///
/// # Errors
/// [`CardError::Malformed`] where its lengths, offsets or text are wrong.
pub fn parse_profile_name(file: &[u8]) -> Result<String, CardError> {
    let (start, end) = locate_name(file)?;
    parse_text(file.get(start..end).ok_or(MALFORMED)?)
}

fn parse_text(bytes: &[u8]) -> Result<String, CardError> {
    std::str::from_utf8(bytes)
        .ok()
        .filter(|name| !name.is_empty() && !name.chars().any(rearranges_text))
        .map(str::to_owned)
        .ok_or(MALFORMED)
}

/// Control characters, line separators and marks that change the direction of text (UAX #9 §2):
/// no name has them, and what is shown around the name must not move.
fn rearranges_text(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
        )
        || matches!(c, '\u{2066}'..='\u{2069}')
}

/// Where the name stands, from the file's first bytes. Lengths over 127 take two or three bytes,
/// which moves everything after them; the table of offsets has to agree with what is found.
fn locate_name(file: &[u8]) -> Result<(usize, usize), CardError> {
    let template = header_at(file, 0, TEMPLATE)?;
    let table = header_at(file, template.length, OFFSETS)?;
    let name_offset = template.length + table.total();
    let stated: [u8; 2] = file
        .get(template.length + table.length..)
        .and_then(|table| table.first_chunk().copied())
        .ok_or(MALFORMED)?;
    if table.value_length < 2 || usize::from(u16::from_be_bytes(stated)) != name_offset {
        return Err(MALFORMED);
    }
    let name = header_at(file, name_offset, NAME)?;
    let start = name_offset + name.length;
    let end = start + name.value_length;
    if name.value_length > NAME_MAX || end > template.total() {
        return Err(MALFORMED);
    }
    Ok((start, end))
}

fn header_at(file: &[u8], offset: usize, tag: u16) -> Result<Header, CardError> {
    let bytes = file.get(offset..).ok_or(MALFORMED)?;
    match Header::parse(bytes) {
        Ok(header) if header.tag == tag => Ok(header),
        Ok(_) | Err(TlvError::Truncated | TlvError::TagTooLong | TlvError::BadLength) => {
            Err(MALFORMED)
        }
    }
}

//! BER-TLV, ISO/IEC 7816-4 §5.2.2: tags of one or two bytes, lengths up to 65,535 (`81`, `82`).

/// Why bytes are not a TLV element this card uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlvError {
    /// The element ends before its tag, length or value is complete.
    #[error("the element is truncated")]
    Truncated,
    /// A tag of three or more bytes.
    #[error("the tag is longer than two bytes")]
    TagTooLong,
    /// An indefinite length, or one of more than two bytes.
    #[error("the length form is not supported")]
    BadLength,
}

/// One element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The tag; two-byte tags such as `DF22` as they are written.
    pub tag: u16,
    /// The value.
    pub value: &'a [u8],
}

/// What comes before a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) tag: u16,
    /// Bytes of tag and length.
    pub(crate) length: usize,
    /// Bytes of value that follow.
    pub(crate) value_length: usize,
}

impl Header {
    /// Reads the header at the start of `bytes`; the value need not be there.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, TlvError> {
        let (tag, after_tag) = parse_tag(bytes)?;
        let (value_length, rest) = parse_length(after_tag)?;
        Ok(Self {
            tag,
            length: bytes.len() - rest.len(),
            value_length,
        })
    }

    /// Bytes of the whole element.
    pub(crate) fn total(&self) -> usize {
        self.length + self.value_length
    }
}

fn parse_tag(bytes: &[u8]) -> Result<(u16, &[u8]), TlvError> {
    let (&first, rest) = bytes.split_first().ok_or(TlvError::Truncated)?;
    if first & 0x1F != 0x1F {
        return Ok((u16::from(first), rest));
    }
    let (&second, rest) = rest.split_first().ok_or(TlvError::Truncated)?;
    if second & 0x80 != 0 {
        return Err(TlvError::TagTooLong);
    }
    Ok((u16::from_be_bytes([first, second]), rest))
}

fn parse_length(bytes: &[u8]) -> Result<(usize, &[u8]), TlvError> {
    let (&first, rest) = bytes.split_first().ok_or(TlvError::Truncated)?;
    match first {
        0..=0x7F => Ok((usize::from(first), rest)),
        0x81 => {
            let (&length, rest) = rest.split_first().ok_or(TlvError::Truncated)?;
            Ok((usize::from(length), rest))
        }
        0x82 => {
            let (&length, rest) = rest.split_first_chunk().ok_or(TlvError::Truncated)?;
            Ok((usize::from(u16::from_be_bytes(length)), rest))
        }
        _ => Err(TlvError::BadLength),
    }
}

impl<'a> Tlv<'a> {
    /// Reads the element at the start of `bytes` and returns it with what follows it.
    ///
    /// # Errors
    /// [`TlvError`], where the bytes do not hold one whole element.
    pub fn parse(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), TlvError> {
        let header = Header::parse(bytes)?;
        let (_, body) = bytes
            .split_at_checked(header.length)
            .ok_or(TlvError::Truncated)?;
        let (value, rest) = body
            .split_at_checked(header.value_length)
            .ok_or(TlvError::Truncated)?;
        let tag = header.tag;
        Ok((Self { tag, value }, rest))
    }

    /// The elements inside this one.
    pub fn children(&self) -> Tlvs<'a> {
        Tlvs::new(self.value)
    }
}

/// The elements of some bytes, one after the other; ends after the first error.
#[derive(Debug, Clone)]
pub struct Tlvs<'a> {
    rest: &'a [u8],
}

impl<'a> Tlvs<'a> {
    /// Iterates over `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
}

impl<'a> Iterator for Tlvs<'a> {
    type Item = Result<Tlv<'a>, TlvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let parsed = Tlv::parse(self.rest);
        self.rest = parsed.map_or(&[], |(_, rest)| rest);
        Some(parsed.map(|(tlv, _)| tlv))
    }
}

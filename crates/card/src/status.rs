//! Status words, ISO/IEC 7816-4 §5.6, as far as the card is known to use them.

use std::fmt;

/// A status word (SW1 SW2).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusWord(u16);

impl StatusWord {
    /// The command was carried out.
    pub const OK: Self = Self(0x9000);
    /// The file ended before Le bytes; the data is valid.
    pub const END_OF_FILE: Self = Self(0x6282);
    /// Verification failed and the PIN has no counter.
    pub const NO_COUNTER: Self = Self(0x6300);
    /// Wrong length.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// Authentication method blocked (ISO's word; see [`StatusWord::PIN_BLOCKED`]).
    pub const METHOD_BLOCKED: Self = Self(0x6983);
    /// Reference data not usable: what this card answers for a blocked PIN.
    pub const PIN_BLOCKED: Self = Self(0x6984);
    /// Conditions of use not satisfied.
    pub const CONDITIONS: Self = Self(0x6985);
    /// Incorrect data field.
    pub const WRONG_DATA: Self = Self(0x6A80);
    /// No such application or file.
    pub const NOT_FOUND: Self = Self(0x6A82);
    /// Incorrect P1 or P2.
    pub const WRONG_P1_P2: Self = Self(0x6A86);
    /// Referenced data not found.
    pub const REFERENCE_NOT_FOUND: Self = Self(0x6A88);
    /// Offset past the end of the file.
    pub const WRONG_OFFSET: Self = Self(0x6B00);
    /// Instruction not supported.
    pub const INSTRUCTION_NOT_SUPPORTED: Self = Self(0x6D00);
    /// No precise diagnosis.
    pub const NO_DIAGNOSIS: Self = Self(0x6F00);

    /// Verification failed with `tries` left (63Cx); `tries` is at most 15.
    pub const fn retries(tries: u8) -> Self {
        Self(0x63C0 | (tries & 0x0F) as u16)
    }

    /// Whether response data, if any, may be used: 9000 or 6282.
    pub fn data_is_valid(self) -> bool {
        self == Self::OK || self == Self::END_OF_FILE
    }

    /// The tries a 63Cx names.
    pub fn retries_left(self) -> Option<u8> {
        (self.0 & 0xFFF0 == 0x63C0).then_some((self.0 & 0x0F) as u8)
    }

    /// Whether this says that a PIN is blocked: 6984, 6983 or 63C0.
    pub fn is_blocked(self) -> bool {
        self == Self::PIN_BLOCKED || self == Self::METHOD_BLOCKED || self.retries_left() == Some(0)
    }

    /// Whether this may mean that the card does not know the *form* of a command (short EF
    /// identifier, P1 variant), so that the plain form is worth trying: 6A86, 6A82, 6B00, 6700,
    /// and the two close relatives 6A88 and 6A80.
    pub fn suggests_plain_form(self) -> bool {
        matches!(
            self,
            Self::WRONG_P1_P2
                | Self::NOT_FOUND
                | Self::WRONG_OFFSET
                | Self::WRONG_LENGTH
                | Self::REFERENCE_NOT_FOUND
                | Self::WRONG_DATA
        )
    }

    /// The two bytes on the wire.
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }
}

impl From<u16> for StatusWord {
    fn from(value: u16) -> Self {
        Self(value)
    }
}

impl From<[u8; 2]> for StatusWord {
    fn from(bytes: [u8; 2]) -> Self {
        Self(u16::from_be_bytes(bytes))
    }
}

impl From<StatusWord> for u16 {
    fn from(status: StatusWord) -> Self {
        status.0
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatusWord({self})")
    }
}

//! Holders: who a card belongs to and how it behaves, read from a small TOML file.

mod date;

use crate::authority::KeyAlgorithm;
pub use date::Date;
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, ZeroizeOnDrop};

const TARO: &str = include_str!("../holders/taro.toml");
const HANAKO: &str = include_str!("../holders/hanako.toml");

/// Why a holder file cannot be used. Each says what to change.
#[derive(Debug, thiserror::Error)]
pub enum HolderError {
    /// The file cannot be read.
    #[error("cannot read the holder file {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The text is not TOML, lacks a field, or has one that does not exist.
    #[error("the holder file does not have the expected shape")]
    Shape(#[from] toml::de::Error),
    /// A field's value is outside what a card can hold.
    #[error("{field}: {expected}")]
    Value {
        /// The field's path in the file.
        field: &'static str,
        /// What it must look like.
        expected: &'static str,
    },
}

/// A person and the card they hold. Everything in it is synthetic.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// How the control interface names this holder: ASCII letters, digits, `-`, `_`.
    pub id: String,
    /// Family and given name, usually with U+3000 between them.
    pub name: String,
    /// Address, usually in full-width characters; up to 30,000 bytes of UTF-8.
    pub address: String,
    /// Date of birth.
    pub birth: Date,
    /// Sex as the card states it.
    pub sex: Sex,
    /// Twelve digits. The check digit is not verified, so that samples can be nobody's number.
    pub my_number: String,
    /// The card's secrets.
    pub pins: Pins,
    /// What carries the certificates.
    #[serde(default)]
    pub token: Token,
    /// The kind of key on the card.
    #[serde(default = "key_of_today")]
    pub key: KeyAlgorithm,
    /// What is printed on the card and makes up verification code B.
    #[serde(default)]
    pub face: Face,
    /// Where this card departs from the usual one.
    #[serde(default)]
    pub behaviour: Behaviour,
}

/// The secrets of a card.
#[derive(Clone, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub struct Pins {
    /// Authentication PIN, four digits.
    pub authentication: String,
    /// Profile (券面事項入力補助) PIN, four digits.
    pub profile: String,
    /// Signature password, 6 to 16 of A–Z and 0–9.
    pub signature: String,
}

/// What the card's face shows besides name and address.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Face {
    /// Year in which the card expires.
    pub expiry_year: u16,
    /// Four digits.
    pub security_code: String,
    /// Five digits: the municipality.
    pub municipality: String,
}

impl Default for Face {
    fn default() -> Self {
        Self {
            expiry_year: 2035,
            security_code: "0000".into(),
            municipality: "99999".into(),
        }
    }
}

/// Sex as the card states it.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// Stored as `1`.
    Male,
    /// Stored as `2`.
    Female,
    /// Stored as `9`.
    NotApplicable,
}

/// What carries the certificates, as its token label tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Token {
    /// The plastic My Number card.
    #[default]
    MyNumberCard,
    /// The older 住基カード.
    JukiCard,
    /// スマホJPKI on Android.
    Android,
    /// The certificates on an iPhone.
    Iphone,
}

impl Token {
    /// Whether the authentication certificate itself is behind the PIN.
    pub(crate) fn gates_certificate(self) -> bool {
        matches!(self, Self::Android | Self::Iphone)
    }
}

/// Where real cards differ, or sources disagree: switches, set to the usual card by default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// Accepts extended-length APDUs; otherwise 6700.
    pub extended_length: bool,
    /// Accepts short EF identifiers in READ BINARY, VERIFY and COMPUTE DIGITAL SIGNATURE;
    /// otherwise 6A86.
    pub short_file_ids: bool,
    /// The P1 values of COMPUTE DIGITAL SIGNATURE the card knows; others answer 6A86.
    pub signature_schemes: Vec<u8>,
    /// What an empty VERIFY answers once the PIN is verified.
    pub empty_verify_after_login: EmptyVerify,
    /// A READ BINARY that names more bytes than there are ends in 6282 instead of 9000.
    pub short_read_warns: bool,
    /// A blocked PIN answers 6983 instead of 6984.
    pub blocked_is_6983: bool,
    /// One VERIFY of the signature password is good for one signature only.
    pub password_per_signature: bool,
    /// Bytes of FF after each certificate in its file.
    pub certificate_filler: usize,
    /// The largest frame the card takes over the air (FSC), in bytes: [`FRAME_SIZES`].
    pub frame_size: u16,
}

/// Frame sizes, each at the index that ISO/IEC 14443-3 §7.9.4.4 gives it as its code.
pub const FRAME_SIZES: [u16; 9] = [16, 24, 32, 40, 48, 64, 96, 128, 256];

/// What an empty VERIFY answers once the PIN is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyVerify {
    /// 9000, as one client reports from a card.
    Ok,
    /// 63Cx with the full counter, as OpenSC needs.
    Counter,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            extended_length: true,
            short_file_ids: true,
            signature_schemes: vec![0, 1, 2, 3, 4, 5],
            empty_verify_after_login: EmptyVerify::Ok,
            short_read_warns: true,
            blocked_is_6983: false,
            password_per_signature: false,
            certificate_filler: 0,
            frame_size: 256,
        }
    }
}

impl Holder {
    /// Reads and checks a holder file.
    ///
    /// # Errors
    /// [`HolderError`], which names the field to change.
    pub fn load(path: &Path) -> Result<Self, HolderError> {
        let text = std::fs::read_to_string(path).map_err(|source| HolderError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text)
    }

    /// Parses and checks the text of a holder file.
    ///
    /// # Errors
    /// [`HolderError::Shape`] or [`HolderError::Value`].
    pub fn parse(text: &str) -> Result<Self, HolderError> {
        let holder: Self = toml::from_str(text)?;
        holder.check()?;
        Ok(holder)
    }

    /// The sample holders `taro` and `hanako`.
    pub fn samples() -> Vec<Self> {
        [TARO, HANAKO]
            .map(|text| Self::parse(text).expect("a test parses both samples"))
            .into()
    }

    /// Checks that a card can hold all of it.
    ///
    /// # Errors
    /// [`HolderError::Value`].
    pub fn check(&self) -> Result<(), HolderError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let rules = [
            (
                "id",
                "one or more ASCII letters, digits, - or _",
                !self.id.is_empty() && self.id.chars().all(plain),
            ),
            (
                "name",
                "1 to 1,000 bytes of text",
                (1..=1_000).contains(&self.name.len()),
            ),
            (
                "address",
                "1 to 30,000 bytes of text",
                // READ BINARY reaches offsets up to 32,767.
                (1..=30_000).contains(&self.address.len()),
            ),
            ("my_number", "twelve digits", is_digits(&self.my_number, 12)),
            (
                "pins.authentication",
                "four digits",
                is_digits(&self.pins.authentication, 4),
            ),
            (
                "pins.profile",
                "four digits",
                is_digits(&self.pins.profile, 4),
            ),
            (
                "pins.signature",
                "6 to 16 characters of A-Z and 0-9",
                is_password(&self.pins.signature),
            ),
            (
                "face.security_code",
                "four digits",
                is_digits(&self.face.security_code, 4),
            ),
            (
                "face.municipality",
                "five digits",
                is_digits(&self.face.municipality, 5),
            ),
            (
                "face.expiry_year",
                "a year from 2016 to 2099",
                (2016..=2099).contains(&self.face.expiry_year),
            ),
            (
                "behaviour.certificate_filler",
                "at most 4,096 bytes",
                self.behaviour.certificate_filler <= 4_096,
            ),
            (
                "behaviour.frame_size",
                "16, 24, 32, 40, 48, 64, 96, 128 or 256",
                FRAME_SIZES.contains(&self.behaviour.frame_size),
            ),
        ];
        match rules.into_iter().find(|(_, _, holds)| !holds) {
            Some((field, expected, _)) => Err(HolderError::Value { field, expected }),
            None => Ok(()),
        }
    }
}

fn key_of_today() -> KeyAlgorithm {
    KeyAlgorithm::Rsa2048
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_password(text: &str) -> bool {
    (6..=16).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holder")
            .field("id", &self.id)
            .field("token", &self.token)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Pins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pins(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_error(text: &str) -> &'static str {
        match Holder::parse(text) {
            Err(HolderError::Value { field, .. }) => field,
            other => panic!("expected a value error, got {other:?}"),
        }
    }

    #[test]
    fn both_sample_holders_parse() {
        assert_eq!(Holder::parse(TARO).unwrap().id, "taro");
        let hanako = Holder::parse(HANAKO).unwrap();
        assert_eq!(hanako.token, Token::MyNumberCard);
        assert!(hanako.address.len() > 255, "one sample has a long address");
    }

    #[test]
    fn a_misspelt_field_is_refused() {
        let text = TARO.replace("my_number =", "my_numbre =");
        assert!(matches!(Holder::parse(&text), Err(HolderError::Shape(_))));
    }

    #[test]
    fn a_wrong_value_is_named() {
        assert_eq!(
            value_error(&TARO.replace("authentication = \"1234\"", "authentication = \"12345\"")),
            "pins.authentication"
        );
        assert_eq!(
            value_error(&TARO.replace("signature = \"TARO1234\"", "signature = \"taro1234\"")),
            "pins.signature"
        );
        assert_eq!(value_error(&TARO.replace("\"taro\"", "\"ta/ro\"")), "id");
        let odd_frames = format!("{TARO}\n[behaviour]\nframe_size = 100\n");
        assert_eq!(value_error(&odd_frames), "behaviour.frame_size");
    }

    #[test]
    fn debug_shows_neither_name_nor_secrets() {
        let holder = Holder::parse(TARO).unwrap();
        let shown = format!("{holder:?} {:?}", holder.pins);
        assert!(!shown.contains("1234") && !shown.contains("見本"));
    }
}

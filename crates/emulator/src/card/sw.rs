//! The status words the card answers, ISO/IEC 7816-4 §5.6. They are stated here and not taken
//! from `kazasu_card`, so that the two sides cannot be wrong together.

pub(crate) const OK: u16 = 0x9000;
pub(crate) const END_OF_FILE: u16 = 0x6282;
pub(crate) const WRONG_LENGTH: u16 = 0x6700;
pub(crate) const CHANNEL: u16 = 0x6881;
/// Command chaining not supported.
pub(crate) const CHAINING: u16 = 0x6884;
/// Internal EFs cannot be read, transparent ones are no PIN.
pub(crate) const WRONG_FILE_KIND: u16 = 0x6981;
pub(crate) const PIN_MISSING: u16 = 0x6982;
pub(crate) const BLOCKED_ISO: u16 = 0x6983;
pub(crate) const BLOCKED: u16 = 0x6984;
pub(crate) const CONDITIONS: u16 = 0x6985;
pub(crate) const NO_CURRENT_FILE: u16 = 0x6986;
pub(crate) const WRONG_DATA: u16 = 0x6A80;
pub(crate) const NOT_FOUND: u16 = 0x6A82;
pub(crate) const WRONG_P1_P2: u16 = 0x6A86;
pub(crate) const REFERENCE_NOT_FOUND: u16 = 0x6A88;
pub(crate) const WRONG_OFFSET: u16 = 0x6B00;
pub(crate) const INSTRUCTION: u16 = 0x6D00;
pub(crate) const CLASS: u16 = 0x6E00;
pub(crate) const INTERNAL: u16 = 0x6F00;

/// Verification failed, `tries` left.
pub(crate) fn retries(tries: u8) -> u16 {
    0x63C0 | u16::from(tries & 0x0F)
}

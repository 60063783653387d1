//! PINs: parsed once, wiped when dropped, never printed, never sent unless well formed.

use std::fmt;
use zeroize::Zeroizing;

/// Digits of the two PINs: each is exactly four (J-LIS, 利用者証明用 / 券面事項入力補助用暗証番号).
const DIGITS: usize = 4;
/// Tries of both when their counter is full (J-LIS); a PIN that is verified has it.
const FULL_COUNTER: u8 = 3;

/// Why a text is not a PIN. It never reached the card and cost no try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a PIN is exactly four digits 0 to 9")]
pub struct PinError;

struct FourDigits(Zeroizing<[u8; DIGITS]>);

impl FourDigits {
    fn new(text: &str) -> Result<Self, PinError> {
        let digits: &[u8; DIGITS] = text.as_bytes().try_into().map_err(|_| PinError)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(PinError);
        }
        Ok(Self(Zeroizing::new(*digits)))
    }
}

/// The PIN for signing in (利用者証明用暗証番号).
pub struct AuthPin(FourDigits);

impl AuthPin {
    /// Parses four ASCII digits.
    ///
    /// # Errors
    /// [`PinError`] for anything else; full-width digits are anything else.
    pub fn new(text: &str) -> Result<Self, PinError> {
        FourDigits::new(text).map(Self)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &*self.0.0
    }
}

impl fmt::Debug for AuthPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthPin(****)")
    }
}

/// The PIN for the name (券面事項入力補助用暗証番号).
pub struct ProfilePin(FourDigits);

impl ProfilePin {
    /// Parses four ASCII digits.
    ///
    /// # Errors
    /// [`PinError`] for anything else; full-width digits are anything else.
    pub fn new(text: &str) -> Result<Self, PinError> {
        FourDigits::new(text).map(Self)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &*self.0.0
    }
}

impl fmt::Debug for ProfilePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProfilePin(****)")
    }
}

/// What the card says about a PIN before it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinStatus {
    /// So many wrong tries remain before it is blocked; at least 1.
    RetriesLeft(u8),
    /// Blocked: only a municipal counter can reset it.
    Blocked,
    /// Already verified since the application was selected; the counter is full.
    Verified,
    /// The card keeps no counter for it.
    NoCounter,
}

impl PinStatus {
    /// How many tries there are; `None` where the card keeps no counter.
    pub fn retries(self) -> Option<u8> {
        match self {
            Self::RetriesLeft(left) => Some(left),
            Self::Blocked => Some(0),
            Self::Verified => Some(FULL_COUNTER),
            Self::NoCounter => None,
        }
    }
}

/// Whether the last remaining try may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastTry {
    /// Stop with [`CardError::LastTry`](crate::CardError::LastTry) before it.
    Refuse,
    /// Use it: the person was told what a lock means and agreed.
    Allow,
}

//! PINs, typed digit by digit.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zeroize::{Zeroize, Zeroizing};

/// Digits of either PIN (J-LIS: 利用者証明用 / 券面事項入力補助用暗証番号).
const LENGTH: usize = 4;

/// Why a digit was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum PinEntryError {
    /// Not 0 to 9.
    #[error("not a digit 0 to 9")]
    NotADigit,
    /// There are four digits already.
    #[error("a PIN has four digits")]
    Full,
}

/// A PIN that is being typed. Its digits are wiped when they are taken back and when it is let go;
/// nothing reads them but the tap. A PIN that turned out to be wrong is emptied.
#[derive(Default, uniffi::Object)]
pub struct Pin {
    digits: Mutex<Digits>,
}

#[derive(Default)]
struct Digits {
    typed: Zeroizing<[u8; LENGTH]>,
    count: usize,
}

#[uniffi::export]
impl Pin {
    /// An empty one.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Takes one digit, 0 to 9; returns how many there are now.
    ///
    /// # Errors
    /// [`PinEntryError`]; nothing changed.
    pub fn push(&self, digit: u8) -> Result<u8, PinEntryError> {
        if digit > 9 {
            return Err(PinEntryError::NotADigit);
        }
        let mut digits = self.digits();
        let count = digits.count;
        *digits.typed.get_mut(count).ok_or(PinEntryError::Full)? = b'0' + digit;
        digits.count += 1;
        Ok(digits.count as u8)
    }

    /// Takes the last digit back; returns how many are left.
    pub fn delete_last(&self) -> u8 {
        let mut digits = self.digits();
        digits.count = digits.count.saturating_sub(1);
        let count = digits.count;
        digits.typed[count] = 0;
        count as u8
    }

    /// Takes all digits back.
    pub fn clear(&self) {
        let mut digits = self.digits();
        digits.typed.zeroize();
        digits.count = 0;
    }

    /// How many digits there are.
    pub fn length(&self) -> u8 {
        self.digits().count as u8
    }

    /// Whether it has its four digits.
    pub fn is_complete(&self) -> bool {
        self.digits().count == LENGTH
    }
}

impl Pin {
    fn digits(&self) -> MutexGuard<'_, Digits> {
        self.digits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `read` makes of the four digits, if there are four.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&str) -> T) -> Option<T> {
        let digits = self.digits();
        if digits.count < LENGTH {
            return None;
        }
        let text = std::str::from_utf8(&*digits.typed).expect("digits are ASCII");
        Some(read(text))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(****)")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn typed(digits: &[u8]) -> Arc<Pin> {
        let pin = Pin::new();
        for digit in digits {
            pin.push(*digit).unwrap();
        }
        pin
    }

    #[test]
    fn a_pin_is_complete_with_its_fourth_digit() {
        let pin = typed(&[0, 1, 9]);
        assert!(!pin.is_complete() && pin.read(str::to_owned).is_none());
        assert_eq!(pin.push(4), Ok(4));
        assert_eq!(pin.read(str::to_owned).unwrap(), "0194");
        assert_eq!(pin.push(5), Err(PinEntryError::Full));
    }

    #[test]
    fn what_is_no_digit_is_not_taken() {
        let pin = typed(&[1]);
        for wrong in [10, b'0', 255] {
            assert_eq!(pin.push(wrong), Err(PinEntryError::NotADigit));
        }
        assert_eq!(pin.length(), 1);
    }

    #[test]
    fn digits_taken_back_are_wiped() {
        let pin = typed(&[1, 2, 3, 4]);
        assert_eq!(pin.delete_last(), 3);
        assert_eq!(*pin.digits().typed, [b'1', b'2', b'3', 0]);
        pin.clear();
        assert_eq!(*pin.digits().typed, [0; 4]);
        assert_eq!(pin.delete_last(), 0);
    }

    #[test]
    fn debug_shows_no_digit() {
        assert_eq!(format!("{:?}", typed(&[7, 7])), "Pin(****)");
    }
}

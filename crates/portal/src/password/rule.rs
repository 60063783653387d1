//! What a password has to be like.

use super::Password;
use serde::Deserialize;
use zeroize::Zeroizing;

/// What a password has to be like. Upper-case letters, lower-case letters, digits and symbols of
/// ASCII are each required; a space never is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// The fewest characters.
    pub shortest: usize,
    /// The most characters.
    pub longest: usize,
    /// Symbols that are not allowed.
    pub forbidden: String,
    /// Characters of a password that is made here.
    pub generated: usize,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            shortest: 12,
            longest: 64,
            forbidden: "\".\\".to_owned(),
            generated: 16,
        }
    }
}

/// A part of the rule that a password does not keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// Too few characters.
    TooShort,
    /// Too many.
    TooLong,
    /// No upper-case letter.
    NoUpperCase,
    /// No lower-case letter.
    NoLowerCase,
    /// No digit.
    NoDigit,
    /// No symbol.
    NoSymbol,
    /// A space, a forbidden symbol, or a character that not every keyboard has.
    Forbidden,
}

impl Rule {
    /// The password, if it keeps the rule.
    ///
    /// # Errors
    /// Every [`Breach`], so that one attempt shows them all.
    pub fn check(&self, typed: &str) -> Result<Password, Vec<Breach>> {
        let has = |of: fn(&char) -> bool| typed.chars().any(|c| of(&c));
        let length = typed.chars().count();
        let checks = [
            (length >= self.shortest, Breach::TooShort),
            (length <= self.longest, Breach::TooLong),
            (has(char::is_ascii_uppercase), Breach::NoUpperCase),
            (has(char::is_ascii_lowercase), Breach::NoLowerCase),
            (has(char::is_ascii_digit), Breach::NoDigit),
            (has(char::is_ascii_punctuation), Breach::NoSymbol),
            (typed.chars().all(|c| self.allows(c)), Breach::Forbidden),
        ];
        let breaches: Vec<_> = checks
            .into_iter()
            .filter(|(kept, _)| !kept)
            .map(|(_, breach)| breach)
            .collect();
        match breaches.is_empty() {
            true => Ok(Password(Zeroizing::new(typed.to_owned()))),
            false => Err(breaches),
        }
    }

    /// Whether there is a password that keeps it.
    ///
    /// # Errors
    /// Why not.
    pub fn is_possible(&self) -> Result<(), &'static str> {
        match (self.shortest, self.longest, self.generated) {
            (shortest, ..) if shortest < 8 => Err("shortest must be at least 8"),
            (shortest, longest, _) if longest < shortest => Err("longest is less than shortest"),
            (_, longest, _) if longest > 256 => Err("longest must be at most 256"),
            (shortest, longest, made) if !(shortest.max(12)..=longest).contains(&made) => {
                Err("generated must be at least 12, and within shortest and longest")
            }
            _ if self.symbols().is_empty() => Err("forbidden leaves no symbol"),
            _ => Ok(()),
        }
    }

    /// The symbols that are allowed.
    pub fn symbols(&self) -> String {
        let symbols = ('!'..='~').filter(char::is_ascii_punctuation);
        symbols.filter(|&c| self.allows(c)).collect()
    }

    fn allows(&self, c: char) -> bool {
        c.is_ascii_graphic() && !self.forbidden.contains(c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_breach_is_told_at_once() {
        let rule = Rule::default();
        assert_eq!(rule.check("Abcdefgh-123").unwrap().expose(), "Abcdefgh-123");
        let breaches = |text: &str| rule.check(text).err().unwrap();
        use Breach::*;
        assert_eq!(
            breaches(""),
            [TooShort, NoUpperCase, NoLowerCase, NoDigit, NoSymbol]
        );
        assert_eq!(breaches("Abcdefgh1234"), [NoSymbol]);
        assert_eq!(breaches("abcdefgh-123"), [NoUpperCase]);
        assert_eq!(breaches("ABCDEFGH-123"), [NoLowerCase]);
        assert_eq!(breaches("Abcdefgh-abc"), [NoDigit]);
        assert_eq!(breaches(&format!("Ab-1{}", "x".repeat(61))), [TooLong]);
        assert!(rule.check(&format!("Ab-1{}", "x".repeat(60))).is_ok());
        for c in [' ', '"', '.', '\\', 'é', 'あ', '\n', '\u{7f}'] {
            assert_eq!(breaches(&format!("Abcdefgh-123{c}")), [Forbidden], "{c:?}");
        }
    }
}

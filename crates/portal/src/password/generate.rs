//! Making a password.

use super::{AccessPass, Password, Rule};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

/// Letters and digits that nobody takes for one another when copying from a screen.
const UPPER: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ";
const LOWER: &str = "abcdefghijkmnopqrstuvwxyz";
const DIGITS: &str = "23456789";
/// Symbols that are easy to find on a Japanese and on a US keyboard.
const SYMBOLS: &str = "!#$%+-/=?@_";

impl Rule {
    /// A random password that keeps the rule.
    pub fn generate(&self) -> Password {
        let symbols: String = SYMBOLS
            .chars()
            .filter(|c| !self.forbidden.contains(*c))
            .collect();
        let symbols = if symbols.is_empty() {
            self.symbols()
        } else {
            symbols
        };
        let all = [UPPER, LOWER, DIGITS, &symbols].concat();
        loop {
            let text: String = (0..self.generated).map(|_| pick(&all)).collect();
            // Trying again leaves every password that keeps the rule equally likely.
            if let Ok(password) = self.check(&Zeroizing::new(text)) {
                return password;
            }
        }
    }
}

impl AccessPass {
    /// Sixteen random letters and digits, 80 bits, in groups of four that are easy to copy.
    pub fn generate() -> Self {
        let all = [UPPER, DIGITS].concat();
        let groups: Vec<Zeroizing<String>> = (0..4)
            .map(|_| Zeroizing::new((0..4).map(|_| pick(&all)).collect()))
            .collect();
        let groups: Vec<&str> = groups.iter().map(|group| group.as_str()).collect();
        Self::new(Zeroizing::new(groups.join("-")))
    }
}

/// One character, each equally likely.
fn pick(from: &str) -> char {
    let count = from.len();
    // Bytes from this one on would make the first characters likelier.
    let end = 256 - 256 % count;
    let random = SystemRandom::new();
    loop {
        let mut byte = [0];
        random
            .fill(&mut byte)
            .expect("the system's random source works once it has been seeded");
        let number = usize::from(byte[0]);
        if number < end {
            return char::from(from.as_bytes()[number % count]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn passwords_keep_the_rule_and_none_comes_twice() {
        let rule = Rule::default();
        let passwords: BTreeSet<String> = (0..2000)
            .map(|_| rule.generate().expose().to_owned())
            .collect();
        assert_eq!(passwords.len(), 2000);
        assert!(
            passwords
                .iter()
                .all(|text| text.len() == 16 && rule.check(text).is_ok())
        );
    }

    #[test]
    fn access_passes_have_eighty_bits_and_none_comes_twice() {
        assert_eq!(UPPER.len() + DIGITS.len(), 32);
        let passes: BTreeSet<String> = (0..2000)
            .map(|_| AccessPass::generate().expose().to_owned())
            .collect();
        assert_eq!(passes.len(), 2000);
        let is_group = |group: &str| {
            let known = |c: char| UPPER.contains(c) || DIGITS.contains(c);
            group.len() == 4 && group.chars().all(known)
        };
        let is_pass = |pass: &String| {
            let groups: Vec<&str> = pass.split('-').collect();
            groups.len() == 4 && groups.into_iter().all(is_group)
        };
        assert!(passes.iter().all(is_pass), "{passes:?}");
    }

    #[test]
    fn every_character_is_about_equally_likely() {
        let mut counts = BTreeMap::new();
        for _ in 0..70_000 {
            *counts.entry(pick("abcdefg")).or_insert(0) += 1;
        }
        // Ten standard deviations.
        assert!(
            counts
                .values()
                .all(|count: &i32| (count - 10_000).abs() < 930),
            "{counts:?}"
        );
        assert_eq!(counts.len(), 7);
    }

    #[test]
    fn a_rule_that_forbids_the_common_symbols_is_kept_too() {
        let rule = Rule {
            forbidden: format!("{SYMBOLS}\".\\"),
            ..Rule::default()
        };
        assert!(rule.check(rule.generate().expose()).is_ok());
    }
}

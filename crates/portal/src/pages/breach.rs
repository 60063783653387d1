//! What a password lacks, in a person's words.

use super::visit::Visit;
use crate::password::Breach;

pub(super) fn text(visit: &Visit, breach: Breach) -> String {
    let rule = &visit.app.settings.recovery.password;
    let words = visit.words();
    match breach {
        Breach::TooShort => words.count("breach-short", "n", length(rule.shortest)),
        Breach::TooLong => words.count("breach-long", "n", length(rule.longest)),
        Breach::NoUpperCase => words.say("breach-upper"),
        Breach::NoLowerCase => words.say("breach-lower"),
        Breach::NoDigit => words.say("breach-digit"),
        Breach::NoSymbol => words.say("breach-symbol"),
        Breach::Forbidden => words.say_with("breach-forbidden", "symbols", &rule.forbidden),
    }
}

/// A number of characters, as texts take numbers.
pub(super) fn length(characters: usize) -> i64 {
    i64::try_from(characters).unwrap_or(i64::MAX)
}

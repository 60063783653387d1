//! Whether the name on a card can be a name of an account.
//!
//! The name comes from the companion, so it may stop a link and never approves one: whoever asks
//! here has already decided by card and sign-in.

mod alternatives;
mod fold;
mod parts;
mod variants;

pub use variants::Rules;

use alternatives::Alternative;

/// How far two names agree, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// The same name, perhaps written in another way.
    Same(Rule),
    /// Perhaps the same person's; a person has to look.
    Near(Rule),
    /// Not the same name.
    Different,
}

/// Why two names are taken for the same, or nearly so; the most literal first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Equal but for width, case, accents, the kind of kana, spaces, hyphens and selectors of
    /// glyphs.
    Equal,
    /// Equal once variants of a character are taken for one: 髙 and 高.
    Variant,
    /// The parts come in another order.
    Order,
    /// The card has this name besides, in brackets.
    Bracketed,
    /// The account had this name earlier.
    Earlier,
    /// Another way to write Japanese, or accented letters, in Latin ones: Ohno and Ono.
    Romanised,
    /// One of the two has more parts, or initials where the other has names.
    PartMissing,
    /// One character was replaced, added or left out.
    OneCharacter,
}

impl Match {
    /// For the audit: a word that names nobody.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same(rule) | Self::Near(rule) => rule.as_str(),
            Self::Different => "different",
        }
    }
}

impl Rule {
    fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Variant => "variant",
            Self::Order => "order",
            Self::Bracketed => "bracketed",
            Self::Earlier => "earlier",
            Self::Romanised => "romanised",
            Self::PartMissing => "part_missing",
            Self::OneCharacter => "one_character",
        }
    }
}

/// Compares the name on a card with every name of an account; the best match counts.
///
/// What stands in brackets in a card's name is another name of the same person, or another family
/// name. In an account's it is an earlier one, which is at most near. A name of nothing but spaces
/// and marks is like no other, and an account without names is [`Match::Different`].
pub fn compare(card: &str, account_names: &[String], rules: &Rules) -> Match {
    let card = alternatives::of(card, rules);
    let mut best = Match::Different;
    for account in account_names {
        let account = alternatives::of(account, rules);
        for on_card in &card {
            for known in &account {
                best = best.min(weigh(on_card, known));
            }
        }
    }
    best
}

fn weigh(on_card: &Alternative, known: &Alternative) -> Match {
    match on_card.parts.compare(&known.parts) {
        Match::Same(_) if known.bracketed => Match::Near(Rule::Earlier),
        // Two steps away is too far.
        Match::Near(_) if known.bracketed => Match::Different,
        Match::Same(_) if on_card.bracketed => Match::Same(Rule::Bracketed),
        found => found,
    }
}

#[cfg(test)]
mod tests;

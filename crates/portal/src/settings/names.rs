//! `[names]`: what the name on the card has to be, for a link.

use crate::names::{Match, Rules, compare};
use kazasu_service::settings::Problems;
use serde::Deserialize;

/// What is done about a name that is not simply the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reaction {
    /// The person sees both names and confirms, and staff can see that.
    Ask,
    /// No link is made here; a counter can make it.
    Stop,
}

/// What the name on the card has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    near: Reaction,
    different: Reaction,
    rules: Rules,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NamesTable {
    near: Reaction,
    different: Reaction,
    /// Characters to take for one, besides those that are built in: `["髙高", "斎斉"]`.
    variants: Vec<String>,
}

impl Default for NamesTable {
    fn default() -> Self {
        Self {
            near: Reaction::Ask,
            different: Reaction::Stop,
            variants: Vec::new(),
        }
    }
}

impl NamesTable {
    pub(super) fn check(self, problems: &mut Problems) -> Names {
        let mut rules = Rules::default();
        for family in &self.variants {
            let letters = family.chars().all(char::is_alphanumeric);
            if !letters || family.chars().count() < 2 {
                problems.add(format!(
                    "names.variants: {family:?} is not two or more characters to take for one"
                ));
            }
            rules = rules.with(family);
        }
        if self.near == Reaction::Stop && self.different == Reaction::Ask {
            problems.add("names: near must not be stricter than different");
        }
        if self.different == Reaction::Ask {
            problems.warn("names.different: a card with any name can be linked to any account");
        }
        Names {
            near: self.near,
            different: self.different,
            rules,
        }
    }
}

impl Names {
    /// How far the name on a card is one of an account's, and what is done about it; `None` if
    /// nothing has to be.
    pub fn judge(&self, card: &str, account_names: &[String]) -> (Match, Option<Reaction>) {
        let found = compare(card, account_names, &self.rules);
        let reaction = match found {
            Match::Same(_) => None,
            Match::Near(_) => Some(self.near),
            Match::Different => Some(self.different),
        };
        (found, reaction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Rule;

    fn judged(text: &str, card: &str, account: &str) -> (Match, Option<Reaction>) {
        let mut problems = Problems::default();
        let table: NamesTable = toml::from_str(text).unwrap();
        let names = table.check(&mut problems);
        let names = problems.finish(Some(names)).unwrap().settings;
        names.judge(card, &[account.to_owned()])
    }

    #[test]
    fn without_settings_a_near_name_is_asked_about_and_another_one_stops() {
        let judge = |card| judged("", card, "見本 太郎");
        assert_eq!(judge("見本　太郎"), (Match::Same(Rule::Equal), None));
        let near = Match::Near(Rule::OneCharacter);
        assert_eq!(judge("見本　次郎"), (near, Some(Reaction::Ask)));
        assert_eq!(
            judge("風早　かざす"),
            (Match::Different, Some(Reaction::Stop))
        );
    }

    #[test]
    fn an_institution_decides_and_adds_variants() {
        let text = "near = 'stop'\nvariants = ['斎斉']";
        let (found, reaction) = judged(text, "斎見　太郎", "齊見太郎");
        assert_eq!((found, reaction), (Match::Same(Rule::Variant), None));
        let (_, reaction) = judged(text, "見本　次郎", "見本太郎");
        assert_eq!(reaction, Some(Reaction::Stop));
    }

    #[test]
    fn settings_that_cannot_be_meant_are_told() {
        let found = |text: &str| {
            let mut problems = Problems::default();
            let table: NamesTable = toml::from_str(text).unwrap();
            let names = table.check(&mut problems);
            problems.finish(Some(names))
        };
        for text in [
            "variants = ['髙']",
            "variants = ['髙 高']",
            "variants = ['']",
        ] {
            assert!(found(text).is_err(), "{text}");
        }
        assert!(found("near = 'stop'\ndifferent = 'ask'").is_err());
        assert_eq!(found("different = 'ask'").unwrap().warnings.len(), 1);
        assert!(toml::from_str::<NamesTable>("near = 'allow'").is_err());
    }
}

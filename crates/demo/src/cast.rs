//! The people of the browser demo: whose card is whose, and which accounts they have. Nobody of
//! them exists.

use anyhow::{Context, Result};
use kazasu_emulator::holder::Holder;
use kazasu_service::page::Language;
use serde::Deserialize;

/// Everybody, in the order in which they are introduced.
const PEOPLE: [&str; 7] = [
    include_str!("cast/taro.toml"),
    include_str!("cast/kazasu.toml"),
    include_str!("cast/hanako.toml"),
    include_str!("cast/jiro.toml"),
    include_str!("cast/momoko.toml"),
    include_str!("cast/saburo.toml"),
    include_str!("cast/ryoko.toml"),
];

/// One of them.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Their card, whose id is also the person's.
    pub card: Holder,
    /// Their accounts at the university of the demo.
    #[serde(rename = "account")]
    pub accounts: Vec<PersonsAccount>,
    /// What they did before the demo begins, if anything.
    #[serde(default)]
    pub past: Option<Past>,
}

/// What happened before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Past {
    /// They linked the card to their first account.
    Linked,
    /// And then had it renewed.
    Renewed,
    /// And then lost it, and have another.
    Reissued,
}

/// An account of somebody.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonsAccount {
    /// Its name: ten digits.
    pub id: String,
    /// `student` or `staff`.
    pub kind: String,
    /// Its first password. Everybody may know it.
    pub password: String,
    /// The names it is registered under.
    pub names: Vec<String>,
    /// An address that can be read without the account.
    pub outside: String,
    /// In which language its person is written to: `ja` or `en`.
    pub language: String,
    /// Of a member of staff who is also a student: the student account.
    #[serde(default)]
    pub student_account: Option<String>,
    /// So many days ago its person left and it was revoked.
    #[serde(default)]
    pub left_days_ago: Option<u32>,
    /// Its person no longer has what they registered as a second factor.
    #[serde(default)]
    pub authenticator_lost: bool,
}

/// Everybody of the demo.
///
/// # Errors
/// If a file of this package cannot be read.
pub fn people() -> Result<Vec<Person>> {
    let person = |text: &&str| toml::from_str(text).context("a person of the demo");
    PEOPLE.iter().map(person).collect()
}

impl Person {
    /// What the card's holder is called in this program.
    pub fn id(&self) -> &str {
        &self.card.id
    }

    /// The name on the card, for those who read Japanese; for others as their first account has it
    /// in Latin letters.
    pub(crate) fn name(&self, language: Language) -> &str {
        let latin = self
            .accounts
            .first()
            .and_then(|account| account.names.get(1));
        match (language, latin) {
            (Language::English, Some(latin)) => latin,
            _ => &self.card.name,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn everybody_can_be_told_from_everybody_else() {
        let people = people().unwrap();
        let ids: BTreeSet<_> = people.iter().map(Person::id).collect();
        let accounts = people.iter().flat_map(|person| &person.accounts);
        let accounts: BTreeSet<_> = accounts.map(|account| &*account.id).collect();
        assert_eq!(ids.len(), PEOPLE.len());
        assert_eq!(accounts.len(), PEOPLE.len() + 1);
    }

    #[test]
    fn the_story_has_everybody_it_needs() {
        let people = people().unwrap();
        let accounts = || people.iter().flat_map(|person| &person.accounts);
        let staff = accounts().find(|account| account.kind == "staff").unwrap();
        let student = staff.student_account.as_ref().unwrap();
        assert!(accounts().any(|account| account.id == *student && account.kind == "student"));
        assert!(accounts().any(|account| account.left_days_ago == Some(40)));
        assert!(accounts().any(|account| account.authenticator_lost));
        assert!(people.iter().any(|person| {
            let has_the_cards_name =
                |account: &PersonsAccount| account.names.contains(&person.card.name);
            !person.accounts.iter().any(has_the_cards_name)
        }));
        for past in [
            None,
            Some(Past::Linked),
            Some(Past::Renewed),
            Some(Past::Reissued),
        ] {
            assert!(people.iter().any(|person| person.past == past), "{past:?}");
        }
    }
}

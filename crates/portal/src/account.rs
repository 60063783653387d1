//! What an account is called, whose it is, and whether it can be used.

use std::fmt;

/// An account's name in its directory, parsed; shown to its person, and never secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(String);

/// Whose an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountKind {
    /// A student's.
    Student,
    /// A member of staff's.
    Staff,
}

/// Whether an account can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// It can.
    Active,
    /// Its person left, and it was revoked.
    Revoked {
        /// Since when, in seconds since the Unix epoch; `None` if the directory does not know.
        since: Option<i64>,
    },
    /// It was locked, for instance because its person said that a recovery was not theirs. Only a
    /// member of staff opens it again.
    Locked,
}

impl AccountId {
    /// The account that somebody typed or a sign-in named, as `0123456789` or
    /// `0123456789@domain`; case and width do not count. `None` for anything else.
    ///
    /// Letters of ASCII, digits, `.`, `-` and `_`, at most 64 of them: no directory's filter or
    /// distinguished name needs escaping for it.
    pub fn parse(text: &str, domain: Option<&str>) -> Option<Self> {
        let text = text.trim();
        let name = match text.split_once('@') {
            Some((name, given)) if domain.is_some_and(|ours| ours.eq_ignore_ascii_case(given)) => {
                name
            }
            Some(_) => return None,
            None => text,
        };
        let narrow = |c: char| match c {
            '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')),
            _ => Some(c),
        };
        let name: String = name.chars().map(narrow).collect::<Option<_>>()?;
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let fits = (1..=64).contains(&name.len()) && name.chars().all(known);
        fits.then(|| Self(name.to_ascii_lowercase()))
    }

    /// As it is stored and shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AccountKind {
    /// As it is written in settings and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Staff => "staff",
        }
    }

    /// What [`AccountKind::as_str`] wrote; `None` for anything else.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Student, Self::Staff]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_understood_as_people_write_it() {
        let domain = Some("utac.example");
        let parse = |text| AccountId::parse(text, domain);
        for text in [
            "0123456789",
            " 0123456789 ",
            "0123456789@utac.example",
            "0123456789@UTAC.example",
            "０１２３４５６７８９",
        ] {
            assert_eq!(parse(text).unwrap().as_str(), "0123456789", "{text}");
        }
        assert_eq!(parse("T.Mihon").unwrap().as_str(), "t.mihon");
    }

    #[test]
    fn what_a_directory_could_misread_is_no_account() {
        let long = "a".repeat(65);
        for text in [
            "",
            "a b",
            "*",
            "a)(uid=*",
            "a,dc=b",
            "0123@elsewhere.example",
            "a\\",
            &long,
        ] {
            assert_eq!(AccountId::parse(text, Some("utac.example")), None, "{text}");
        }
        assert_eq!(AccountId::parse("a@utac.example", None), None);
    }
}

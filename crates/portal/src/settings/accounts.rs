//! `[accounts]`: what accounts are called.

use kazasu_service::settings::Problems;
use serde::Deserialize;

/// What accounts are called, and whose may be linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    /// What may follow an account's name after `@`.
    pub domain: Option<String>,
    /// Members of staff may link their account, unless they have one as a student, too.
    pub staff: bool,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AccountsTable {
    domain: Option<String>,
    staff: bool,
}

impl Default for AccountsTable {
    fn default() -> Self {
        Self {
            domain: None,
            staff: true,
        }
    }
}

impl AccountsTable {
    pub(super) fn check(self, problems: &mut Problems) -> Option<Accounts> {
        let is_domain = |text: &String| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        };
        if !self.domain.as_ref().is_none_or(is_domain) {
            problems.add("accounts.domain: must be a domain name, without @");
            return None;
        }
        Some(Accounts {
            domain: self.domain,
            staff: self.staff,
        })
    }
}

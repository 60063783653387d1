//! What an entry says, in the words of the settings.

use super::time::generalized_time;
use super::trouble::Trouble;
use crate::account::{AccountId, AccountKind, AccountState};
use crate::directory::{Account, Contact};
use crate::settings::LdapAttributes;
use kazasu_service::page::Language;
use ldap3::SearchEntry;

/// An entry as a search found it.
pub(super) struct Entry {
    pub(super) dn: String,
    /// Names as the server wrote them, sorted, and what they hold.
    attributes: Vec<(String, Vec<String>)>,
}

impl From<SearchEntry> for Entry {
    fn from(found: SearchEntry) -> Self {
        let mut attributes: Vec<_> = found.attrs.into_iter().collect();
        attributes.sort_unstable();
        Self {
            dn: found.dn,
            attributes,
        }
    }
}

impl Entry {
    /// The values of an attribute, also where they have an option such as a language. Case does
    /// not count.
    pub(super) fn values(&self, attribute: &str) -> impl Iterator<Item = &str> {
        let is_it = move |name: &str| {
            let (start, rest) = name.split_at_checked(attribute.len()).unwrap_or(("", name));
            start.eq_ignore_ascii_case(attribute) && (rest.is_empty() || rest.starts_with(';'))
        };
        let found = self.attributes.iter().filter(move |(name, _)| is_it(name));
        found.flat_map(|(_, values)| values.iter().map(String::as_str))
    }

    fn has(&self, attribute: &str, values: &[String]) -> bool {
        let mut found = self.values(attribute);
        found.any(|value| values.iter().any(|known| known.eq_ignore_ascii_case(value)))
    }

    /// Whose account it is; `None` for one that is nobody's here.
    pub(super) fn kind(&self, attributes: &LdapAttributes) -> Option<AccountKind> {
        let kind = &attributes.kind;
        if self.has(&kind.attribute, &kind.student) {
            return Some(AccountKind::Student);
        }
        let is_staff = self.has(&kind.attribute, &kind.staff);
        is_staff.then_some(AccountKind::Staff)
    }

    /// A lock outlives the person's leaving.
    pub(super) fn state(
        &self,
        attributes: &LdapAttributes,
        now: i64,
    ) -> Result<AccountState, Trouble> {
        if let Some(lock) = &attributes.locked
            && self
                .values(&lock.attribute)
                .any(|value| value == lock.value)
        {
            return Ok(AccountState::Locked);
        }
        let revoked_at = attributes.revoked_at.as_deref();
        let since = revoked_at.map(|name| self.time(name)).transpose()?;
        let since = since.flatten().filter(|since| *since <= now);
        let inactive = attributes.inactive.as_ref();
        let is_inactive = inactive.is_some_and(|m| self.has(&m.attribute, &m.values));
        Ok(match since.is_some() || is_inactive {
            true => AccountState::Revoked { since },
            false => AccountState::Active,
        })
    }

    /// The earliest time an attribute holds.
    pub(super) fn time(&self, attribute: &str) -> Result<Option<i64>, Trouble> {
        let times = self.values(attribute).map(generalized_time);
        let times: Option<Vec<i64>> = times.collect();
        let times = times.ok_or_else(|| Trouble::NoTime(attribute.to_owned()))?;
        Ok(times.into_iter().min())
    }

    /// The account's name; `None` if it is no name for an account.
    pub(super) fn id(&self, attributes: &LdapAttributes) -> Option<AccountId> {
        let mut ids = self.values(&attributes.account);
        ids.find_map(|id| AccountId::parse(id, None))
    }

    /// The account, but for the student account.
    pub(super) fn account(
        &self,
        id: &AccountId,
        attributes: &LdapAttributes,
        now: i64,
    ) -> Result<Option<Account>, Trouble> {
        let Some(kind) = self.kind(attributes) else {
            return Ok(None);
        };
        let mut names: Vec<String> = Vec::new();
        for name in attributes.names.iter().flat_map(|name| self.values(name)) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        let mailboxes = [
            (&attributes.own_mailbox, false),
            (&attributes.outside_mailbox, true),
        ];
        let mut contacts: Vec<Contact> = Vec::new();
        for (attribute, outside) in mailboxes
            .into_iter()
            .flat_map(|(names, outside)| names.iter().map(move |name| (name, outside)))
        {
            for address in self.values(attribute) {
                if !contacts.iter().any(|known| known.address == address) {
                    contacts.push(Contact {
                        address: address.to_owned(),
                        outside,
                        since: None,
                        until: None,
                    });
                }
            }
        }
        Ok(Some(Account {
            id: id.clone(),
            kind,
            state: self.state(attributes, now)?,
            names,
            contacts,
            language: self.language(attributes),
            student_account: None,
        }))
    }

    /// The first language that pages are written in: RFC 2798, 2.7.
    fn language(&self, attributes: &LdapAttributes) -> Option<Language> {
        let values = attributes
            .language
            .iter()
            .flat_map(|name| self.values(name));
        values
            .flat_map(|value| value.split(','))
            .filter_map(|entry| entry.split(';').next())
            .find_map(|tag| Language::from_tag(tag.trim()))
    }
}

/// The attributes that have to be asked for.
pub(super) fn wanted(attributes: &LdapAttributes) -> Vec<String> {
    let one = [
        &attributes.language,
        &attributes.person,
        &attributes.revoked_at,
        &attributes.password_changed_at,
    ];
    let lists = [
        &attributes.names,
        &attributes.own_mailbox,
        &attributes.outside_mailbox,
    ];
    let mut wanted = vec![
        attributes.account.clone(),
        attributes.kind.attribute.clone(),
    ];
    wanted.extend(one.into_iter().flatten().cloned());
    wanted.extend(lists.into_iter().flatten().cloned());
    wanted.extend(attributes.inactive.as_ref().map(|m| m.attribute.clone()));
    wanted.extend(attributes.locked.as_ref().map(|l| l.attribute.clone()));
    wanted
}

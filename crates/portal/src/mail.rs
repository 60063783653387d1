//! Notices by mail: written to an outbox in the transaction of what they tell, and sent from there
//! until they arrived or were given up.

mod letter;
mod measures;
mod message;
mod outbox;
mod post;
mod transport;

pub(crate) use letter::Letterhead;
#[cfg(test)]
pub(crate) use outbox::forget;
pub(crate) use outbox::{Kept, enqueue, of_account};
pub use post::PostError;
pub(crate) use post::{Post, keep_sending};

use kazasu_service::page::{Language, Source};
use serde::{Deserialize, Serialize};

/// The table, for the list of migrations.
pub(crate) const SCHEMA: &str = include_str!("mail/schema.sql");

/// The words of the mails.
pub(crate) const TEXTS: Source = Source {
    ja: include_str!("mail/texts/ja.ftl"),
    en: include_str!("mail/texts/en.ftl"),
};

/// What a mail tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A card was linked.
    Linked,
    /// Another card took the place of the linked one.
    Replaced,
    /// The holder of the earlier card undid that.
    Vetoed,
    /// The card was unlinked.
    Unlinked,
    /// A password was issued.
    Password,
    /// A temporary access pass was issued.
    AccessPass,
    /// Nobody knows whether a password was.
    PasswordPerhaps,
    /// Nobody knows whether a temporary access pass was.
    AccessPassPerhaps,
    /// The account was frozen.
    Frozen,
    /// What was stored about the link was erased.
    Erased,
}

/// What people are told about.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    /// The identifier of the link or the operation.
    pub(crate) event: String,
    pub(crate) kind: Kind,
    pub(crate) details: Details,
}

/// What a mail says besides its kind. Nothing here may name anybody.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Details {
    /// When it happened.
    pub(crate) at: i64,
    /// Coarse description of where; may be empty.
    pub(crate) browser: String,
    /// The address of the page where its reader can say "this was not me".
    pub(crate) objection: Option<String>,
    /// From when on a new link can be used to recover.
    pub(crate) matures_at: Option<i64>,
}

/// Who is told.
#[derive(Debug, Clone)]
pub(crate) struct Recipient {
    /// An e-mail address as the directory has it.
    pub(crate) address: String,
    /// `None` if nobody knows: then the mail is in both.
    pub(crate) language: Option<Language>,
    /// Of an address that is no contact any more: until when it was.
    pub(crate) contact_until: Option<i64>,
}

impl Kind {
    pub(crate) const ALL: [Self; 10] = [
        Self::Linked,
        Self::Replaced,
        Self::Vetoed,
        Self::Unlinked,
        Self::Password,
        Self::AccessPass,
        Self::PasswordPerhaps,
        Self::AccessPassPerhaps,
        Self::Frozen,
        Self::Erased,
    ];

    /// As it is stored, counted, and named in the texts.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::Replaced => "replaced",
            Self::Vetoed => "vetoed",
            Self::Unlinked => "unlinked",
            Self::Password => "password",
            Self::AccessPass => "access_pass",
            Self::PasswordPerhaps => "password_perhaps",
            Self::AccessPassPerhaps => "access_pass_perhaps",
            Self::Frozen => "frozen",
            Self::Erased => "erased",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

#[cfg(test)]
mod tests;

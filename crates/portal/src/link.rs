//! A link: which pseudonym may recover which account.

use crate::account::AccountId;

/// A link, active or ended.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// What the audit knows it by: 128 random bits.
    pub(crate) id: String,
    pub(crate) ppid: String,
    pub(crate) account: AccountId,
    pub(crate) linked_at: i64,
    /// From then on it can be used to recover.
    pub(crate) matures_at: i64,
    /// The link of the same account that it took the place of, perhaps a while after that had ended.
    pub(crate) replaces: Option<String>,
    pub(crate) ended: Option<Ended>,
}

/// When and why a link ended.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) at: i64,
    pub(crate) because: EndedBecause,
}

/// Why a link ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndedBecause {
    /// Its card was tapped for that; or somebody signed in for it while the account was on hold, when
    /// the card may be a stranger's.
    Unlinked,
    /// Somebody signed in for that. Its card's holder may not know.
    UnlinkedBySignIn,
    /// Another card took its place.
    Replaced,
    /// The earlier card's holder objected while it matured.
    Vetoed,
    /// Somebody said "this was not me" while it matured.
    Frozen,
    /// The account was taken out of the directory.
    AccountRemoved,
    /// Everything was erased, by somebody who did not tap its card. It stays for a while, so that
    /// its card's holder can object to the next one.
    Erased,
}

impl Link {
    /// Whether it can be used to recover.
    pub(crate) fn is_mature(&self, now: i64) -> bool {
        self.ended.is_none() && now >= self.matures_at
    }
}

impl EndedBecause {
    const ALL: [Self; 7] = [
        Self::Unlinked,
        Self::UnlinkedBySignIn,
        Self::Replaced,
        Self::Vetoed,
        Self::Frozen,
        Self::AccountRemoved,
        Self::Erased,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unlinked => "unlinked",
            Self::UnlinkedBySignIn => "unlinked_by_sign_in",
            Self::Replaced => "replaced",
            Self::Vetoed => "vetoed",
            Self::Frozen => "frozen",
            Self::AccountRemoved => "account_removed",
            Self::Erased => "erased",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|because| because.as_str() == word)
    }
}

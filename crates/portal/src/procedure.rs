//! A procedure under way: what was asked for, and what is proven in it so far. It belongs to one
//! browser and has its own pages, so that two tabs do not meet.

use crate::account::AccountId;
use zeroize::Zeroizing;

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProcedureKind {
    /// Tie a card to an account.
    Link,
    /// See what is linked and what can be done.
    State,
    /// Remove a link.
    Unlink,
    /// Get an account back.
    Recover,
}

impl ProcedureKind {
    pub(crate) const ALL: [Self; 4] = [Self::Link, Self::State, Self::Unlink, Self::Recover];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::State => "state",
            Self::Unlink => "unlink",
            Self::Recover => "recover",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The purpose of the tap that it needs; a tap for another is not taken.
    pub(crate) fn purpose(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::State => "view",
            Self::Unlink => "unlink",
            Self::Recover => "recover",
        }
    }

    /// Whether signing in does instead of a tap.
    pub(crate) fn can_begin_with_sign_in(self) -> bool {
        matches!(self, Self::State | Self::Unlink)
    }
}

/// A procedure of the browser that asks.
#[derive(Clone)]
pub(crate) struct Procedure {
    pub(crate) id: String,
    pub(crate) kind: ProcedureKind,
    pub(crate) started_at: i64,
    /// Coarse description, for notices.
    pub(crate) browser: String,
    pub(crate) tap: Option<Tap>,
    pub(crate) sign_in: Option<SignIn>,
    /// What it did.
    pub(crate) done: Option<String>,
}

/// Who tapped.
#[derive(Clone)]
pub(crate) struct Tap {
    pub(crate) ppid: String,
    pub(crate) name: Zeroizing<String>,
    pub(crate) at: i64,
    pub(crate) relink_required: bool,
}

/// Who signed in.
#[derive(Clone)]
pub(crate) struct SignIn {
    pub(crate) account: AccountId,
    pub(crate) at: i64,
}

impl Procedure {
    /// When its person was proven: by the tap, or by the sign-in where there is none.
    pub(crate) fn proven_at(&self) -> Option<i64> {
        let signed_in = self.sign_in.as_ref().map(|sign_in| sign_in.at);
        self.tap.as_ref().map(|tap| tap.at).or(signed_in)
    }
}

//! Where accounts live. The portal asks a directory about an account and has it change one; what a
//! directory can do it declares, and pages offer only that.
//!
//! Every change carries the [`OperationId`] under which it was recorded before. A directory that
//! keeps identifiers does it once, however often it is told; for another one the same change twice
//! is the same state. After a crash [`Directory::outcome`] tells whether it happened.

pub mod builtin;
pub mod ldap;

use crate::account::{AccountId, AccountKind, AccountState};
use crate::password::{AccessPass, Password};
use async_trait::async_trait;
use kazasu_service::page::Language;

/// An account, as its directory describes it now.
#[derive(Debug, Clone)]
pub struct Account {
    /// Which one.
    pub id: AccountId,
    /// Whose it is: a student's or a member of staff's.
    pub kind: AccountKind,
    /// Whether it can be used.
    pub state: AccountState,
    /// The person's names: as registered, in Latin letters, earlier ones. Any may be on the card.
    pub names: Vec<String>,
    /// Where its person is told what happened.
    pub contacts: Vec<Contact>,
    /// In which language; `None` if nobody knows.
    pub language: Option<Language>,
    /// Of a member of staff who is a student now: the student account. One that was revoked is
    /// nobody's student account any more.
    pub student_account: Option<AccountId>,
}

/// An address that its person reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// An e-mail address.
    pub address: String,
    /// It is not the account's own mailbox, so somebody who is locked out can read it.
    pub outside: bool,
    /// When it became a contact, in seconds since the Unix epoch; 0 for one that the account has had
    /// from the start, and `None` if the directory does not know.
    pub since: Option<i64>,
    /// When it ceased to be one, of a contact of the last [`KEPT_CONTACT`] seconds; `None` for one
    /// that still is. Whoever takes over an account changes its address first, so the earlier one
    /// is told, too.
    pub until: Option<i64>,
}

/// How long an earlier contact is still told what happens, in seconds, where the directory
/// remembers it.
pub const KEPT_CONTACT: i64 = 30 * 86_400;

/// What a directory can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Sets a password.
    pub password: bool,
    /// Issues a temporary access pass, with which new second factors are registered.
    pub access_pass: bool,
    /// Makes what was issued worthless and ends the account's sessions.
    pub lock: bool,
}

/// The identifier under which a change was recorded before it was made: 128 random bits, as text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OperationId(String);

/// A change that may or may not have been made.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its identifier.
    pub id: OperationId,
    /// What it changes.
    pub kind: OperationKind,
    /// Whose.
    pub account: AccountId,
    /// When it was recorded, in seconds since the Unix epoch. It cannot have happened earlier.
    pub recorded_at: i64,
}

/// What an operation changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// [`Directory::set_password`].
    Password,
    /// [`Directory::issue_access_pass`].
    AccessPass,
    /// [`Directory::lock`].
    Lock,
}

impl OperationKind {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::AccessPass => "access_pass",
            Self::Lock => "lock",
        }
    }
}

/// Whether a change was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was.
    Done,
    /// It was not, and will not be.
    NotDone,
    /// This directory cannot tell. Whoever asks has to take it for done.
    Unknown,
    /// It was not, and still may be: the request is perhaps on its way. To be asked again.
    Open,
}

/// Why a directory did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// It cannot be reached, or not in time; nobody knows whether a change was made.
    #[error("the directory cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It knows no such account.
    #[error("the directory has no such account")]
    NoSuchAccount,
    /// The account cannot be used, perhaps only since a moment ago, and nothing changed.
    #[error("the account is revoked or locked")]
    NotActive,
    /// The operation was settled before: what it issued cannot be told again, or it was given up by
    /// [`Directory::outcome`]. Nothing changed; another attempt needs another identifier.
    #[error("the operation was settled before")]
    Settled,
    /// Its own rules refuse this password, and nothing changed; the person chooses another.
    #[error("the directory's rules refuse the password")]
    PasswordRefused,
    /// It refused for a reason that only its operator can do something about.
    #[error("the directory refused")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Where accounts live.
#[async_trait]
pub trait Directory: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// The account, as it is now; `None` if there is none.
    async fn account(&self, id: &AccountId, now: i64) -> Result<Option<Account>, DirectoryError>;

    /// Replaces the password of an active account. Whatever was issued before no longer works.
    async fn set_password(
        &self,
        id: &AccountId,
        operation: &OperationId,
        password: &Password,
        now: i64,
    ) -> Result<(), DirectoryError>;

    /// Issues a temporary access pass for an active account. It works for `lifetime` seconds, as
    /// often as its person likes; an earlier one does not any more.
    async fn issue_access_pass(
        &self,
        id: &AccountId,
        operation: &OperationId,
        lifetime: i64,
        now: i64,
    ) -> Result<AccessPass, DirectoryError>;

    /// Makes password and access pass worthless, and ends the account's sessions: only a member of
    /// staff can let somebody in again.
    async fn lock(
        &self,
        id: &AccountId,
        operation: &OperationId,
        now: i64,
    ) -> Result<(), DirectoryError>;

    /// Whether `operation` was made: a crash may have come between making and recording it. To be
    /// asked when nobody can be at it any more.
    async fn outcome(&self, operation: &Operation, now: i64) -> Result<Outcome, DirectoryError>;

    /// Whether it answers.
    async fn check(&self) -> Result<(), DirectoryError>;
}

impl OperationId {
    /// From the text that was recorded.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it is recorded.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

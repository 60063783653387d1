//! Telling an account's person what happened: which event, to whom, and how they object.

use crate::account::AccountId;
use crate::keys::SharedKeys;
use crate::store::contacts;
use crate::store::freezes::{self, Told};
use crate::store::operations::Recorded;
use kazasu_service::page::Language;
use kazasu_service::secret::hash;
use kazasu_service::store::{Connection, SqlError};

/// What people are told about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    Linked,
    /// Another card took the place of the one before.
    Replaced,
    Unlinked,
    /// The earlier card's holder objected to its replacement.
    Vetoed,
    PasswordIssued,
    AccessPassIssued,
    /// A password or access pass was issued or may have been, and perhaps nobody saw it.
    Interrupted,
    Frozen,
    Erased,
}

impl EventKind {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 9] = [
        Self::Linked,
        Self::Replaced,
        Self::Unlinked,
        Self::Vetoed,
        Self::PasswordIssued,
        Self::AccessPassIssued,
        Self::Interrupted,
        Self::Frozen,
        Self::Erased,
    ];

    /// As it is stored, audited, and names its texts.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::Replaced => "replaced",
            Self::Unlinked => "unlinked",
            Self::Vetoed => "vetoed",
            Self::PasswordIssued => "password_issued",
            Self::AccessPassIssued => "access_pass_issued",
            Self::Interrupted => "interrupted",
            Self::Frozen => "frozen",
            Self::Erased => "erased",
        }
    }

    /// Whether saying "this was not me" still helps afterwards.
    fn can_be_objected_to(self) -> bool {
        !matches!(self, Self::Frozen)
    }
}

/// Something that happened to an account.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// The identifier of a link or an operation, and for what has none of the procedure. With the
    /// kind it is told once.
    pub(crate) id: String,
    pub(crate) kind: EventKind,
    pub(crate) account: AccountId,
    /// Coarse description of where.
    pub(crate) browser: String,
}

impl Event {
    pub(crate) fn of_operation(recorded: &Recorded, kind: EventKind) -> Self {
        Self {
            id: recorded.operation.id.as_str().to_owned(),
            kind,
            account: recorded.operation.account.clone(),
            browser: recorded.browser.clone(),
        }
    }
}

/// What telling needs, wherever it is done.
pub(crate) struct Teller {
    keys: SharedKeys,
    origin: String,
    /// For how many seconds prior contacts are told, and objections taken.
    objection: i64,
}

impl Teller {
    pub(crate) fn new(keys: SharedKeys, origin: String, objection: i64) -> Self {
        Self {
            keys,
            origin,
            objection,
        }
    }

    /// Tells an account's contacts, those outside the account first, and those it had until lately,
    /// too. Belongs into the transaction of the event itself: told is what happened, and once.
    pub(crate) fn tell(
        &self,
        c: &mut Connection<'_>,
        event: &Event,
        now: i64,
    ) -> Result<(), SqlError> {
        let name = format!("{}:{}", event.kind.as_str(), event.id);
        let token = self.keys.notice_token(&name);
        let told = Told {
            event: name,
            account: event.account.clone(),
            kind: event.kind.as_str().to_owned(),
            browser: event.browser.clone(),
            at: now,
        };
        if event.kind.can_be_objected_to() {
            freezes::tell(c, &told, &hash(&token), now + self.objection)?;
        }
        let objection = event
            .kind
            .can_be_objected_to()
            .then(|| format!("{}/notice/{token}", self.origin));
        for contact in contacts::to_tell(c, &event.account, now - self.objection)? {
            let _ = (
                &contact.address,
                contact.outside,
                contact.since,
                &objection,
                None::<Language>,
            );
        }
        Ok(())
    }
}

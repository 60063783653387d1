//! Telling an account's person what happened: which event, to whom, and how they object.

use crate::account::AccountId;
use crate::keys::SharedKeys;
use crate::mail::{self, Kind, Notice, Recipient};
use crate::store::contacts;
use crate::store::freezes::{self, Told};
use crate::store::operations::Recorded;
use aws_lc_rs::hmac;
use kazasu_service::secret::hash;
use kazasu_service::store::{Connection, SqlError};

/// Something that happened to an account.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// The identifier of a link or an operation, and for what has none of the procedure. With the
    /// kind it is told once.
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) account: AccountId,
    /// Coarse description of where.
    pub(crate) browser: String,
    /// From when on a new link can be used to recover.
    pub(crate) matures_at: Option<i64>,
}

impl Event {
    pub(crate) fn of_operation(recorded: &Recorded, kind: Kind) -> Self {
        Self {
            id: recorded.operation.id.as_str().to_owned(),
            kind,
            account: recorded.operation.account.clone(),
            browser: recorded.browser.clone(),
            matures_at: None,
        }
    }
}

/// What telling needs, wherever it is done.
pub(crate) struct Teller {
    keys: SharedKeys,
    recipients: hmac::Key,
    origin: String,
    /// For how many seconds prior contacts are told, and objections taken.
    objection: i64,
}

impl Teller {
    pub(crate) fn new(keys: SharedKeys, origin: String, objection: i64) -> Self {
        Self {
            recipients: keys.recipients(),
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
        let notice = Notice {
            kind: event.kind,
            details: mail::Details {
                at: now,
                browser: event.browser.clone(),
                objection: self.objection(c, event, &name, now)?,
                matures_at: event.matures_at,
            },
            event: name,
        };
        let language = contacts::language(c, &event.account)?;
        for contact in contacts::to_tell(c, &event.account, now - self.objection)? {
            let recipient = Recipient {
                address: contact.address,
                language,
                contact_until: contact.gone_at,
            };
            mail::enqueue(c, &notice, &recipient, &self.recipients, now)?;
        }
        Ok(())
    }

    /// Where people object to an event; nowhere once the account is frozen.
    fn objection(
        &self,
        c: &mut Connection<'_>,
        event: &Event,
        name: &str,
        now: i64,
    ) -> Result<Option<String>, SqlError> {
        if event.kind == Kind::Frozen {
            return Ok(None);
        }
        let token = self.keys.notice_token(name);
        let told = Told {
            event: name.to_owned(),
            account: event.account.clone(),
            kind: event.kind.as_str().to_owned(),
            browser: event.browser.clone(),
            at: now,
        };
        freezes::tell(c, &told, &hash(&token), now + self.objection)?;
        Ok(Some(format!("{}/notice/{token}", self.origin)))
    }
}

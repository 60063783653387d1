//! Everything that is stored about a person, in the reader's words.

use crate::account::AccountId;
use crate::link::Link;
use crate::mail::{self, Kept};
use crate::pages::refusal::PageError;
use crate::pages::visit::Visit;
use crate::store::contacts::{self, Remembered};
use crate::store::freezes::{self, Told};
use crate::store::links;
use crate::store::operations::{self, OperationState, Recorded};
use crate::store::procedures::{self, UnderWay};
use kazasu_service::page::Language;
use kazasu_service::store::{Connection, SqlError};

/// Everything that is stored about a card, or about an account and the card linked to it.
pub(super) struct Stored {
    /// Whose: `account` or `card`.
    pub(super) scope: &'static str,
    pub(super) parts: Vec<Part>,
}

/// What is of one kind.
pub(super) struct Part {
    /// Names the kind in the texts.
    pub(super) kind: &'static str,
    pub(super) lines: Vec<String>,
}

/// What is stored about an account belongs to whoever signs in to it or has its card; a pseudonym
/// without a link has had some, perhaps. `None` if there is neither.
pub(super) async fn of(
    visit: &Visit,
    account: Option<AccountId>,
    ppid: Option<String>,
) -> Result<Option<Stored>, PageError> {
    let now = visit.now;
    let read = visit.app.store.read(move |c| {
        let card = Card {
            procedures: procedures::of_person(c, account.as_ref(), ppid.as_deref(), now)?,
            links: links::all_of(c, account.as_ref(), ppid.as_deref())?,
        };
        let account = account.map(|account| Account::read(c, &account));
        Ok::<_, SqlError>((card, account.transpose()?))
    });
    let (card, account) = read.await?;
    if account.is_none() && card.links.is_empty() {
        return Ok(None);
    }
    let scope = if account.is_some() { "account" } else { "card" };
    let account = account.into_iter().flat_map(|rows| rows.parts(visit));
    let parts = card.parts(visit).into_iter().chain(account).collect();
    Ok(Some(Stored { scope, parts }))
}

struct Card {
    procedures: Vec<UnderWay>,
    links: Vec<Link>,
}

struct Account {
    operations: Vec<Recorded>,
    frozen_at: Option<i64>,
    contacts: Vec<Remembered>,
    contacts_read_at: Option<i64>,
    language: Option<Language>,
    told: Vec<(Told, i64)>,
    mails: Vec<Kept>,
}

impl Card {
    fn parts(&self, visit: &Visit) -> [Part; 2] {
        let procedures = self.procedures.iter();
        let procedures = procedures.map(|procedure| {
            line(
                visit,
                "stored-procedure",
                &[
                    ("at", &visit.when(procedure.started_at)),
                    ("what", &visit.words().say(&procedure.kind)),
                    ("browser", &procedure.browser),
                ],
            )
        });
        let links = self.links.iter().map(|link| {
            let since = visit.when(link.linked_at);
            let (key, until) = match &link.ended {
                None => ("stored-link".to_owned(), String::new()),
                Some(ended) => {
                    let key = format!("stored-link-{}", ended.because.as_str());
                    (key, visit.when(ended.at))
                }
            };
            let values = [
                ("since", since.as_str()),
                ("until", &until),
                ("account", link.account.as_str()),
            ];
            line(visit, &key, &values)
        });
        [part("procedures", procedures), part("links", links)]
    }
}

impl Account {
    fn read(c: &mut Connection<'_>, account: &AccountId) -> Result<Self, SqlError> {
        Ok(Self {
            operations: operations::all_of_account(c, account)?,
            frozen_at: freezes::since(c, account)?,
            contacts: contacts::to_tell(c, account, 0)?,
            contacts_read_at: contacts::read_at(c, account)?,
            language: contacts::language(c, account)?,
            told: freezes::told_of(c, account)?,
            mails: mail::of_account(c, account)?,
        })
    }

    fn parts(&self, visit: &Visit) -> [Part; 5] {
        let operations = self.operations.iter().map(|recorded| {
            let state = match recorded.state {
                OperationState::Done => "",
                OperationState::NotDone => ".not-done",
                OperationState::Recorded | OperationState::Unknown => ".unknown",
            };
            let key = format!("stored-{}{state}", recorded.operation.kind.as_str());
            let at = visit.when(recorded.operation.recorded_at);
            line(visit, &key, &[("at", &at), ("browser", &recorded.browser)])
        });
        let frozen = self
            .frozen_at
            .map(|at| line(visit, "stored-freeze", &[("at", &visit.when(at))]));
        let told = self.told.iter().map(|(told, until)| {
            line(
                visit,
                "stored-notice",
                &[
                    ("at", &visit.when(told.at)),
                    ("what", &event(visit, &told.kind)),
                    ("browser", &told.browser),
                    ("until", &visit.when(*until)),
                ],
            )
        });
        let mails = self.mails.iter().map(|mail| {
            line(
                visit,
                &format!("stored-mail-{}", mail.state),
                &[
                    ("at", &visit.when(mail.queued_at)),
                    ("what", &event(visit, &mail.kind)),
                    ("address", mail.recipient.as_deref().unwrap_or_default()),
                    ("until", &visit.when(mail.ended_at.unwrap_or_default())),
                ],
            )
        });
        [
            part("operations", operations),
            part("freezes", frozen),
            part("contacts", self.contact_lines(visit)),
            part("notices", told),
            part("mails", mails),
        ]
    }

    fn contact_lines(&self, visit: &Visit) -> Vec<String> {
        let contacts = self.contacts.iter().map(|contact| {
            let key = match contact.gone_at {
                None => "stored-contact",
                Some(_) => "stored-contact.earlier",
            };
            line(visit, key, &[("address", &contact.address)])
        });
        let language = self
            .language
            .map(|language| line(visit, &format!("stored-language-{}", language.tag()), &[]));
        let read_at = self
            .contacts_read_at
            .map(|at| line(visit, "stored-contacts-read", &[("at", &visit.when(at))]));
        contacts.chain(language).chain(read_at).collect()
    }
}

fn part(kind: &'static str, lines: impl IntoIterator<Item = String>) -> Part {
    Part {
        kind,
        lines: lines.into_iter().collect(),
    }
}

fn line(visit: &Visit, key: &str, values: &[(&'static str, &str)]) -> String {
    visit.words().say_all(key, values)
}

/// What people are told about, in words.
fn event(visit: &Visit, kind: &str) -> String {
    visit.words().say(&format!("event-{kind}"))
}

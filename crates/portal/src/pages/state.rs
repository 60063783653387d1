//! What is linked, what can be done now and why not the rest, and everything that is stored.

use super::refusal::{PageError, PageResult};
use super::visit::Visit;
use crate::account::AccountId;
use crate::procedure::Procedure;
use crate::standing::{Obstacle, Person, Remedy, Standing, look};
use crate::store::operations::{self, OperationState, word};
use crate::store::{contacts, links};
use askama::Template;
use kazasu_service::page::Words;
use kazasu_service::page::redirect;
use kazasu_service::store::{Connection, SqlError};

#[derive(Template)]
#[template(path = "state.html")]
struct State<'a> {
    words: Words<'a>,
    procedure: &'a str,
    token: &'a str,
    /// The name on the card, after a tap.
    name: Option<&'a str>,
    /// The linked account, or the one that was signed in to.
    account: Option<String>,
    linked_since: Option<String>,
    usable_from: Option<String>,
    /// Another card took this one's place.
    replaced: bool,
    /// The card could not be tied to the one that was linked.
    relink: bool,
    remedies: Vec<RemedyRow>,
    stored: Option<Stored>,
    support: Option<&'a str>,
}

/// Something that a recovery can do, and why not now.
pub(super) struct RemedyRow {
    pub(super) word: &'static str,
    pub(super) title: String,
    pub(super) obstacle: Option<String>,
}

/// Everything that is stored about a person, in the reader's words.
struct Stored {
    links: Vec<String>,
    operations: Vec<String>,
    contacts: Vec<String>,
}

pub(super) async fn show(visit: &Visit, procedure: &Procedure, token: &str) -> PageResult {
    let person = match (&procedure.tap, &procedure.sign_in) {
        (Some(tap), _) => Person::Ppid(tap.ppid.clone()),
        (None, Some(sign_in)) => Person::Account(sign_in.account.clone()),
        (None, None) => return Ok(redirect("/state")),
    };
    let standing = look(&visit.app, person, visit.now).await?;
    let link = standing.link.as_ref();
    let signed_in = procedure.sign_in.as_ref().map(|sign_in| &sign_in.account);
    let account = link.map(|link| &link.account).or(signed_in).cloned();
    let ppid = procedure.tap.as_ref().map(|tap| tap.ppid.clone());
    let stored = stored(visit, account.clone(), ppid).await?;
    let maturing = link.filter(|link| link.matures_at > visit.now);
    let body = State {
        words: visit.words(),
        procedure: &procedure.id,
        token,
        name: procedure.tap.as_ref().map(|tap| tap.name.as_str()),
        account: account.as_ref().map(ToString::to_string),
        linked_since: link.map(|link| visit.when(link.linked_at)),
        usable_from: maturing.map(|link| visit.when(link.matures_at)),
        replaced: standing.replaced_by.is_some(),
        relink: procedure
            .tap
            .as_ref()
            .is_some_and(|tap| tap.relink_required),
        remedies: rows(visit, &standing),
        stored: (account.is_some() || !stored.links.is_empty()).then_some(stored),
        support: visit.support(),
    };
    let title = if link.is_some() {
        "state-linked"
    } else {
        "state-not-linked"
    };
    Ok(visit.show(title, &body))
}

/// Each remedy, and what keeps this person from it.
pub(super) fn rows(visit: &Visit, standing: &Standing) -> Vec<RemedyRow> {
    let words = visit.words();
    let row = |remedy: Remedy| RemedyRow {
        word: remedy.as_str(),
        title: words.say(&format!("remedy-{}", remedy.as_str())),
        obstacle: standing
            .obstacle_to(remedy, &visit.app, visit.now)
            .map(|obstacle| say(visit, &obstacle)),
    };
    Remedy::ALL.into_iter().map(row).collect()
}

/// Why something cannot be done now, in the reader's words.
pub(super) fn say(visit: &Visit, obstacle: &Obstacle) -> String {
    let value = match obstacle {
        Obstacle::Maturing(from) => visit.when(*from),
        Obstacle::Revoked(Some(since)) => visit.when(*since),
        Obstacle::UseStudentAccount(account) => account.to_string(),
        _ => String::new(),
    };
    let key = match obstacle {
        Obstacle::Revoked(None) => "obstacle-revoked.unknown".to_owned(),
        other => format!("obstacle-{}", other.word()),
    };
    visit.words().say_with(&key, "value", &value)
}

async fn stored(
    visit: &Visit,
    account: Option<AccountId>,
    ppid: Option<String>,
) -> Result<Stored, PageError> {
    let app = &visit.app;
    let read = app
        .store
        .read(move |c| rows_of(c, account.as_ref(), ppid.as_deref()));
    let (links, operations, contacts) = read.await?;
    let words = visit.words();
    let links = links.into_iter().map(|link| {
        let since = visit.when(link.linked_at);
        match link.ended {
            None => words.say_with("stored-link", "since", &since),
            Some(ended) => words.say_all(
                &format!("stored-link-{}", ended.because.as_str()),
                &[("since", &since), ("until", &visit.when(ended.at))],
            ),
        }
    });
    let operations = operations.into_iter().map(|recorded| {
        let state = match recorded.state {
            OperationState::NotDone => ".not-done",
            _ => "",
        };
        let key = format!("stored-{}{state}", word(recorded.operation.kind));
        words.say_with(&key, "at", &visit.when(recorded.operation.recorded_at))
    });
    let contacts = contacts.into_iter().map(|contact| {
        let key = match contact.gone_at {
            None => "stored-contact",
            Some(_) => "stored-contact.earlier",
        };
        words.say_with(key, "address", &contact.address)
    });
    Ok(Stored {
        links: links.collect(),
        operations: operations.collect(),
        contacts: contacts.collect(),
    })
}

type Rows = (
    Vec<crate::link::Link>,
    Vec<operations::Recorded>,
    Vec<contacts::Remembered>,
);

/// A pseudonym without a link has had some, perhaps; what was issued and who is told belongs to the
/// account.
fn rows_of(
    c: &mut Connection<'_>,
    account: Option<&AccountId>,
    ppid: Option<&str>,
) -> Result<Rows, SqlError> {
    let links = links::all_of(c, account, ppid)?;
    let Some(account) = account else {
        return Ok((links, Vec::new(), Vec::new()));
    };
    let operations = operations::all_of_account(c, account)?;
    Ok((links, operations, contacts::to_tell(c, account, 0)?))
}

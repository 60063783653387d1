//! What is linked, what can be done now and why not the rest, and everything that is stored.

mod stored;

use super::refusal::PageResult;
use super::visit::Visit;
use crate::procedure::Procedure;
use crate::standing::{Obstacle, Person, Remedy, Standing, look};
use askama::Template;
use kazasu_service::page::Words;
use kazasu_service::page::redirect;

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
    stored: Option<stored::Stored>,
    support: Option<&'a str>,
}

/// Something that a recovery can do, and why not now.
pub(super) struct RemedyRow {
    pub(super) word: &'static str,
    pub(super) title: String,
    pub(super) obstacle: Option<String>,
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
    let stored = stored::of(visit, account.clone(), ppid).await?;
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
        stored,
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

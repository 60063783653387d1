//! Linking: tap, sign in, compare, confirm.

use super::home::{Token, token};
use super::refusal::{PageError, PageResult, Reason};
use super::visit::{Visit, page};
use crate::counted::Step;
use crate::directory::Account;
use crate::linking::{self, NoLink, Wish};
use crate::names::Match;
use crate::procedure::{Procedure, ProcedureKind, SignIn, Tap};
use crate::settings::Reaction;
use crate::standing::{Obstacle, unusable};
use crate::store::{contacts, links};
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path};
use kazasu_service::audit::{self, Details};
use kazasu_service::page::Words;
use kazasu_service::page::redirect;
use kazasu_service::secret::random_text;

#[derive(Template)]
#[template(path = "link-sign-in.html")]
struct SignInNext<'a> {
    words: Words<'a>,
    procedure: &'a str,
    token: &'a str,
    name: &'a str,
    relink: bool,
}

#[derive(Template)]
#[template(path = "link-confirm.html")]
struct Confirm<'a> {
    words: Words<'a>,
    procedure: &'a str,
    token: &'a str,
    name: &'a str,
    account: &'a str,
    /// Names of the account, where the card's is only near.
    asked: Option<String>,
    replaces: bool,
    usable_from: Option<String>,
}

#[derive(Template)]
#[template(path = "stopped.html")]
struct Stopped<'a> {
    words: Words<'a>,
    procedure: &'a str,
    token: &'a str,
    reason: &'a str,
    why: String,
    next: String,
    /// Another account can help. Whoever signs in to another one has to tap anew.
    another_account: bool,
    support: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "linked.html")]
struct Linked<'a> {
    words: Words<'a>,
    procedure: &'a str,
    token: &'a str,
    name: &'a str,
    account: &'a str,
    usable_from: Option<String>,
}

/// What stops a link.
enum Stop {
    NoLink(NoLink),
    Obstacle(Obstacle),
    /// The names differ.
    Name,
    /// The directory has no such account.
    Unknown,
}

/// What is known once both are proven.
struct Proven<'a> {
    tap: &'a Tap,
    sign_in: &'a SignIn,
}

pub(super) async fn show(visit: &Visit, procedure: &Procedure, token: &str) -> PageResult {
    if procedure.done.is_some() {
        return done(visit, procedure, token).await;
    }
    let words = visit.words();
    let Some(tap) = &procedure.tap else {
        return Ok(redirect("/link"));
    };
    let Some(sign_in) = &procedure.sign_in else {
        let body = SignInNext {
            words,
            procedure: &procedure.id,
            token,
            name: &tap.name,
            relink: tap.relink_required,
        };
        return Ok(visit.show("link-sign-in", &body));
    };
    let proven = Proven { tap, sign_in };
    match check(visit, &proven).await? {
        Err(stop) => Ok(stopped(visit, procedure, token, &stop)),
        Ok(found) => {
            let asked = found.reaction.map(|_| found.account.names.join(" ・ "));
            let maturity = visit.app.settings.lifetimes.maturity;
            let body = Confirm {
                words,
                procedure: &procedure.id,
                token,
                name: &tap.name,
                account: sign_in.account.as_str(),
                asked,
                replaces: found.replaces,
                usable_from: (maturity > 0).then(|| visit.when(visit.now + maturity)),
            };
            Ok(visit.show("link-confirm", &body))
        }
    }
}

/// A link that nothing stops.
struct Found {
    account: Account,
    names: Match,
    reaction: Option<Reaction>,
    /// The account has a link, which the new one takes the place of.
    replaces: bool,
}

async fn check(visit: &Visit, proven: &Proven<'_>) -> Result<Result<Found, Stop>, PageError> {
    let (app, now) = (&visit.app, visit.now);
    let id = proven.sign_in.account.clone();
    let Some(account) = app.directory.account(&id, now).await? else {
        return Ok(Err(Stop::Unknown));
    };
    if let Some(obstacle) = unusable(&account, app) {
        return Ok(Err(Stop::Obstacle(obstacle)));
    }
    let (names, reaction) = app.settings.names.judge(&proven.tap.name, &account.names);
    let (ppid, maturity) = (proven.tap.ppid.clone(), app.settings.lifetimes.maturity);
    let (told, language) = (account.contacts.clone(), account.language);
    let looked = app.store.write(move |c| {
        contacts::remember(c, &id, &told, language, now)?;
        linking::look(c, &ppid, &id, maturity, now)
    });
    let replaced = match looked.await? {
        Ok(replaced) => replaced,
        Err(reason) => return Ok(Err(Stop::NoLink(reason))),
    };
    if reaction == Some(Reaction::Stop) {
        return Ok(Err(Stop::Name));
    }
    Ok(Ok(Found {
        account,
        names,
        reaction,
        replaces: replaced.is_some(),
    }))
}

/// "Link": everything is looked at again, for the page may be old.
pub(super) async fn confirm(
    visit: Visit,
    Path(id): Path<String>,
    form: Result<Form<Token>, FormRejection>,
) -> PageResult {
    let typed = token(form);
    let (_, procedure) = visit.own_form(ProcedureKind::Link, &id, &typed).await?;
    if procedure.done.is_some() {
        return Ok(redirect(&page(&procedure.id)));
    }
    let (Some(tap), Some(sign_in)) = (&procedure.tap, &procedure.sign_in) else {
        return Ok(redirect(&page(&procedure.id)));
    };
    if !visit.is_fresh(tap.at) || !visit.is_fresh(sign_in.at) {
        return Err(PageError::refused(Reason::EvidenceOld, "/link"));
    }
    let found = match check(&visit, &Proven { tap, sign_in }).await? {
        Ok(found) => found,
        // Perhaps by the click before this one: the page says so.
        Err(Stop::NoLink(NoLink::Already)) => return Ok(redirect(&page(&procedure.id))),
        Err(stop) => {
            note_stop(&visit, &stop).await?;
            return Ok(stopped(&visit, &procedure, &typed, &stop));
        }
    };
    let wish = Wish {
        procedure: procedure.id.clone(),
        browser: procedure.browser.clone(),
        id: random_text::<16>(),
        ppid: tap.ppid.clone(),
        account: sign_in.account.clone(),
        name_match: found.names.as_str(),
        maturity: visit.app.settings.lifetimes.maturity,
    };
    let (teller, now) = (visit.app.teller.clone(), visit.now);
    let linked = visit
        .app
        .store
        .write(move |c| linking::link(c, &wish, &teller, now));
    match linked.await? {
        // The page shows what there is now, also where another click was faster.
        Err(NoLink::Already | NoLink::Overtaken) => Ok(redirect(&page(&procedure.id))),
        Ok(_) => {
            visit.app.counted.procedure(procedure.kind, Step::Done);
            Ok(redirect(&page(&procedure.id)))
        }
        Err(reason) => Ok(stopped(&visit, &procedure, &typed, &Stop::NoLink(reason))),
    }
}

async fn note_stop(visit: &Visit, stop: &Stop) -> Result<(), PageError> {
    visit
        .app
        .counted
        .procedure(ProcedureKind::Link, Step::Stopped);
    let details = Details::default().with("reason", stop.word());
    let now = visit.now;
    let noted = visit
        .app
        .store
        .write(move |c| audit::record(c, now, "link_stopped", &details));
    Ok(noted.await?)
}

async fn done(visit: &Visit, procedure: &Procedure, token: &str) -> PageResult {
    let Some(tap) = &procedure.tap else {
        return Ok(redirect("/link"));
    };
    let ppid = tap.ppid.clone();
    let link = visit
        .app
        .store
        .read(move |c| links::of_ppid(c, &ppid))
        .await?;
    let Some(link) = link else {
        return Err(PageError::refused(Reason::AlreadyDone, "/"));
    };
    let body = Linked {
        words: visit.words(),
        procedure: &procedure.id,
        token,
        name: &tap.name,
        account: link.account.as_str(),
        usable_from: (link.matures_at > visit.now).then(|| visit.when(link.matures_at)),
    };
    Ok(visit.show("linked", &body))
}

impl Stop {
    fn word(&self) -> &'static str {
        match self {
            Self::NoLink(NoLink::Already) => "already",
            Self::NoLink(NoLink::OtherAccount(_)) => "other_account",
            Self::NoLink(NoLink::Frozen) => "frozen",
            Self::NoLink(NoLink::NotBefore(_)) => "not_before",
            Self::NoLink(NoLink::Overtaken) => "overtaken",
            Self::Obstacle(obstacle) => obstacle.word(),
            Self::Name => "name",
            Self::Unknown => "account_unknown",
        }
    }

    /// Whether another account can help.
    fn is_about_the_account(&self) -> bool {
        matches!(
            self,
            Self::Obstacle(Obstacle::UseStudentAccount(_) | Obstacle::Staff)
                | Self::Unknown
                | Self::Name
        )
    }
}

fn stopped(
    visit: &Visit,
    procedure: &Procedure,
    token: &str,
    stop: &Stop,
) -> axum::response::Response {
    let words = visit.words();
    let word = stop.word();
    let value = match stop {
        Stop::NoLink(NoLink::OtherAccount(account)) => account.to_string(),
        Stop::NoLink(NoLink::NotBefore(from)) => visit.when(*from),
        Stop::Obstacle(Obstacle::UseStudentAccount(account)) => account.to_string(),
        _ => String::new(),
    };
    let key = format!("stop-{word}");
    let say = |part: &str| words.say_with(&format!("{key}{part}"), "value", &value);
    let body = Stopped {
        words,
        procedure: &procedure.id,
        token,
        reason: word,
        why: say(".why"),
        next: say(".next"),
        another_account: stop.is_about_the_account(),
        support: visit.support(),
    };
    visit.show_page(&say(""), &body, |_| ())
}

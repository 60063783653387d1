//! What the sign-in's pages say.

use super::SignIn;
use super::directory::{Person, Refusal};
use super::state::{Flow, Goal, Session};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use kazasu_service::page::{Action, Notice, Page, Visitor, Words};
use url::Url;

/// Why the account is asked for once more.
pub(super) struct Problem<'a> {
    pub(super) refusal: Refusal,
    /// What was typed.
    pub(super) account: &'a str,
}

#[derive(Template)]
#[template(path = "sign_in/account.html")]
struct Account<'a> {
    words: Words<'a>,
    flow: &'a str,
    /// For which service; `None` for the provider itself.
    service: Option<&'a str>,
    account: &'a str,
    /// Why it is asked for again, and what to do.
    problem: Option<[String; 2]>,
    reason: &'static str,
    recovery: &'a str,
}

#[derive(Template)]
#[template(path = "sign_in/second.html")]
struct Second<'a> {
    words: Words<'a>,
    flow: &'a str,
    account: &'a str,
    has_authenticator: bool,
    recovery: &'a str,
}

/// The page of a sign-in: who, or the second factor.
pub(super) fn sign_in(
    sign_in: &SignIn,
    visitor: &Visitor,
    id: &str,
    flow: &Flow,
    problem: Option<&Problem<'_>>,
) -> Response {
    let (sent_with, targets) = match &flow.goal {
        Goal::Client(request) => (request.language, origin_of(&request.redirect_uri)),
        Goal::SecurityInfo => (None, origin_of(&sign_in.recovery)),
    };
    let language = visitor.language(sent_with);
    let words = sign_in.site.words(language);
    let (title, body) = match &flow.person {
        Some(person) => second(sign_in, words, id, person),
        None => account(sign_in, words, id, flow, problem),
    };
    let mut page = Page::new(language, &title, body);
    page.form_targets = &targets;
    if problem.is_some() {
        page.status = StatusCode::UNPROCESSABLE_ENTITY;
    }
    sign_in.site.show(visitor, &page)
}

fn account(
    sign_in: &SignIn,
    words: Words<'_>,
    id: &str,
    flow: &Flow,
    problem: Option<&Problem<'_>>,
) -> (String, String) {
    let (client, hint) = match &flow.goal {
        Goal::Client(request) => (sign_in.client(&request.client), request.hint.as_deref()),
        Goal::SecurityInfo => (None, None),
    };
    let (reason, why) = match problem {
        Some(problem) => said(words, problem.refusal),
        None => ("", None),
    };
    let body = rendered(&Account {
        words,
        flow: id,
        service: client.map(|client| client.name(words.language())),
        account: problem.map_or(hint.unwrap_or_default(), |problem| problem.account),
        problem: why,
        reason,
        recovery: &sign_in.recovery,
    });
    (words.say("account"), body)
}

fn said(words: Words<'_>, refusal: Refusal) -> (&'static str, Option<[String; 2]>) {
    let (key, minutes) = match refusal {
        Refusal::Wrong => ("wrong", 0),
        Refusal::Revoked => ("revoked", 0),
        Refusal::Locked => ("locked", 0),
        Refusal::TooOften(seconds) => ("waiting", (seconds + 59) / 60),
        Refusal::Unavailable => ("directory-away", 0),
    };
    let why = words.say(key);
    let next = words.count(&format!("{key}.next"), "minutes", minutes);
    (key, Some([why, next]))
}

fn second(sign_in: &SignIn, words: Words<'_>, id: &str, person: &Person) -> (String, String) {
    let has_authenticator = sign_in.state().has_authenticator(&person.account);
    let body = rendered(&Second {
        words,
        flow: id,
        account: &person.account,
        has_authenticator,
        recovery: &sign_in.recovery,
    });
    let title = match has_authenticator {
        true => "second",
        false => "second-lost",
    };
    (words.say(title), body)
}

#[derive(Template)]
#[template(path = "sign_in/security_info.html")]
struct SecurityInfo<'a> {
    words: Words<'a>,
    account: &'a str,
    has_authenticator: bool,
}

pub(super) fn security_info(sign_in: &SignIn, visitor: &Visitor, session: &Session) -> Response {
    let language = visitor.language(session.person.language());
    let words = sign_in.site.words(language);
    let account = &session.person.account;
    let body = rendered(&SecurityInfo {
        words,
        account,
        has_authenticator: sign_in.state().has_authenticator(account),
    });
    let title = words.say("security-info");
    sign_in
        .site
        .show(visitor, &Page::new(language, &title, body))
}

pub(super) fn signed_out(sign_in: &SignIn, visitor: &Visitor) -> Response {
    let action = Some(("/security-info", "sign-in-again"));
    notice(sign_in, visitor, StatusCode::OK, "signed-out", action)
}

/// A sign-in that took too long, is done, or belongs to another browser.
pub(super) fn over(sign_in: &SignIn, visitor: &Visitor) -> Response {
    notice(
        sign_in,
        visitor,
        StatusCode::NOT_FOUND,
        "sign-in-over",
        None,
    )
}

/// A request that nobody can be told about but whoever sees the page.
pub(super) fn unanswerable(sign_in: &SignIn, visitor: &Visitor) -> Response {
    notice(
        sign_in,
        visitor,
        StatusCode::BAD_REQUEST,
        "bad-request",
        None,
    )
}

fn notice(
    sign_in: &SignIn,
    visitor: &Visitor,
    status: StatusCode,
    key: &str,
    action: Option<(&str, &str)>,
) -> Response {
    let language = visitor.language(None);
    let words = sign_in.site.words(language);
    let [title, why, next] = ["", ".why", ".next"].map(|part| words.say(&format!("{key}{part}")));
    let label = action.map(|(_, label)| words.say(label));
    let action = action.zip(label.as_deref());
    let notice = Notice {
        status,
        reason: key,
        title: &title,
        why: &why,
        next: &next,
        action: action.map(|((href, _), label)| Action { href, label }),
        reference: None,
        switchable: true,
    };
    sign_in.site.notice(visitor, language, &notice)
}

/// Where a form's answer may send the browser.
fn origin_of(address: &str) -> Vec<String> {
    let url = Url::parse(address).ok();
    url.map(|url| url.origin().ascii_serialization())
        .into_iter()
        .collect()
}

fn rendered(template: &impl Template) -> String {
    template
        .render()
        .expect("writing to a string does not fail")
}

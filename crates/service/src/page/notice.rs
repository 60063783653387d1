//! The notice: what happened, why, and what to do now.

use super::{Frame, Language, Page, Visitor, Words};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

/// A page that only says something. Its heading is what happened.
pub struct Notice<'a> {
    /// The answer's status.
    pub status: StatusCode,
    /// The word for programs and for support; never part of a sentence.
    pub reason: &'a str,
    /// What happened.
    pub title: &'a str,
    /// Why.
    pub why: &'a str,
    /// What to do now.
    pub next: &'a str,
    /// The button to do it.
    pub action: Option<Action<'a>>,
    /// What the log knows it by.
    pub reference: Option<&'a str>,
    /// Whether switching the language can show the same page again.
    pub switchable: bool,
}

/// A link that looks like the one thing to do.
pub struct Action<'a> {
    /// Where it leads; empty for the page itself.
    pub href: &'a str,
    /// What it says.
    pub label: &'a str,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Body<'a> {
    notice: &'a Notice<'a>,
    words: Words<'a>,
}

impl Frame {
    /// Shows a notice.
    pub fn notice(&self, visitor: &Visitor, language: Language, notice: &Notice<'_>) -> Response {
        let words = self.words(language);
        let body = Body { notice, words };
        let body = body.render().expect("writing to a string does not fail");
        let mut page = Page::new(language, notice.title, body);
        page.status = notice.status;
        page.switchable = notice.switchable;
        self.show(visitor, &page)
    }

    /// What an answer without a page of its own says: not found, too much, too often, our failure.
    pub fn plain_notice(
        &self,
        visitor: &Visitor,
        status: StatusCode,
        reference: Option<&str>,
    ) -> Response {
        let language = visitor.language(None);
        let words = self.words(language);
        let key = match status {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => "not-found",
            StatusCode::MISDIRECTED_REQUEST => "wrong-host",
            StatusCode::TOO_MANY_REQUESTS => "too-often",
            status if status.is_client_error() => "not-understood",
            _ => "unavailable",
        };
        let say = |part: &str| words.say(&format!("{key}{part}"));
        let again = words.say("again");
        let again = Action {
            href: "",
            label: &again,
        };
        self.notice(
            visitor,
            language,
            &Notice {
                status,
                reason: key,
                title: &say(""),
                why: &say(".why"),
                next: &say(".next"),
                // What may have passed by itself is worth another try.
                action: ["too-often", "unavailable"].contains(&key).then_some(again),
                reference,
                switchable: status != StatusCode::METHOD_NOT_ALLOWED,
            },
        )
    }
}

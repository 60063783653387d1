//! The mails that the portal wrote: everybody's, in one mailbox.

use super::Front;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kazasu_service::page::{Language, Page, Visitor, Words};
use mail_parser::{Message, MessageParser, MimeHeaders as _};
use std::path::Path as File;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "front/mailbox.html")]
struct Mailbox<'a> {
    words: Words<'a>,
    letters: Vec<Letter>,
}

/// A mail as it is listed, and shown.
struct Letter {
    /// The file's name.
    file: String,
    to: String,
    from: String,
    subject: String,
    /// When it was written, as it says itself.
    date: String,
    /// For ordering, in seconds since the Unix epoch.
    at: i64,
    /// The tag of the language it is written in; empty where it is in several, or does not say.
    language: String,
    lines: Vec<Vec<Piece>>,
}

/// Part of a line: text, or an address to follow.
struct Piece {
    text: String,
    is_link: bool,
}

pub(super) async fn list(State(front): State<Arc<Front>>, visitor: Visitor) -> Response {
    let letters = all(&front.setup.mails);
    front.show(&visitor, "mailbox", |words| Mailbox { words, letters })
}

#[derive(Template)]
#[template(path = "front/mail.html")]
struct Mail<'a> {
    words: Words<'a>,
    letter: Letter,
}

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    Path(file): Path<String>,
    visitor: Visitor,
) -> Response {
    let found = all(&front.setup.mails);
    let Some(letter) = found.into_iter().find(|letter| letter.file == file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let language = visitor.language(None);
    let words = front.site.words(language);
    let title = letter.subject.clone();
    let body = Mail { words, letter }.render();
    let body = body.expect("writing to a string does not fail");
    front
        .site
        .show(&visitor, &Page::new(language, &title, body))
}

/// Every mail, the latest first. A file that is being written is there the next time.
fn all(folder: &File) -> Vec<Letter> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mails = paths.filter(|path| path.extension().is_some_and(|end| end == "eml"));
    let mut letters: Vec<_> = mails.filter_map(|path| read(&path)).collect();
    letters.sort_by(|a, b| (b.at, &b.file).cmp(&(a.at, &a.file)));
    letters
}

fn read(path: &File) -> Option<Letter> {
    let bytes = std::fs::read(path).ok()?;
    let message = MessageParser::default().parse(&bytes)?;
    let text = message.body_text(0).unwrap_or_default();
    let date = message.date();
    let language = message.content_language().as_text().unwrap_or_default();
    let is_one = Language::from_tag(language).is_some();
    Some(Letter {
        language: if is_one {
            language.to_owned()
        } else {
            String::new()
        },
        file: path.file_name()?.to_str()?.to_owned(),
        to: people(&message, |message| message.to()),
        from: people(&message, |message| message.from()),
        subject: message.subject().unwrap_or_default().to_owned(),
        date: date.map(ToString::to_string).unwrap_or_default(),
        at: date.map_or(0, mail_parser::DateTime::to_timestamp),
        lines: text.lines().map(pieces).collect(),
    })
}

fn people<'a>(
    message: &'a Message<'a>,
    of: impl Fn(&'a Message<'a>) -> Option<&'a mail_parser::Address<'a>>,
) -> String {
    let addresses = of(message).into_iter().flat_map(|list| list.iter());
    let addresses: Vec<_> = addresses.filter_map(|one| one.address()).collect();
    addresses.join(", ")
}

/// A line, and where it leads: only to this machine, as everything here.
fn pieces(line: &str) -> Vec<Piece> {
    let words = line.split_inclusive(char::is_whitespace);
    let is_link = |word: &str| {
        let url = url::Url::parse(word.trim()).ok();
        url.is_some_and(|url| kazasu_service::settings::web::is_loopback(&url))
    };
    words
        .map(|word| Piece {
            text: word.to_owned(),
            is_link: is_link(word),
        })
        .collect()
}

//! The counters of the demo: the municipality's, where cards are renewed, re-issued, revoked and
//! unblocked, and the university's, where an account is opened again.

use super::Front;
use crate::cards::{Order, TriesLeft};
use crate::cast::Person;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kazasu_service::page::{Action, Notice, Visitor, Words};
use std::sync::Arc;

/// What can be done to a card: the word in the address, which is also in the texts.
const ORDERS: [&str; 6] = ["renew", "reissue", "revoke", "hold", "release", "unblock"];

#[derive(Template)]
#[template(path = "front/desk.html")]
struct Desk<'a> {
    words: Words<'a>,
    cards: Vec<CardLine<'a>>,
    people: &'a [Person],
}

struct CardLine<'a> {
    person: &'a Person,
    tries: TriesLeft,
    orders: [Offer; ORDERS.len()],
}

struct Offer {
    word: &'static str,
    label: String,
}

pub(super) async fn show(State(front): State<Arc<Front>>, visitor: Visitor) -> Response {
    front.show(&visitor, "desk", |words| Desk {
        words,
        cards: cards(&front, words),
        people: &front.setup.people,
    })
}

fn cards<'a>(front: &'a Front, words: Words<'_>) -> Vec<CardLine<'a>> {
    let line = |person: &'a Person| {
        Some(CardLine {
            person,
            tries: front.setup.cards.tries_left(person.id()).ok()?,
            orders: ORDERS.map(|word| Offer {
                word,
                label: words.say(&format!("order-{}.order", word)),
            }),
        })
    };
    front.setup.people.iter().filter_map(line).collect()
}

pub(super) async fn order(
    State(front): State<Arc<Front>>,
    Path((holder, word)): Path<(String, String)>,
    visitor: Visitor,
) -> Response {
    let cards = &front.setup.cards;
    let done = match word.as_str() {
        "renew" => cards.order(Order::Renew, &holder).await,
        "reissue" => cards.order(Order::Reissue, &holder).await,
        "revoke" => cards.order(Order::Revoke, &holder).await,
        "hold" => cards.order(Order::Hold, &holder).await,
        "release" => cards.order(Order::Release, &holder).await,
        "unblock" => cards.unblock(&holder),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let (status, key) = match done {
        Ok(()) => (StatusCode::OK, format!("order-{}", word)),
        Err(_) if !cards.has(&holder) => return StatusCode::NOT_FOUND.into_response(),
        Err(_) => (StatusCode::CONFLICT, "order-refused".to_owned()),
    };
    let person = front.setup.people.iter().find(|p| p.id() == holder);
    let name = person.map_or("", |person| person.name(visitor.language(None)));
    front.told(&visitor, status, &key, "person", name)
}

pub(super) async fn open(
    State(front): State<Arc<Front>>,
    Path(account): Path<String>,
    visitor: Visitor,
) -> Response {
    let accounts = front.setup.people.iter().flat_map(|p| &p.accounts);
    if !accounts.into_iter().any(|known| known.id == account) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (status, key) = match (front.setup.unfreeze)(account.clone()).await {
        Ok(()) => (StatusCode::OK, "opened"),
        Err(_) => (StatusCode::CONFLICT, "not-opened"),
    };
    front.told(&visitor, status, key, "account", &account)
}

impl Front {
    /// Says what was done, or why not.
    fn told(
        &self,
        visitor: &Visitor,
        status: StatusCode,
        key: &str,
        name: &'static str,
        value: &str,
    ) -> Response {
        let language = visitor.language(None);
        let words = self.site.words(language);
        let [title, why, next] =
            ["", ".why", ".next"].map(|part| words.say_with(&format!("{key}{part}"), name, value));
        let label = words.say("back-to-desk");
        let action = Action {
            href: "/desk",
            label: &label,
        };
        let notice = Notice {
            status,
            reason: key,
            title: &title,
            why: &why,
            next: &next,
            action: Some(action),
            reference: None,
            // A form's answer.
            switchable: false,
        };
        self.site.notice(visitor, language, &notice)
    }
}

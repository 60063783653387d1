//! Who is who, what they know, and what to try with each of them.

use super::Front;
use crate::cast::{Person, PersonsAccount};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use kazasu_service::page::{Visitor, Words};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "front/people.html")]
struct People<'a> {
    words: Words<'a>,
    people: Vec<Introduced<'a>>,
    portal: &'a str,
}

/// Somebody, in words.
struct Introduced<'a> {
    person: &'a Person,
    who: String,
    /// What to try, step by step.
    tries: Vec<String>,
}

pub(super) async fn show(State(front): State<Arc<Front>>, visitor: Visitor) -> Response {
    front.show(&visitor, "people", |words| People {
        words,
        people: front
            .setup
            .people
            .iter()
            .map(|person| introduced(words, person))
            .collect(),
        portal: &front.setup.portal,
    })
}

fn introduced<'a>(words: Words<'_>, person: &'a Person) -> Introduced<'a> {
    let key = format!("person-{}", person.id());
    let tries = (1..)
        .map(|number| format!("{key}.try{number}"))
        .take_while(|key| words.has(key))
        .map(|key| words.say(&key))
        .collect();
    Introduced {
        person,
        who: words.say(&key),
        tries,
    }
}

impl Introduced<'_> {
    fn kind(&self, account: &PersonsAccount) -> &'static str {
        match (account.left_days_ago, account.kind.as_str()) {
            (Some(_), _) => "kind-left",
            (None, "staff") => "kind-staff",
            (None, _) => "kind-student",
        }
    }
}

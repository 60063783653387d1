//! What the tap page shows while a transaction is open: one question at a time.

use crate::app::App;
use crate::pages::spoken;
use crate::settings::{RelyingParty, Stores};
use crate::transaction::{PAIRING_TRIES, State, Transaction};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use kazasu_service::page::{self, Frame, Page, Visitor, Words};
use kazasu_statement::{Language, Mode};
use url::Url;

/// Seconds between looks at a transaction that the phone moves on, where there are no scripts.
const RELOAD: u32 = 3;

/// The page of an open transaction.
pub(super) struct View<'a> {
    transaction: &'a Transaction,
    party: &'a RelyingParty,
    stores: &'a Stores,
    frame: &'a Frame,
    visitor: &'a Visitor,
    words: Words<'a>,
    ticket_url: String,
    /// Seconds a transaction may take.
    lifetime: i64,
    now: i64,
}

/// A way to tap, as a choice.
struct Way {
    word: &'static str,
    label: &'static str,
    hint: &'static str,
    /// The inside of an SVG element.
    icon: &'static str,
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'a> {
    view: &'a View<'a>,
    modes: Vec<Way>,
    phone_only: bool,
}

#[derive(Template)]
#[template(path = "phone.html")]
struct Phone<'a> {
    view: &'a View<'a>,
}

#[derive(Template)]
#[template(path = "scan.html")]
struct Scan<'a> {
    view: &'a View<'a>,
}

#[derive(Template)]
#[template(path = "reader.html")]
struct Reader<'a> {
    view: &'a View<'a>,
}

#[derive(Template)]
#[template(path = "digits.html")]
struct Digits<'a> {
    view: &'a View<'a>,
    /// Where the digits are shown.
    whose: &'static str,
    notice: Option<Vec<String>>,
    /// What was typed cannot be six digits.
    slip: bool,
    typed: &'a str,
}

#[derive(Template)]
#[template(path = "wait.html")]
struct Wait<'a> {
    view: &'a View<'a>,
    what: &'static str,
    again: &'static str,
}

#[derive(Template)]
#[template(path = "over.html")]
struct Over<'a> {
    view: &'a View<'a>,
    renew: &'static str,
}

impl<'a> View<'a> {
    pub(super) fn new(
        app: &'a App,
        visitor: &'a Visitor,
        transaction: &'a Transaction,
        party: &'a RelyingParty,
        ticket_url: String,
        now: i64,
    ) -> Self {
        let language = visitor.language(Some(spoken(transaction.language)));
        Self {
            transaction,
            party,
            stores: &app.settings.apps.stores,
            frame: &app.frame,
            visitor,
            words: app.frame.words(language),
            ticket_url,
            lifetime: app.settings.lifetimes.transaction,
            now,
        }
    }

    /// `slip`: what was typed, if it cannot be six digits.
    pub(super) fn respond(&self, slip: Option<&str>) -> Response {
        let transaction = self.transaction;
        let state = transaction.shown_state(self.lifetime, self.now);
        let (title, body, reload) = match (state, transaction.mode) {
            (State::Created, None) => self.start(),
            (State::Created, Some(mode)) if self.ticket_seconds().is_none() => (
                "over",
                rendered(&Over {
                    view: self,
                    renew: renew(mode),
                }),
                None,
            ),
            (State::Created, Some(Mode::SamePhone)) => {
                ("phone", rendered(&Phone { view: self }), Some(RELOAD))
            }
            (State::Created, Some(Mode::OtherDevice)) => {
                ("scan", rendered(&Scan { view: self }), Some(RELOAD))
            }
            (State::Created, Some(Mode::Local)) => {
                ("reader", rendered(&Reader { view: self }), Some(RELOAD))
            }
            (State::Claimed, Some(Mode::OtherDevice | Mode::Local)) => self.digits(slip),
            _ => self.wait(),
        };
        let title = self.words.say(title);
        let targets: Vec<String> = Url::parse(&transaction.redirect_uri)
            .ok()
            .map(|url| url.origin().ascii_serialization())
            .into_iter()
            .collect();
        let mut page = Page::new(self.words.language(), &title, body);
        page.reload = reload;
        page.live = transaction.mode.is_some();
        page.form_targets = &targets;
        if slip.is_some() {
            page.status = StatusCode::UNPROCESSABLE_ENTITY;
        }
        self.frame.show(self.visitor, &page)
    }

    fn start(&self) -> (&'static str, String, Option<u32>) {
        let modes = self.party.modes(self.transaction.purpose);
        let body = rendered(&Start {
            view: self,
            modes: modes.iter().map(|mode| way(*mode)).collect(),
            phone_only: modes == [Mode::SamePhone],
        });
        let title = if modes.len() == 1 {
            "start-one"
        } else {
            "start"
        };
        (title, body, None)
    }

    fn digits(&self, slip: Option<&str>) -> (&'static str, String, Option<u32>) {
        let tries = self.transaction.pairing_tries;
        let left = PAIRING_TRIES.saturating_sub(tries);
        let are_over = self
            .transaction
            .digits_expire_at
            .is_some_and(|end| end <= self.now);
        let notice = if are_over {
            Some(vec![self.words.say("digits.over")])
        } else if tries == 0 {
            None
        } else {
            let left = match left {
                1 => self.words.say("digits.last"),
                _ => self.words.count("digits.tries", "tries", left.into()),
            };
            Some(vec![self.words.say("digits.wrong"), left])
        };
        let body = rendered(&Digits {
            view: self,
            whose: match self.transaction.mode {
                Some(Mode::Local) => "digits.local",
                _ => "digits.phone",
            },
            notice,
            slip: slip.is_some(),
            typed: slip.unwrap_or_default(),
        });
        // No reload while somebody types.
        ("digits", body, None)
    }

    fn wait(&self) -> (&'static str, String, Option<u32>) {
        let (what, again) = match self.transaction.mode {
            Some(Mode::SamePhone) => ("wait.phone", "wait.again"),
            _ => ("wait.paired", "wait.other-again"),
        };
        let body = rendered(&Wait {
            view: self,
            what,
            again,
        });
        ("wait", body, Some(RELOAD))
    }

    fn party_name(&self) -> &str {
        self.party.name(self.spoken())
    }

    fn spoken(&self) -> Language {
        match self.words.language() {
            page::Language::Japanese => Language::Japanese,
            page::Language::English => Language::English,
        }
    }

    fn purpose(&self) -> String {
        let purpose = self.transaction.purpose;
        self.words.say(&format!("purpose-{purpose}"))
    }

    fn provided(&self) -> String {
        self.words.say(match self.transaction.wants_name {
            true => "provided-name",
            false => "provided-id",
        })
    }

    /// Who asks, and for what, in one sentence.
    fn asked_by(&self) -> String {
        let (party, purpose) = (self.party_name(), self.purpose());
        let values = [("party", party), ("purpose", &*purpose)];
        self.words.say_all("asked-by", &values)
    }

    fn page(&self) -> String {
        format!("/tap/{}", self.transaction.id)
    }

    fn action(&self, step: &str) -> String {
        format!("/tap/{}/{step}", self.transaction.id)
    }

    fn events(&self) -> String {
        let mark = self.transaction.mark(self.lifetime, self.now);
        format!("/tap/{}/events?seen={mark}", self.transaction.id)
    }

    /// Minutes until the transaction ends, at least one.
    fn minutes_left(&self) -> i64 {
        (self.transaction.expires_at - self.now).max(60) / 60
    }

    /// Seconds until the ticket ends; `None` if it has.
    fn ticket_seconds(&self) -> Option<i64> {
        self.seconds_until(self.transaction.ticket_expires_at?)
    }

    /// Seconds until the digits end; `None` if they have, or there are none.
    fn digits_seconds(&self) -> Option<i64> {
        self.seconds_until(self.transaction.digits_expire_at?)
    }

    /// Nothing outlives the transaction.
    fn seconds_until(&self, end: i64) -> Option<i64> {
        let left = end.min(self.transaction.expires_at) - self.now;
        (left > 0).then_some(left)
    }

    /// As clocks show it.
    fn clock(&self, seconds: &i64) -> String {
        format!("{}:{:02}", seconds / 60, seconds % 60)
    }
}

fn rendered(template: &impl Template) -> String {
    template
        .render()
        .expect("writing to a string does not fail")
}

fn renew(mode: Mode) -> &'static str {
    match mode {
        Mode::SamePhone => "phone.renew",
        Mode::OtherDevice => "scan.renew",
        Mode::Local => "reader.renew",
    }
}

fn way(mode: Mode) -> Way {
    let (label, hint, icon) = match mode {
        Mode::SamePhone => (
            "start-same-phone",
            "start-same-phone.hint",
            "<rect x=\"7\" y=\"2.5\" width=\"10\" height=\"19\" rx=\"2\"/><path d=\"M11 18.5h2\"/>",
        ),
        Mode::OtherDevice => (
            "start-other-device",
            "start-other-device.hint",
            "<rect x=\"1.5\" y=\"4\" width=\"14\" height=\"10\" rx=\"1.5\"/><path d=\"M5 17.5h6\"/><rect x=\"16\" y=\"9\" width=\"6.500\" height=\"12\" rx=\"1.500\"/>",
        ),
        Mode::Local => (
            "start-local",
            "start-local.hint",
            "<rect x=\"3\" y=\"10\" width=\"18\" height=\"10\" rx=\"2\"/><path d=\"M7 10V4.500h10V10M7 15h6\"/>",
        ),
    };
    Way {
        word: mode.as_str(),
        label,
        hint,
        icon,
    }
}

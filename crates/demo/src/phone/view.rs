//! What the phone's pages say.

use super::screen::{Interruption, Pin, Screen, Slip};
use super::tap::Shown;
use super::{Phone, Tap, notice};
use crate::cast::Person;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use kazasu_companion::{Details, Step};
use kazasu_service::page::{Language, Page, Visitor, Words};
use kazasu_statement::{self as statement, Claim};
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds between looks where there are no scripts and something is under way.
const RELOAD: u32 = 2;

#[derive(Template)]
#[template(path = "phone/home.html")]
struct Home<'a> {
    words: Words<'a>,
    /// What was typed and is no ticket.
    wrong: Option<&'a str>,
    desk: &'a str,
}

pub(super) fn home(phone: &Phone, visitor: &Visitor, wrong: Option<&str>) -> Response {
    let language = visitor.language(None);
    let words = phone.site.words(language);
    let desk = &phone.desk;
    let body = rendered(&Home { words, wrong, desk });
    let title = words.say("home");
    let mut page = Page::new(language, &title, body);
    if wrong.is_some() {
        page.status = StatusCode::UNPROCESSABLE_ENTITY;
    }
    phone.site.show(visitor, &page)
}

#[derive(Template)]
#[template(path = "phone/ticket.html")]
struct Cards<'a> {
    words: Words<'a>,
    people: &'a [Person],
    /// The card of the last time.
    held: &'a str,
}

pub(super) fn ticket(phone: &Phone, visitor: &Visitor, held: Option<&str>) -> Response {
    let language = visitor.language(None);
    let words = phone.site.words(language);
    let people = &phone.people;
    let first = people.first().map_or("", Person::id);
    let held = held.unwrap_or(first);
    let body = rendered(&Cards {
        words,
        people,
        held,
    });
    let title = words.say("cards");
    phone.site.show(visitor, &Page::new(language, &title, body))
}

/// Everything the page of a tap can show.
struct View<'a> {
    words: Words<'a>,
    tap: &'a Tap,
    shown: Shown,
    person: &'a Person,
}

#[derive(Template)]
#[template(path = "phone/consent.html")]
struct Consent<'a> {
    view: &'a View<'a>,
}

#[derive(Template)]
#[template(path = "phone/digits.html")]
struct Digits<'a> {
    view: &'a View<'a>,
    digits: &'a str,
    seconds: i64,
}

#[derive(Template)]
#[template(path = "phone/pin.html")]
struct PinPage<'a> {
    view: &'a View<'a>,
    label: String,
    official: String,
    /// Tells the PIN of this card, which nobody else would.
    sample: String,
    tries_left: Option<u8>,
    slip: Option<Slip>,
    same: bool,
}

#[derive(Template)]
#[template(path = "phone/hold.html")]
struct Hold<'a> {
    view: &'a View<'a>,
    after: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "phone/reading.html")]
struct Reading<'a> {
    view: &'a View<'a>,
    steps: Vec<StepLine>,
    can_take_away: bool,
}

/// A step of the reading, for its list.
struct StepLine {
    key: &'static str,
    /// `done`, `now` or `later`.
    state: &'static str,
}

#[derive(Template)]
#[template(path = "phone/done.html")]
struct Done<'a> {
    view: &'a View<'a>,
    return_url: Option<&'a str>,
}

pub(super) fn tap(phone: &Phone, visitor: &Visitor, tap: &Tap) -> Response {
    let language = visitor.language(Some(match tap.details.language {
        statement::Language::Japanese => Language::Japanese,
        statement::Language::English => Language::English,
    }));
    let Some(person) = phone.person(&tap.holder) else {
        return ticket(phone, visitor, None);
    };
    let view = View {
        words: phone.site.words(language),
        tap,
        shown: tap.shown.borrow().clone(),
        person,
    };
    let (title, body) = match &view.shown.screen {
        Screen::Over(ending) => return notice::over(phone, visitor, language, tap, ending),
        screen => (view.title(screen), view.body(screen)),
    };
    let mut page = Page::new(language, &title, body);
    page.live = true;
    page.reload = view.is_moving().then_some(RELOAD);
    phone.site.show(visitor, &page)
}

impl View<'_> {
    fn title(&self, screen: &Screen) -> String {
        let is_last = |tries: &Option<u8>| *tries == Some(1);
        self.words.say(match screen {
            Screen::Consent => "consent",
            Screen::Digits { .. } => "digits",
            Screen::Pin { tries_left, .. } if is_last(tries_left) => "last-try",
            Screen::Pin { pin: Pin::Auth, .. } => "pin-auth",
            Screen::Pin { pin: Pin::Name, .. } => "pin-name",
            Screen::Hold { after: None } => "hold",
            Screen::Hold { .. } => "hold-again",
            Screen::Reading(Step::Checking) => "checking",
            Screen::Reading(_) => "reading",
            Screen::Done { .. } | Screen::Over(_) => "done",
        })
    }

    fn body(&self, screen: &Screen) -> String {
        let view = self;
        match screen {
            Screen::Consent => rendered(&Consent { view }),
            Screen::Digits { digits, expires_at } => rendered(&Digits {
                view,
                digits,
                seconds: (expires_at - now()).max(0),
            }),
            Screen::Pin {
                pin,
                tries_left,
                slip,
            } => self.pin_page(*pin, *tries_left, *slip),
            Screen::Hold { after } => rendered(&Hold {
                view,
                after: after.map(|after| match after {
                    Interruption::Lost => "lost",
                    Interruption::LostWhileVerifying => "lost-while-verifying",
                    Interruption::Offline => "offline-now",
                }),
            }),
            Screen::Reading(step) => rendered(&Reading {
                view,
                steps: self.steps(*step),
                can_take_away: *step != Step::Checking,
            }),
            Screen::Done { return_url } => rendered(&Done {
                view,
                return_url: return_url.as_deref(),
            }),
            Screen::Over(_) => String::new(),
        }
    }

    fn pin_page(&self, pin: Pin, tries_left: Option<u8>, slip: Option<Slip>) -> String {
        let (card, person) = (&self.person.card, self.person.name(self.words.language()));
        let (digits, label, official) = match pin {
            Pin::Auth => (
                &card.pins.authentication,
                "pin-auth.label",
                "pin-auth.official",
            ),
            Pin::Name => (&card.pins.profile, "pin-name.label", "pin-name.official"),
        };
        rendered(&PinPage {
            view: self,
            label: self.words.say(label),
            official: self.words.say(official),
            sample: self
                .words
                .say_all("pin.sample", &[("person", person), ("pin", digits)]),
            tries_left,
            slip,
            same: pin == Pin::Name && slip.is_none(),
        })
    }

    fn steps(&self, now: Step) -> Vec<StepLine> {
        let mut steps = vec![
            (Step::ReadingName, "step-name"),
            (Step::ReadingCertificate, "step-certificate"),
            (Step::Signing, "step-signing"),
            (Step::Checking, "step-checking"),
        ];
        steps.retain(|(step, _)| *step != Step::ReadingName || self.provides_name());
        let at = steps.iter().position(|(step, _)| *step == now);
        let state = |i: usize| match at {
            Some(at) if i < at => "done",
            Some(at) if i == at => "now",
            _ => "later",
        };
        let lines = steps.iter().enumerate();
        lines
            .map(|(i, (_, key))| StepLine {
                key,
                state: state(i),
            })
            .collect()
    }

    /// It changes without anybody doing something here.
    fn is_moving(&self) -> bool {
        matches!(
            self.shown.screen,
            Screen::Digits { .. } | Screen::Reading(_)
        )
    }

    fn details(&self) -> &Details {
        &self.tap.details
    }

    fn asked_by(&self) -> &str {
        let party = &self.details().relying_party;
        party.name(match self.words.language() {
            Language::Japanese => statement::Language::Japanese,
            Language::English => statement::Language::English,
        })
    }

    fn purpose(&self) -> String {
        let purpose = self.details().purpose;
        self.words.say(&format!("purpose-{}", purpose.as_str()))
    }

    fn provides_name(&self) -> bool {
        self.details().claims.contains(&Claim::Name)
    }

    fn provided(&self) -> String {
        self.words.say(match self.provides_name() {
            true => "provided-name",
            false => "provided-id",
        })
    }

    fn minutes_ago(&self) -> i64 {
        (now() - self.details().started_at).max(0) / 60
    }

    /// The page that began it: in the demo both devices are one browser.
    fn page_there(&self) -> String {
        page_there(self.tap)
    }

    fn act(&self, word: &str) -> String {
        format!("/tap/{}/{word}", self.tap.id)
    }

    fn page(&self) -> String {
        format!("/tap/{}", self.tap.id)
    }

    fn events(&self) -> String {
        format!("/tap/{}/events?seen={}", self.tap.id, self.shown.number)
    }
}

pub(super) fn page_there(tap: &Tap) -> String {
    format!("{}/tap/{}", tap.verifier_origin, tap.details.transaction_id)
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs().cast_signed())
}

fn rendered(template: &impl Template) -> String {
    template
        .render()
        .expect("writing to a string does not fail")
}

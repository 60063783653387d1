//! The virtual phone: web pages that stand for a phone and its app. Ticket links lead to it, as on
//! a phone they lead to the app, and behind it is the companion that every app has, with a card of
//! the emulator held to it.

pub(crate) mod at_once;
mod channel;
pub(crate) mod line;
mod notice;
mod pages;
mod screen;
mod tap;
mod view;

use crate::cards::Cards;
use crate::cast::Person;

use crate::site::Site;
use anyhow::Result;
use axum::Router;
use kazasu_companion::{CompanionError, Details, Ticket, Transaction};
use kazasu_emulator::field::Field;
use kazasu_service::page::Source;
use kazasu_service::secret::random_text;
use line::Line;
use screen::{Act, Screen};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tap::{Shown, Tapping};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// The texts of its pages.
pub(crate) const TEXTS: Source = Source {
    ja: include_str!("texts/phone.ja.ftl"),
    en: include_str!("texts/phone.en.ftl"),
};

/// How many taps are remembered; the oldest go first.
const TAPS: usize = 200;

/// What a phone is set up with.
pub struct PhoneSetup {
    /// Its origin, which is where the verifier has its tickets.
    pub origin: String,
    /// The one verifier that it knows.
    pub verifier_origin: String,
    /// Where that is reached, whatever its name.
    pub verifier_address: SocketAddr,
    /// The cards that can be held to it.
    pub cards: Arc<Cards>,
    /// Whose they are.
    pub people: Vec<Person>,
    /// How long the card takes for each command, so that somebody can see it, or take it away.
    pub pause: Duration,
    /// Where a blocked card is looked after.
    pub desk: String,
}

/// The virtual phone.
pub(crate) struct Phone {
    site: Arc<Site>,
    line: Line,
    cards: Arc<Cards>,
    people: Vec<Person>,
    pause: Duration,
    desk: String,
    taps: Mutex<BTreeMap<u64, Arc<Tap>>>,
}

/// A tap, as its pages know it.
pub(crate) struct Tap {
    /// What its address says; nobody can guess it.
    id: String,
    holder: String,
    details: Details,
    verifier_origin: String,
    field: Field,
    shown: watch::Receiver<Shown>,
    acts: mpsc::Sender<(u64, Act)>,
    task: JoinHandle<()>,
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The phone's pages.
///
/// # Errors
/// If the two origins cannot be those of a verifier.
pub fn router(setup: PhoneSetup) -> Result<Router> {
    let name = ["デモ用のスマートフォン", "Demo phone"];
    let site = Arc::new(Site::new(&setup.origin, name, &[TEXTS]));
    let phone = Arc::new(Phone {
        line: Line::new(
            &setup.origin,
            &setup.verifier_origin,
            setup.verifier_address,
        )?,
        site: site.clone(),
        cards: setup.cards,
        people: setup.people,
        pause: setup.pause,
        desk: setup.desk,
        taps: Mutex::default(),
    });
    Ok(site.dress(pages::routes(phone)))
}

impl Phone {
    /// Claims a ticket with somebody's card at hand.
    async fn claim(&self, ticket: &Ticket, holder: &str) -> Result<Arc<Tap>, CompanionError> {
        let channel = self.line.connect()?;
        let transaction = Transaction::claim(channel, ticket).await?;
        let first = Shown {
            number: 0,
            screen: Screen::Consent,
        };
        let (sender, shown) = watch::channel(first);
        let (acts, receiver) = mpsc::channel(8);
        let field = Field::new();
        let tapping = Tapping {
            cards: self.cards.clone(),
            holder: holder.to_owned(),
            field: field.clone(),
            shown: sender,
            acts: receiver,
            pause: self.pause,
        };
        let tap = Arc::new(Tap {
            id: random_text::<16>(),
            holder: holder.to_owned(),
            details: transaction.details().clone(),
            verifier_origin: transaction.verifier_origin().to_owned(),
            field,
            shown,
            acts,
            task: tokio::spawn(tapping.run(transaction)),
        });
        let mut taps = self.taps.lock().expect("no holder panics");
        let number = taps.last_key_value().map_or(0, |(last, _)| last + 1);
        taps.insert(number, tap.clone());
        if taps.len() > TAPS {
            taps.pop_first();
        }
        Ok(tap)
    }

    fn tap(&self, id: &str) -> Option<Arc<Tap>> {
        let taps = self.taps.lock().expect("no holder panics");
        taps.values().find(|tap| tap.id == id).cloned()
    }

    fn person(&self, holder: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.id() == holder)
    }
}

//! The virtual phone, with the real verifier.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use kazasu_demo::browser::{Browser, Page, client};
use kazasu_demo::cards::{Cards, Order, TriesLeft};
use kazasu_demo::cast::{Person, people};
use kazasu_demo::phone::{self, PhoneSetup};
use kazasu_demo::relying_party::{Answer, Identity, Registration, RelyingParty};
use kazasu_demo::site::{Place, Served};
use kazasu_demo::started::Started;
use kazasu_demo::verifier::{Setup, Verifier};
use reqwest::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// A phone, cards, the verifier, a service.
struct World {
    cards: Arc<Cards>,
    person: Person,
    _verifier: Verifier,
    party: RelyingParty,
    _phone: Served,
    phone: Url,
    _folder: tempfile::TempDir,
}

impl World {
    async fn start() -> Self {
        Self::with_pause(Duration::ZERO).await
    }

    async fn with_pause(pause: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let person = people().unwrap().remove(0);
        let cards = Cards::start(vec![person.card.clone()], None).await.unwrap();
        let cards = Arc::new(cards);
        let place = Place::take("phone", 0).await.unwrap();
        let party = Registration::new("portal", "http://portal.localhost/callback").unwrap();
        let database = folder.path().join("verifier.db");
        let setup = Setup {
            name: "verifier",
            authority: cards.authority(),
            anchor: &cards.anchor().unwrap(),
            relying_parties: std::slice::from_ref(&party),
            folder: folder.path(),
            database: database.to_str().unwrap(),
            origin: Some("http://verifier.localhost:{port}"),
            log: "info",
            revocation: "max_age = 0",
            tables: "",
            lifetimes: "",
        };
        let verifier = Verifier::start_for_phone(place.origin(), None, setup);
        let verifier = verifier.await.unwrap();
        let party = party.connect(&verifier.origin).await.unwrap();
        let setup = PhoneSetup {
            origin: place.origin().to_owned(),
            verifier_origin: verifier.origin.clone(),
            verifier_address: verifier.listen.parse().unwrap(),
            cards: cards.clone(),
            people: vec![person.clone()],
            pause,
            desk: "http://demo.localhost/desk".to_owned(),
        };
        let phone = place.origin().parse().unwrap();
        Self {
            cards,
            person,
            _verifier: verifier,
            party,
            _phone: place.serve(phone::router(setup).unwrap()),
            phone,
            _folder: folder,
        }
    }

    async fn begin(&self, mode: &str) -> Started {
        Started::begin(&self.party, "view", mode).await.unwrap()
    }

    async fn identity(&self, started: Started, callback: &Url) -> Identity {
        match self.party.finish(started.request, callback).await.unwrap() {
            Answer::Identity(identity) => *identity,
            Answer::Refused(error) => panic!("{error}"),
        }
    }
}

/// The phone in somebody's hand.
struct Hand {
    browser: Browser,
    page: Page,
}

impl Hand {
    /// Opens a ticket's link and holds the first person's card ready.
    async fn open(world: &World, ticket: &str) -> Self {
        let mut browser = Browser::new();
        let page = browser.open(&ticket.parse().unwrap()).await.unwrap();
        let page = page.page().unwrap();
        assert_eq!(page.status, StatusCode::OK);
        let mut hand = Self { browser, page };
        let path = hand.page.url.path().to_owned();
        hand.send(&path, &[("card", world.person.id())]).await;
        hand
    }

    async fn send(&mut self, path: &str, form: &[(&str, &str)]) {
        let visit = self.browser.submit(&self.page, path, form).await.unwrap();
        self.page = visit.page().unwrap();
    }

    /// Does something on the screen that is shown.
    async fn act(&mut self, word: &str, form: &[(&str, &str)]) {
        let path = format!("{}/{word}", self.page.url.path());
        let screen = self.screen();
        let form = [&[("screen", &*screen)], form].concat();
        self.send(&path, &form).await;
    }

    /// The number of the screen.
    fn screen(&self) -> String {
        let (_, seen) = self.page.html.split_once("/events?seen=").unwrap();
        seen.split('"').next().unwrap().to_owned()
    }

    /// Waits until the screen is another one than this.
    async fn wait(&mut self) {
        let events = format!("{}/events?seen={}", self.page.url.path(), self.screen());
        let url = self.page.url.join(&events).unwrap();
        // The stream ends with the news.
        let news = client().unwrap().get(url).send().await.unwrap();
        assert!(news.text().await.unwrap().contains("event: changed"));
        let url = self.page.url.clone();
        self.page = self.browser.open(&url).await.unwrap().page().unwrap();
    }

    async fn read(&mut self) {
        self.act("hold", &[]).await;
        while self.page.html.contains("data-step=") {
            self.wait().await;
        }
    }

    fn attribute(&self, id: &str, attribute: &str) -> Option<String> {
        self.page.attribute(id, attribute)
    }

    fn tries(&self) -> String {
        self.attribute("tries", "data-tries").unwrap()
    }
}

#[tokio::test]
async fn a_tap_on_the_phone_leads_back_to_the_service() {
    let world = World::start().await;
    let mut started = world.begin("same-phone").await;
    let mut hand = Hand::open(&world, &started.ticket).await;
    for said in ["portal.localhost", "portal（見本）"] {
        assert!(hand.page.html.contains(said), "{said}");
    }
    hand.act("allow", &[]).await;
    assert_eq!(hand.tries(), "3");
    hand.act("pin", &[("pin", "１２３４")]).await;
    hand.act("same", &[]).await;
    hand.read().await;
    let back = hand.attribute("return", "href").unwrap();
    let back = started.browser.open(&back.parse().unwrap()).await.unwrap();
    let identity = world.identity(started, &back.callback().unwrap()).await;
    assert_eq!(identity.name.as_deref(), Some(&*world.person.card.name));
    assert_eq!(identity.claims.mode, "same-phone");
}

#[tokio::test]
async fn six_digits_join_the_phone_to_the_page_on_another_device() {
    let world = World::start().await;
    let mut started = world.begin("other-device").await;
    let mut hand = Hand::open(&world, &started.ticket).await;
    hand.act("allow", &[]).await;
    let first = hand.attribute("digits", "data-digits").unwrap();
    hand.act("digits", &[]).await;
    let digits = hand.attribute("digits", "data-digits").unwrap();
    assert_ne!(digits, first);
    started.type_digits(&digits).await.unwrap();
    hand.wait().await;
    hand.act("pin", &[("pin", "1234")]).await;
    hand.act("pin", &[("pin", "1234")]).await;
    hand.read().await;
    assert_eq!(hand.attribute("return", "href"), None);
    let page = started.page.url.clone();
    let callback = started.browser.open(&page).await.unwrap();
    let callback = callback.callback().unwrap();
    assert_eq!(
        world.identity(started, &callback).await.claims.mode,
        "other-device"
    );
}

#[tokio::test]
async fn tries_are_the_cards_and_the_last_one_is_asked_for() {
    let world = World::start().await;
    let started = world.begin("same-phone").await;
    let mut hand = Hand::open(&world, &started.ticket).await;
    hand.act("allow", &[]).await;
    for slip in ["123", "12a4", ""] {
        hand.act("pin", &[("pin", slip)]).await;
        assert!(hand.page.html.contains("data-reason=\"malformed_pin\""));
    }
    hand.act("pin", &[("pin", "9999")]).await;
    hand.act("pin", &[("pin", "1234")]).await;
    hand.read().await;
    assert_eq!(hand.tries(), "2");
    hand.act("pin", &[("pin", "9998")]).await;
    hand.read().await;
    assert_eq!(hand.tries(), "1");
    let left = TriesLeft { auth: 1, name: 3 };
    assert_eq!(world.cards.tries_left("taro").unwrap(), left);
    hand.act("pin", &[("pin", "1234")]).await;
    assert!(hand.page.html.contains("data-reason=\"last_try\""));
    assert_eq!(world.cards.tries_left("taro").unwrap(), left);
    hand.act("pin", &[("pin", "1234"), ("agree", "yes")]).await;
    hand.read().await;
    assert!(hand.attribute("return", "href").is_some());
}

#[tokio::test]
async fn a_blocked_card_is_sent_to_the_counter() {
    let world = World::start().await;
    let mut started = world.begin("same-phone").await;
    let mut hand = Hand::open(&world, &started.ticket).await;
    hand.act("allow", &[]).await;
    hand.act("pin", &[("pin", "1234")]).await;
    for _ in 0..2 {
        hand.act("pin", &[("pin", "9999")]).await;
        hand.read().await;
    }
    hand.act("pin", &[("pin", "9999"), ("agree", "yes")]).await;
    hand.read().await;
    assert_eq!(hand.page.reason().unwrap(), "blocked-name");
    assert!(hand.page.html.contains("http://demo.localhost/desk"));
    // The page is told, and goes back.
    let page = started.page.url.clone();
    let page = started.browser.open(&page).await.unwrap().page().unwrap();
    assert_eq!(page.reason().unwrap(), "cancelled");
    world.cards.unblock("taro").unwrap();
    let left = TriesLeft { auth: 3, name: 3 };
    assert_eq!(world.cards.tries_left("taro").unwrap(), left);
}

#[tokio::test]
async fn a_card_taken_away_is_put_back_and_nothing_is_lost() {
    let world = World::with_pause(Duration::from_millis(300)).await;
    let started = world.begin("same-phone").await;
    let mut hand = Hand::open(&world, &started.ticket).await;
    hand.act("allow", &[]).await;
    hand.act("pin", &[("pin", "1234")]).await;
    hand.act("same", &[]).await;
    hand.act("hold", &[]).await;
    assert!(hand.page.html.contains("data-step=\"step-name\""));
    hand.act("take-away", &[]).await;
    assert_eq!(hand.page.reason().unwrap(), "lost");
    hand.read().await;
    assert!(hand.attribute("return", "href").is_some());
    let left = TriesLeft { auth: 3, name: 3 };
    assert_eq!(world.cards.tries_left("taro").unwrap(), left);
}

#[tokio::test]
async fn cancelling_on_the_phone_tells_the_service() {
    let world = World::start().await;
    let mut started = world.begin("same-phone").await;
    let mut hand = Hand::open(&world, &started.ticket).await;
    hand.act("cancel", &[]).await;
    assert_eq!(hand.page.reason().unwrap(), "cancelled");
    let page = started.page.url.clone();
    let page = started.browser.open(&page).await.unwrap().page().unwrap();
    let back = page.attribute("back", "href").unwrap().parse().unwrap();
    let answer = world.party.finish(started.request, &back).await.unwrap();
    assert!(matches!(answer, Answer::Refused(error) if error == "access_denied"));
}

#[tokio::test]
async fn opening_a_link_claims_nothing_and_a_claimed_one_says_so() {
    let world = World::start().await;
    let started = world.begin("same-phone").await;
    let link: Url = started.ticket.parse().unwrap();
    for _ in 0..2 {
        let page = Browser::new().open(&link).await.unwrap().page().unwrap();
        assert_eq!(page.status, StatusCode::OK);
    }
    let first = Hand::open(&world, &started.ticket).await;
    assert_eq!(first.page.status, StatusCode::OK);
    let second = Hand::open(&world, &started.ticket).await;
    assert_eq!(second.page.reason().unwrap(), "ticket_already_claimed");
}

#[tokio::test]
async fn what_was_meant_for_an_earlier_screen_is_not_done() {
    let world = World::start().await;
    let started = world.begin("same-phone").await;
    let mut hand = Hand::open(&world, &started.ticket).await;
    let consent = hand.screen();
    hand.act("allow", &[]).await;
    let pin = hand.screen();
    // A double click, and then a form of the page before.
    let path = format!("{}/allow", hand.page.url.path());
    hand.send(&path, &[("screen", &consent)]).await;
    let path = format!("{}/pin", hand.page.url.path());
    hand.send(&path, &[("screen", &consent), ("pin", "12")])
        .await;
    assert_eq!(hand.screen(), pin);
    assert_eq!(hand.page.reason(), None);
}

#[tokio::test]
async fn a_card_of_a_revoked_certificate_is_refused_in_words() {
    let world = World::start().await;
    world.cards.order(Order::Revoke, "taro").await.unwrap();
    let started = world.begin("same-phone").await;
    let mut hand = Hand::open(&world, &started.ticket).await;
    hand.act("allow", &[]).await;
    hand.act("pin", &[("pin", "1234")]).await;
    hand.act("same", &[]).await;
    hand.read().await;
    assert_eq!(hand.page.reason().unwrap(), "certificate_revoked");
}

#[tokio::test]
async fn the_phone_takes_forms_of_its_own_pages_and_requests_for_its_own_name() {
    let world = World::start().await;
    let http = client().unwrap();
    let open = world.phone.join("/open").unwrap();
    let foreign = http
        .post(open.clone())
        .header("origin", "http://elsewhere.localhost")
        .form(&[("link", "x")]);
    assert_eq!(
        foreign.send().await.unwrap().status(),
        StatusCode::FORBIDDEN
    );
    let own = world.phone.origin().ascii_serialization();
    let own = http.post(open).header("origin", own).form(&[("link", "x")]);
    let status = own.send().await.unwrap().status();
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut renamed = world.phone.clone();
    renamed.set_host(Some("127.0.0.1")).unwrap();
    let status = http.get(renamed).send().await.unwrap().status();
    assert_eq!(status, StatusCode::MISDIRECTED_REQUEST);
}

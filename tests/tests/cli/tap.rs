//! `kazasu tap` as a program uses it, at a verifier.

use kazasu_demo::started::Started;
use kazasu_demo::tap::{Tap, TapOptions};
use kazasu_emulator::fault::{Fault, Pn532Fault};
use kazasu_emulator::holder::{Holder, Token};
use kazasu_emulator::reader::VirtualPn532;
use kazasu_tests::world::World;

/// A world with a reader, for as long as it is kept.
struct Desk {
    world: World,
    reader: VirtualPn532,
}

impl Desk {
    async fn new(token: Token) -> Self {
        let mut taro = Holder::samples().swap_remove(0);
        taro.token = token;
        let world = World::with_holders(vec![taro]).await.expect("a world");
        let path = world.folder.path().join("pn532");
        let reader = VirtualPn532::open(&path, world.emulator.field().clone());
        let reader = reader.expect("a pseudo-terminal");
        Self { world, reader }
    }

    async fn started(&self, mode: &str) -> Started {
        let started = Started::begin(&self.world.portal, "view", mode).await;
        started.expect("a page with a ticket")
    }

    async fn tap(&self, ticket: &str, pins: &[&str]) -> Tap {
        let verifier = &self.world.verifier;
        let deployment = format!("{}={}", verifier.ticket_origin, verifier.origin);
        let reader = format!("pn532_uart:{}", self.reader.path().display());
        let tap = Tap::start(TapOptions {
            ticket,
            reader: &reader,
            deployment: &deployment,
            pins,
            profile_pins: &["2345"],
            connect_to: None,
            log: None,
        });
        tap.await.expect("kazasu starts")
    }

    fn pins_sent(&self) -> u64 {
        let card = self.world.emulator.card("taro").expect("taro has a card");
        card.lock()
            .expect("nobody panicked")
            .pin_counters()
            .verifies
    }
}

/// Why the transaction on the browser's page is over, if it is.
async fn reason(started: &mut Started) -> Option<String> {
    let page = started.browser.open(&started.page.url).await;
    page.and_then(|visit| visit.page())
        .expect("a page")
        .reason()
}

#[tokio::test]
async fn a_verifier_that_restarts_while_the_number_is_typed_costs_no_ticket() {
    let mut desk = Desk::new(Token::MyNumberCard).await;
    let mut started = desk.started("other-device").await;
    let mut tap = desk.tap(&started.ticket, &["1234"]).await;
    let pairing = tap.until("pairing").await.expect("six digits");
    desk.world.verifier.restart("").await.expect("it restarts");
    let digits = pairing["digits"].as_str().expect("six digits");
    started.type_digits(digits).await.expect("the page");
    tap.until("paired").await.expect("it waits on");
    let end = tap.finish().await.expect("it ends");
    assert_eq!(end.last["outcome"], "accepted", "{}", end.last);
}

#[tokio::test]
async fn a_reader_that_fails_is_not_called_a_lifted_card_and_the_tap_goes_on() {
    let desk = Desk::new(Token::MyNumberCard).await;
    let started = desk.started("same-phone").await;
    let what = Pn532Fault::NoAck;
    let fault = Fault::Pn532 { at: 6, what };
    desk.world.emulator.field().set_faults(vec![fault]);
    let tap = desk.tap(&started.ticket, &["1234"]).await;
    let end = tap.finish().await.expect("it ends");
    assert_eq!(end.last["outcome"], "accepted", "{}", end.last);
    let told = |event: &str| end.events.iter().filter(|e| e["event"] == event).count();
    assert_eq!((told("reader_gone"), told("card_lost")), (1, 0));
}

#[tokio::test]
async fn a_tap_that_ends_for_want_of_the_right_pin_cancels_the_transaction() {
    let desk = Desk::new(Token::MyNumberCard).await;
    let mut started = desk.started("same-phone").await;
    let tap = desk.tap(&started.ticket, &["9999"]).await;
    let end = tap.finish().await.expect("it ends");
    assert_eq!((&end.last["code"], end.code), (&"wrong_pin".into(), 5));
    assert_eq!(reason(&mut started).await.as_deref(), Some("cancelled"));
}

#[tokio::test]
async fn a_tap_with_a_phone_is_refused_before_its_pin_is_sent_and_cancelled() {
    let desk = Desk::new(Token::Android).await;
    let mut started = desk.started("same-phone").await;
    let tap = desk.tap(&started.ticket, &["1234"]).await;
    let end = tap.finish().await.expect("it ends");
    assert_eq!((&end.last["code"], end.code), (&"phone_token".into(), 4));
    assert!(end.events.iter().all(|e| e["event"] != "pin_status"));
    assert_eq!(desk.pins_sent(), 0);
    assert_eq!(reason(&mut started).await.as_deref(), Some("cancelled"));
}

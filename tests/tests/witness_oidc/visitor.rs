//! A person who visits a service that asks for a tap.

use kazasu_card::Card;
use kazasu_companion::Outcome;
use kazasu_demo::browser::{Browser, Page};
use kazasu_tests::world::{TARO, World, pins};
use url::Url;

/// Opens a page of a service and does what the verifier asks for, on one phone. Returns the browser
/// and where the verifier sends it.
pub(crate) async fn tap(world: &World, page: &str) -> (Browser, Url) {
    let mut browser = Browser::new();
    let visit = browser.open(&Url::parse(page).unwrap()).await.unwrap();
    let authorization = visit.callback().unwrap();
    let start = browser.open(&authorization).await.unwrap().page().unwrap();
    let path = format!("{}/start", start.url.path());
    let form = [("mode", "same-phone")];
    let waiting = browser.submit(&start, &path, &form).await.unwrap();
    let ticket = waiting.page().unwrap().attribute("ticket", "href");
    let mut transaction = world.claim(&ticket.expect("a ticket")).await.unwrap();
    let mut card = Card::new(world.card());
    let outcome = transaction.tap(&mut card, &pins(TARO), &mut |_| ()).await;
    let Outcome::Accepted {
        return_url: Some(back),
    } = outcome.unwrap()
    else {
        panic!("the sample holder's card is good");
    };
    let visit = browser.open(&Url::parse(&back).unwrap()).await.unwrap();
    (browser, visit.callback().unwrap())
}

/// As [`tap`], and on to the service's own page.
pub(crate) async fn visit(world: &World, page: &str) -> Page {
    let (mut browser, answer) = tap(world, page).await;
    browser.open(&answer).await.unwrap().page().unwrap()
}

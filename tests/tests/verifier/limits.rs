//! How often a card may be used.

use crate::world::World;
use kazasu_statement::Reason;
use kazasu_tests::database::Rows;

const TWICE: &str = "[limits]\ncredential = { per_minute = 1, burst = 2 }\n";

#[tokio::test]
async fn a_card_used_too_often_waits_and_nobody_else_uses_it_up() {
    let world = World::start_as(|_| {}, TWICE).await;
    let card = world.card("taro");
    let mut forger = world.claimed("other-device").await;
    for _ in 0..3 {
        let mut forged = forger.assertion(&card).await;
        forged.signature[0] ^= 1;
        let refused = forger.submit(forged).await.unwrap_err();
        assert_eq!(refused, Reason::SignatureInvalid);
    }
    world.tap(&card).await.unwrap();
    world.tap(&card).await.unwrap();
    assert_eq!(world.tap(&card).await.unwrap_err(), Reason::RateLimited);
}

#[tokio::test]
async fn what_is_refused_for_its_number_is_counted_and_writes_nothing() {
    let world = World::start_as(|_| {}, TWICE).await;
    let card = world.card("taro");
    for _ in 0..2 {
        world.tap(&card).await.unwrap();
    }
    let mut claimed = world.claimed("other-device").await;
    let events = || {
        let server = &world.server;
        let rows = Rows::read(&server.database, server.folder.path()).unwrap();
        rows.of("audit_events").len()
    };
    let before = events();
    for _ in 0..3 {
        let refused = claimed.accepted(&card).await.unwrap_err();
        assert_eq!(refused, Reason::RateLimited);
    }
    assert_eq!(events(), before);
    let metrics = format!("{}/metrics", world.server.admin);
    let metrics = world.server.http.get(metrics).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for counted in [
        "kazasu_assertions_total{outcome=\"rate_limited\"} 3",
        "kazasu_rate_limited_total{limit=\"credential\"} 3",
    ] {
        assert!(metrics.lines().any(|line| line == counted), "{metrics}");
    }
    // Another refusal in between would have been one.
    let mut forged = claimed.assertion(&card).await;
    forged.signature[0] ^= 1;
    claimed.submit(forged).await.unwrap_err();
    assert_eq!(events(), before + 1);
}

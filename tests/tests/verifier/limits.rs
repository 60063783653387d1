//! How often a card may be used.

use crate::world::World;
use kazasu_statement::Reason;

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

//! Certificates over time: renewed, lost, held, revoked, and services that do not answer.

use crate::harness::START;
use crate::world::World;
use kazasu_emulator::authority::{Delivery, Endpoint, OcspAnswer, RevocationReason};
use kazasu_statement::Reason;

/// For how many seconds a good answer spares asking, unless configured.
const REMEMBERED: i64 = 300;

#[tokio::test]
async fn a_renewed_card_keeps_its_pseudonym_also_into_the_next_generation() {
    let world = World::start_with(|authority| {
        authority.advance_generation(START).unwrap();
    })
    .await;
    let old = world.tap(&world.card("taro")).await.unwrap();
    let renewed = world.authority().renew("taro", world.server.now()).unwrap();
    let new = world.tap(&renewed).await.unwrap();
    assert_eq!(new["sub"], old["sub"]);
    assert!(new["relink_required"].is_null());
}

#[tokio::test]
async fn a_lost_cards_successor_is_a_new_person_who_must_link_again() {
    let world = World::start().await;
    let old = world.tap(&world.card("taro")).await.unwrap();
    let reason = RevocationReason::KeyCompromise;
    let reissued = world
        .authority()
        .reissue("taro", reason, world.server.now())
        .unwrap();
    let new = world.tap(&reissued).await.unwrap();
    assert_ne!(new["sub"], old["sub"]);
    assert_eq!(new["relink_required"], true);
}

#[tokio::test]
async fn a_revoked_card_is_refused_even_if_the_responder_forgets_it() {
    let world = World::start().await;
    let card = world.card("taro");
    world.tap(&card).await.unwrap();
    let (now, reason) = (world.server.now(), RevocationReason::CessationOfOperation);
    world.authority().revoke("taro", reason, now).unwrap();
    world.server.pass(REMEMBERED);
    assert_eq!(world.tap(&card).await, Err(Reason::CertificateRevoked));
    world.outage(true, true);
    assert_eq!(world.tap(&card).await, Err(Reason::CertificateRevoked));
}

#[tokio::test]
async fn a_card_on_hold_is_refused_and_works_again_after_its_release() {
    let world = World::start().await;
    let card = world.card("taro");
    let before = world.tap(&card).await.unwrap();
    world.authority().hold("taro", world.server.now()).unwrap();
    world.server.pass(REMEMBERED);
    assert_eq!(world.tap(&card).await, Err(Reason::CertificateOnHold));
    world.authority().release("taro").unwrap();
    assert_eq!(world.tap(&card).await.unwrap()["sub"], before["sub"]);
}

#[tokio::test]
async fn without_revocation_nobody_passes() {
    let world = World::start().await;
    let card = world.card("taro");
    world.outage(true, false);
    assert_eq!(world.tap(&card).await, Err(Reason::RevocationUnavailable));
    world.outage(false, false);
    for answer in [
        OcspAnswer::Garbage,
        OcspAnswer::SignedByImpostor,
        OcspAnswer::WrongNonce,
    ] {
        world.authority().set_ocsp_answer(answer);
        assert_eq!(
            world.tap(&card).await,
            Err(Reason::RevocationUnavailable),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn without_lineage_only_known_cards_pass() {
    let world = World::start().await;
    let card = world.card("taro");
    world.outage(false, true);
    let mut claimed = world.claimed("other-device").await;
    assert_eq!(
        claimed.accepted(&card).await,
        Err(Reason::LineageUnavailable)
    );
    world.outage(false, false);
    assert!(claimed.accepted(&card).await.is_ok(), "trying again helps");
    world.outage(false, true);
    assert!(world.tap(&card).await.is_ok());
}

#[tokio::test]
async fn a_lineage_service_that_is_slow_endless_or_elsewhere_is_none() {
    let world = World::start().await;
    let card = world.card("taro");
    for delivery in [
        Delivery::Silent,
        Delivery::Stalled,
        Delivery::Oversized,
        Delivery::WebPage,
        Delivery::Redirected,
    ] {
        world.authority().set_delivery(Endpoint::Lineage, delivery);
        let came = world.tap(&card).await;
        assert_eq!(came, Err(Reason::LineageUnavailable), "{delivery:?}");
    }
    world
        .authority()
        .set_delivery(Endpoint::Lineage, Delivery::Whole);
    assert!(world.tap(&card).await.is_ok());
}

#[tokio::test]
async fn concurrent_first_taps_of_one_card_meet_in_one_person() {
    let world = World::start().await;
    let card = world.card("taro");
    let taps = tokio::join!(world.tap(&card), world.tap(&card), world.tap(&card));
    let first = &taps.0.unwrap()["sub"];
    assert_eq!(*first, taps.1.unwrap()["sub"]);
    assert_eq!(*first, taps.2.unwrap()["sub"]);
}

//! A verifier that is killed in the middle of a tap, and started again: nobody has to begin anew.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use kazasu_card::Card;
use kazasu_companion::Outcome;
use kazasu_demo::relying_party::Answer;
use kazasu_demo::started::Started;
use kazasu_tests::cluster::Cluster;
use kazasu_tests::crowd::Crowd;
use kazasu_tests::engine::Engine;
use kazasu_tests::world::{TARO, World, pins};
use url::Url;

async fn started(world: &World) -> Started {
    Started::begin(&world.portal, "view", "same-phone")
        .await
        .unwrap()
}

/// Taps, and returns where the browser goes on.
async fn accepted(world: &World, started: &Started) -> Outcome {
    let mut transaction = world.claim(&started.ticket).await.unwrap();
    let mut card = Card::new(world.card());
    let outcome = transaction.tap(&mut card, &pins(TARO), &mut |_| ()).await;
    let outcome = outcome.unwrap();
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    outcome
}

/// The pseudonym that every tap of this card has to lead to.
async fn ppid(world: &World) -> String {
    let identity = world.tap(&world.portal, "view", &pins(TARO)).await;
    identity.unwrap().ppid
}

#[tokio::test]
async fn a_tap_accepted_before_a_crash_is_handed_back_after_it() {
    let mut world = World::start().await.unwrap();
    let ppid = ppid(&world).await;
    let started = started(&world).await;
    let outcome = accepted(&world, &started).await;
    world.verifier.crash_and_restart().await.unwrap();
    let identity = world.hand_back(&world.portal, started, outcome).await;
    assert_eq!(identity.unwrap().ppid, ppid);
}

#[tokio::test]
async fn a_code_issued_before_a_crash_is_redeemed_after_it_and_only_once() {
    let mut world = World::start().await.unwrap();
    let ppid = ppid(&world).await;
    let mut started = started(&world).await;
    let Outcome::Accepted {
        return_url: Some(url),
    } = accepted(&world, &started).await
    else {
        panic!("a tap on the same phone has a return URL");
    };
    let url = Url::parse(&url).unwrap();
    let callback = started.browser.open(&url).await.unwrap();
    let callback = callback.callback().unwrap();
    world.verifier.crash_and_restart().await.unwrap();
    let answer = world.portal.finish(started.request, &callback).await;
    match answer.unwrap() {
        Answer::Identity(identity) => assert_eq!(identity.ppid, ppid),
        Answer::Refused(error) => panic!("refused: {error}"),
    }
    world.verifier.crash_and_restart().await.unwrap();
    let page = started.browser.open(&url).await.unwrap().page().unwrap();
    assert_eq!(
        page.reason().as_deref(),
        Some("already_accepted"),
        "it was redeemed"
    );
}

#[tokio::test]
async fn a_tap_claimed_before_a_crash_is_completed_after_it() {
    let mut world = World::start().await.unwrap();
    let ppid = ppid(&world).await;
    let started = started(&world).await;
    let mut transaction = world.claim(&started.ticket).await.unwrap();
    world.verifier.crash_and_restart().await.unwrap();
    let mut card = Card::new(world.card());
    let outcome = transaction.tap(&mut card, &pins(TARO), &mut |_| ()).await;
    let identity = world.hand_back(&world.portal, started, outcome.unwrap());
    assert_eq!(identity.await.unwrap().ppid, ppid);
}

#[tokio::test]
async fn a_page_opened_before_a_crash_starts_a_tap_after_it() {
    let mut world = World::start().await.unwrap();
    let ppid = ppid(&world).await;
    let started = started(&world).await;
    world.verifier.crash_and_restart().await.unwrap();
    let outcome = accepted(&world, &started).await;
    let identity = world.hand_back(&world.portal, started, outcome);
    assert_eq!(identity.await.unwrap().ppid, ppid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_under_load_loses_no_acceptance_and_doubles_none() {
    let mut cluster = Cluster::start(Engine::Sqlite, 1).await.unwrap();
    let mut crowd = Crowd::start(&cluster).unwrap();
    for _ in 0..3 {
        crowd.wait_for(20).await.unwrap();
        cluster.nodes[0].crash_and_restart().await.unwrap();
    }
    crowd.wait_for(20).await.unwrap();
    crowd
        .stop()
        .await
        .unwrap()
        .check(&cluster, 3)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_ends_in_good_order_and_loses_nothing() {
    let mut cluster = Cluster::start(Engine::Sqlite, 1).await.unwrap();
    let mut crowd = Crowd::start(&cluster).unwrap();
    crowd.wait_for(20).await.unwrap();
    cluster.nodes[0].halt().await.unwrap();
    cluster.nodes[0].resume().await.unwrap();
    crowd.wait_for(20).await.unwrap();
    let told = crowd.stop().await.unwrap();
    told.check(&cluster, 1).await.unwrap();
}

//! Either side can end a tap until its result is redeemed; nobody else can.

use crate::harness::CODE_VERIFIER;
use crate::stage::{Stage, assert_nothing_learned, rows, try_everything};
use crate::world::World;
use kazasu_proto::companion::v1::CancelRequest;
use kazasu_proto::reason_of;
use kazasu_statement::Reason;

/// Stages at which a tap can still be cancelled.
fn open() -> impl Iterator<Item = Stage> {
    Stage::ALL.into_iter().filter(|stage| !stage.is_over())
}

#[tokio::test]
async fn the_browser_can_cancel_at_every_stage_and_nothing_is_disclosed() {
    let world = World::start().await;
    for stage in open() {
        let mut scene = stage.reach(&world).await;
        let answer = scene
            .browser
            .post(&format!("{}/cancel", scene.page), &[])
            .await;
        let location = answer.location.unwrap();
        assert!(
            location.contains("error=access_denied"),
            "{stage:?}: {location}"
        );
        let seen = try_everything(&mut scene.browser, &scene.page, &scene.addresses).await;
        assert_nothing_learned(&seen, &stage);
        let page = scene.browser.get(&scene.page).await;
        assert_eq!(page.reason(), Some("cancelled"), "{stage:?}");
    }
}

#[tokio::test]
async fn the_phone_can_cancel_at_every_stage_it_takes_part_in() {
    let world = World::start().await;
    for stage in open() {
        let mut scene = stage.reach(&world).await;
        let Some(companion_secret) = scene.secret.clone() else {
            continue;
        };
        let mut phone = world.server.companion().await;
        phone
            .cancel(CancelRequest { companion_secret })
            .await
            .unwrap();
        let page = scene.browser.get(&scene.page).await;
        assert_eq!(page.reason(), Some("cancelled"), "{stage:?}");
        assert!(page.html.contains("error=access_denied"), "{stage:?}");
        let seen = try_everything(&mut scene.browser, &scene.page, &scene.addresses).await;
        assert_nothing_learned(&seen, &stage);
    }
}

#[tokio::test]
async fn what_is_over_stays_as_it_ended_whoever_cancels() {
    let world = World::start().await;
    for stage in Stage::ALL.into_iter().filter(|stage| stage.is_over()) {
        let mut scene = stage.reach(&world).await;
        let before = scene.browser.get(&scene.page).await;
        scene
            .browser
            .post(&format!("{}/cancel", scene.page), &[])
            .await;
        let mut phone = world.server.companion().await;
        let companion_secret = scene.secret.clone().unwrap();
        let answer = phone.cancel(CancelRequest { companion_secret }).await;
        if stage == Stage::Cancelled {
            answer.expect("cancelling what is cancelled is no error");
        } else {
            let reason = reason_of(&answer.unwrap_err());
            let word = reason.map(|reason| reason.to_string());
            assert_eq!(word.as_deref(), before.reason(), "{stage:?}");
        }
        let after = scene.browser.get(&scene.page).await;
        assert_eq!(after.reason(), before.reason(), "{stage:?}");
    }
}

#[tokio::test]
async fn a_code_under_way_is_dead_once_the_phone_cancels() {
    let world = World::start().await;
    let mut tap = world.claimed("other-device").await;
    tap.accepted(&world.card("taro")).await.unwrap();
    let code = tap.code().await;
    let request = CancelRequest {
        companion_secret: tap.secret.clone(),
    };
    tap.companion.cancel(request).await.unwrap();
    let refused = world.redeem(&code, CODE_VERIFIER).await;
    assert_eq!(refused.unwrap_err(), "invalid_grant");
    let row = rows(&world).of("transactions")[0].clone();
    assert!(row.contains("sealed_name=-"), "the name is gone: {row}");
}

#[tokio::test]
async fn a_stranger_cancels_nothing() {
    let world = World::start().await;
    for stage in open() {
        let scene = stage.reach(&world).await;
        let before = rows(&world);
        let mut stranger = world.server.begin(&[]).await.0;
        let before_begin = rows(&world).of("transactions").len();
        assert_eq!(before.of("transactions").len() + 1, before_begin);
        let answer = stranger.post(&format!("{}/cancel", scene.page), &[]).await;
        assert_eq!(answer.reason(), Some("wrong_browser"));
        for companion_secret in [Vec::new(), vec![7; 32]] {
            let mut phone = world.server.companion().await;
            let refused = phone.cancel(CancelRequest { companion_secret }).await;
            let refused = refused.unwrap_err();
            assert_eq!(reason_of(&refused), Some(Reason::TicketUnknown));
        }
        let mine = &before.of("transactions");
        let now = rows(&world);
        assert!(
            mine.iter().all(|row| now.of("transactions").contains(row)),
            "{stage:?}"
        );
    }
}

//! Browser, app or server goes away in the middle; whoever comes back finds the tap again, and
//! nobody else does.

use crate::harness::{Browser, CODE_VERIFIER};
use crate::stage::Stage;
use crate::world::World;
use kazasu_proto::companion::v1::companion_service_client::CompanionServiceClient;
use kazasu_proto::companion::v1::{
    SubmitAssertionRequest, TransactionState, WatchTransactionRequest, WatchTransactionResponse,
};
use reqwest::StatusCode;
use tonic::Status;
use tonic::transport::Channel;

#[tokio::test]
async fn a_browser_that_crashed_finds_the_tap_again_at_every_open_stage() {
    let world = World::start().await;
    for stage in Stage::ALL.into_iter().filter(|stage| !stage.is_over()) {
        let mut scene = stage.reach(&world).await;
        let before = scene.browser.get(&scene.page).await;
        let mut restored = Browser::new(&world.server);
        restored.cookie = scene.browser.cookie.clone();
        let after = restored.get(&scene.page).await;
        assert_eq!(after.status, before.status, "{stage:?}");
        if stage != Stage::Returned {
            assert_eq!(after.html, before.html, "{stage:?}");
        }
    }
}

#[tokio::test]
async fn an_app_that_lost_everything_starts_again_with_a_new_ticket() {
    let world = World::start().await;
    for stage in [Stage::Claimed, Stage::Paired] {
        let mut scene = stage.reach(&world).await;
        scene
            .browser
            .post(&format!("{}/refresh", scene.page), &[])
            .await;
        let ticket = scene.browser.get(&scene.page).await.ticket();
        let (browser, page) = (scene.browser, scene.page);
        let mut tap = world
            .claim_ticket(browser, page, ticket, "other-device")
            .await;
        tap.accepted(&world.card("taro")).await.unwrap();
        let code = tap.code().await;
        assert!(
            world.redeem(&code, CODE_VERIFIER).await.is_ok(),
            "{stage:?}"
        );
    }
}

#[tokio::test]
async fn an_app_that_missed_the_answer_submits_again_and_gets_it() {
    let world = World::start().await;
    let mut tap = world.claimed("same-phone").await;
    let assertion: SubmitAssertionRequest = tap.assertion(&world.card("taro")).await;
    let world = {
        tap.submit(assertion.clone()).await.unwrap();
        world.restart().await
    };
    let mut companion = world.server.companion().await;
    let again = companion.submit_assertion(assertion).await.unwrap();
    let return_url = crate::world::companion::outcome(again).unwrap();
    let page = return_url.split_once("/return/").unwrap().0;
    assert_eq!(page, world.server.origin);
    let back = tap.browser.get(&return_url).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
    let here = back.location.unwrap();
    let callback = tap.browser.get(&here).await.location.unwrap();
    let code = crate::world::code_in(&callback).unwrap();
    assert!(world.redeem(&code, CODE_VERIFIER).await.is_ok());
}

#[tokio::test]
async fn an_app_that_was_ended_before_the_answer_finds_where_to_return_and_nobody_else_does() {
    let world = World::start().await;
    for (mode, has_url) in [("same-phone", true), ("other-device", false)] {
        let mut tap = world.claimed(mode).await;
        let watching = WatchTransactionRequest {
            companion_secret: tap.secret.clone(),
        };
        let before = watch(&mut tap.companion, &watching).await.unwrap();
        assert_eq!(before.return_url, "", "{mode}");
        let answered = tap.accepted(&world.card("taro")).await.unwrap();
        let accepted = watch(&mut tap.companion, &watching).await.unwrap();
        assert_eq!(accepted.state(), TransactionState::Accepted);
        assert_eq!(accepted.return_url, answered, "{mode}");
        assert_eq!(!answered.is_empty(), has_url, "{mode}");
        let mut guessed = watching.clone();
        guessed.companion_secret[0] ^= 1;
        assert!(watch(&mut tap.companion, &guessed).await.is_err());
        if has_url {
            tap.browser.get(&answered).await;
        }
        let code = tap.code().await;
        world.redeem(&code, CODE_VERIFIER).await.unwrap();
        let redeemed = watch(&mut tap.companion, &watching).await.unwrap();
        assert_eq!(redeemed.return_url, "", "{mode}");
    }
}

/// The state that a watcher is told first.
async fn watch(
    companion: &mut CompanionServiceClient<Channel>,
    request: &WatchTransactionRequest,
) -> Result<WatchTransactionResponse, Status> {
    let states = companion.watch_transaction(request.clone()).await?;
    let first = states.into_inner().message().await?;
    Ok(first.expect("a state comes at once"))
}

#[tokio::test]
async fn a_second_tab_and_the_first_show_the_same_tap() {
    let world = World::start().await;
    let mut scene = Stage::Shown.reach(&world).await;
    let first = scene.browser.get(&scene.page).await.ticket();
    let mut second = Browser::new(&world.server);
    second.cookie = scene.browser.cookie.clone();
    second.post(&format!("{}/refresh", scene.page), &[]).await;
    let renewed = second.get(&scene.page).await.ticket();
    assert_ne!(first, renewed);
    assert_eq!(scene.browser.get(&scene.page).await.ticket(), renewed);
}

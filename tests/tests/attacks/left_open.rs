//! A library's PC is left open. The next person has the browser, its cookie and its history.

use crate::harness::CODE_VERIFIER;
use crate::stage::{Stage, assert_nothing_learned, try_everything};
use crate::world::{World, code_in};
use reqwest::header::{CACHE_CONTROL, COOKIE};

#[tokio::test]
async fn the_next_person_learns_nothing_from_a_tap_that_is_over() {
    let world = World::start().await;
    for stage in Stage::ALL.into_iter().filter(|stage| stage.is_over()) {
        let mut scene = stage.reach(&world).await;
        let seen = try_everything(&mut scene.browser, &scene.page, &scene.addresses).await;
        assert_nothing_learned(&seen, &stage);
    }
}

#[tokio::test]
async fn the_next_person_learns_nothing_from_a_same_phone_tap_that_nobody_returned_from() {
    let world = World::start().await;
    let mut scene = Stage::Accepted.reach(&world).await;
    let seen = try_everything(&mut scene.browser, &scene.page, &[]).await;
    assert_nothing_learned(&seen, &"without the return URL");
}

#[tokio::test]
async fn the_way_back_and_a_reload_give_no_second_code() {
    let world = World::start().await;
    for mode in ["same-phone", "other-device"] {
        let url = world.server.authorization(&[]).await;
        let mut browser = crate::harness::Browser::new(&world.server);
        let page = browser.get(&url).await.location.unwrap();
        let mut tap = world.claim(browser, page, mode).await;
        let return_url = tap.accepted(&world.card("taro")).await.unwrap();
        let mut history = vec![url, tap.page.clone()];
        if mode == "same-phone" {
            tap.browser.get(&return_url).await;
            history.push(return_url);
        }
        let callback = tap.browser.get(&tap.page).await.location.unwrap();
        let code = code_in(&callback).unwrap();
        world.redeem(&code, CODE_VERIFIER).await.unwrap();
        let seen = try_everything(&mut tap.browser, &tap.page, &history).await;
        assert_nothing_learned(&seen, &mode);
        // The callback in the history is worth nothing either, even to who has PKCE's secret.
        let again = world.redeem(&code, CODE_VERIFIER).await;
        assert_eq!(again.unwrap_err(), "invalid_grant");
    }
}

#[tokio::test]
async fn an_accepted_tap_that_is_left_open_ends_by_itself() {
    let world = World::start().await;
    let mut tap = world.claimed("other-device").await;
    tap.accepted(&world.card("taro")).await.unwrap();
    world.server.pass(120);
    let seen = try_everything(&mut tap.browser, &tap.page, &[]).await;
    assert_nothing_learned(&seen, &"two minutes later");
}

#[tokio::test]
async fn the_browser_keeps_no_page_to_show_again() {
    let world = World::start().await;
    for stage in Stage::ALL {
        let scene = stage.reach(&world).await;
        let addresses = scene.addresses.iter().chain([&scene.page]);
        for url in addresses {
            let request = world.server.http.get(url);
            let cookie = scene.browser.cookie.clone().unwrap();
            let answer = request.header(COOKIE, cookie).send().await.unwrap();
            assert_eq!(
                answer.headers()[CACHE_CONTROL],
                "no-store",
                "{stage:?} {url}"
            );
        }
    }
}

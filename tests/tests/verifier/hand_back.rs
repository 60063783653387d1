//! The return URL of same-phone mode.

use crate::harness::{Browser, CODE_VERIFIER};
use crate::world::{World, code_in};
use reqwest::StatusCode;

#[tokio::test]
async fn only_the_code_in_the_browser_that_started_leads_on() {
    let world = World::start().await;
    let mut claimed = world.claimed("same-phone").await;
    let return_url = claimed.accepted(&world.card("taro")).await.unwrap();
    let waiting = claimed.browser.get(&claimed.page).await;
    assert!(
        waiting.html.contains("id=\"waiting\""),
        "a browser that waits learns nothing"
    );
    let back = claimed.browser.get(&return_url).await;
    assert_eq!(
        (back.status, back.location.as_deref()),
        (StatusCode::SEE_OTHER, Some(&*claimed.page))
    );
    let code = claimed.code().await;
    let claims = world.redeem(&code, CODE_VERIFIER).await.unwrap();
    assert_eq!(claims["mode"], "same-phone");
}

#[tokio::test]
async fn a_foreign_browser_ends_the_tap_and_learns_nothing() {
    let world = World::start().await;
    for with_cookie in [false, true] {
        let mut claimed = world.claimed("same-phone").await;
        let return_url = claimed.accepted(&world.card("taro")).await.unwrap();
        let mut foreign = match with_cookie {
            true => world.server.begin(&[]).await.0,
            false => Browser::new(&world.server),
        };
        let shown = foreign.get(&return_url).await;
        assert_eq!(
            (shown.status, shown.reason()),
            (StatusCode::FORBIDDEN, Some("wrong_browser"))
        );
        assert_eq!(shown.location, None);
        let late = claimed.browser.get(&return_url).await;
        assert_eq!(late.reason(), Some("ticket_unknown"), "the code is dead");
        let page = claimed.page.clone();
        let own = claimed.browser.get(&page).await;
        assert_eq!(own.reason(), Some("wrong_browser"));
        assert!(!own.html.contains("code="));
    }
}

#[tokio::test]
async fn coming_back_twice_in_the_right_browser_does_no_harm() {
    let world = World::start().await;
    let mut claimed = world.claimed("same-phone").await;
    let return_url = claimed.accepted(&world.card("taro")).await.unwrap();
    claimed.browser.get(&return_url).await;
    let again = claimed.browser.get(&return_url).await;
    assert_eq!(again.location.as_deref(), Some(&*claimed.page));
    let foreign = Browser::new(&world.server).get(&return_url).await;
    assert_eq!(foreign.reason(), Some("wrong_browser"));
    let answer = claimed.browser.get(&claimed.page).await.location.unwrap();
    let code = code_in(&answer).unwrap();
    assert!(world.redeem(&code, CODE_VERIFIER).await.is_ok());
}

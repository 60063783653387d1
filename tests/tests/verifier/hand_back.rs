//! The return URL of same-phone mode.

use crate::harness::browser::Page;
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

/// What a person sees of a page, without what is drawn for each answer.
fn seen(page: &Page) -> (StatusCode, Option<&str>, &str) {
    let text = page.html.split_once("<main").map_or("", |(_, text)| text);
    (page.status, page.location.as_deref(), text)
}

#[tokio::test]
async fn a_browser_that_waits_sees_the_same_whether_the_phone_has_tapped_or_not() {
    let world = World::start().await;
    let card = world.card("taro");
    // Two minutes after its acceptance a tap is over, but the browser cannot tell.
    for later in [0, 130] {
        let mut untouched = world.claimed("same-phone").await;
        let mut tapped = world.claimed("same-phone").await;
        let return_url = tapped.accepted(&card).await.unwrap();
        world.server.pass(later);
        let (one, other) = (untouched.page.clone(), tapped.page.clone());
        let alike = |page: Page, path: &str| Page {
            html: page.html.replace(path, "T"),
            location: page.location.map(|location| location.replace(path, "T")),
            ..page
        };
        let id = |page: &str| page.rsplit('/').next().unwrap().to_owned();
        let a = alike(untouched.browser.get(&one).await, &id(&one));
        let b = alike(tapped.browser.get(&other).await, &id(&other));
        assert_eq!(seen(&a), seen(&b), "after {later} seconds");
        for form in ["pair", "refresh"] {
            let a = untouched.browser.post(&format!("{one}/{form}"), &[]).await;
            let b = tapped.browser.post(&format!("{other}/{form}"), &[]).await;
            let (a, b) = (alike(a, &id(&one)), alike(b, &id(&other)));
            assert_eq!(seen(&a), seen(&b), "{form} after {later} seconds");
        }
        let fresh = [
            untouched.browser.get(&one).await.ticket(),
            tapped.browser.get(&other).await.ticket(),
        ];
        assert_ne!(fresh[0], fresh[1], "both show a new ticket");
        // What was accepted is gone with the ticket it came from.
        let dead = tapped.browser.get(&return_url).await;
        assert_eq!(dead.reason(), Some("ticket_unknown"));
        let cancelled = tapped.browser.post(&format!("{other}/cancel"), &[]).await;
        assert!(cancelled.location.unwrap().contains("access_denied"));
    }
}

#[tokio::test]
async fn who_only_looks_ahead_at_a_return_url_uses_nothing_up() {
    let world = World::start().await;
    let mut claimed = world.claimed("same-phone").await;
    let return_url = claimed.accepted(&world.card("taro")).await.unwrap();
    let http = &world.server.http;
    let head = http.head(&return_url).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    let ahead = http.get(&return_url).header("sec-purpose", "prefetch");
    let ahead = ahead.send().await.unwrap();
    assert_eq!(ahead.status(), StatusCode::SERVICE_UNAVAILABLE);
    claimed.browser.get(&return_url).await;
    let code = claimed.code().await;
    assert!(world.redeem(&code, CODE_VERIFIER).await.is_ok());
}

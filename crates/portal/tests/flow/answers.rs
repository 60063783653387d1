//! What the verifier and the sign-in answer, right and wrong, and whoever brings it.

use crate::harness::*;
use reqwest::Method;
use serde_json::json;

/// Answers of a provider whose ID token cannot be taken for what it says.
fn broken(answer: &Answer) -> Vec<(&'static str, Answer)> {
    let answer = || answer.clone();
    vec![
        ("another nonce", answer().but("nonce", "another")),
        ("no nonce", answer().but("nonce", ())),
        ("another client", answer().but("aud", "another")),
        (
            "also another client",
            answer().but("aud", json!(["portal", "kazasu-portal", "x"])),
        ),
        (
            "another issuer",
            answer().but("iss", "https://evil.example"),
        ),
        ("expired", answer().but("exp", START - 1)),
        ("no expiry", answer().but("exp", ())),
        ("no subject", answer().but("sub", ())),
        ("another key", answer().signed(Signature::Forged)),
        ("no signature", answer().signed(Signature::Missing)),
    ]
}

#[tokio::test]
async fn a_tap_is_taken_only_from_a_token_that_is_right_in_every_part() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let request = browser.begin(&site, "link").await;
    for (what, answer) in broken(&site.tap_of(&request, &TAROS)) {
        let request = browser.begin(&site, "link").await;
        let page = browser.get(&site.verifier.answer(&request, answer)).await;
        assert_eq!(page.reason(), Some("tap_failed"), "{what}: {page:?}");
        browser.follow(&page, "back").await.is("link");
    }
    let taps = "SELECT ppid AS value FROM procedures WHERE ppid IS NOT NULL";
    assert!(site.query::<String>(taps, &[]).await.is_empty());
    // Nothing of it stays behind.
    browser.tap(&site, "link", &TAROS).await.is("link-sign-in");
}

#[tokio::test]
async fn a_sign_in_is_taken_only_from_a_token_that_is_right_in_every_part() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "link", &TAROS).await;
    for (what, answer) in broken(&site.sign_in_to(TARO)) {
        let page = browser.get(&page.url).await;
        let request = browser.leave_to_sign_in(&page).await;
        let page = browser.get(&site.sign_in.answer(&request, answer)).await;
        assert_eq!(page.reason(), Some("sign_in_cancelled"), "{what}: {page:?}");
        browser.follow(&page, "back").await.is("link-sign-in");
    }
}

#[tokio::test]
async fn a_tap_for_anything_else_is_not_taken() {
    let site = Site::start().await;
    let purposes = [
        "link", "view", "unlink", "recover", "rescue", "join", "counter", "",
    ];
    for (kind, own) in PURPOSES {
        for purpose in purposes.into_iter().filter(|purpose| *purpose != own) {
            let mut browser = site.browser();
            let request = browser.begin(&site, kind).await;
            let answer = site.tap_of(&request, &TAROS).but("purpose", purpose);
            let page = browser.get(&site.verifier.answer(&request, answer)).await;
            page.refuses("other_purpose");
        }
    }
    let mut browser = site.browser();
    let request = browser.begin(&site, "recover").await;
    let answer = site.tap_of(&request, &TAROS).but("purpose", ());
    let page = browser.get(&site.verifier.answer(&request, answer)).await;
    page.refuses("tap_failed");
}

#[tokio::test]
async fn a_tap_without_a_name_or_a_time_is_explained_as_the_verifiers_fault() {
    let site = Site::start().await;
    for claim in ["name", "auth_time"] {
        let mut browser = site.browser();
        let request = browser.begin(&site, "link").await;
        let answer = site.tap_of(&request, &TAROS).but(claim, ());
        let page = browser.get(&site.verifier.answer(&request, answer)).await;
        assert_eq!(page.refuses("verifier_unavailable").status, 503);
        browser.follow(&page, "back").await.is("link");
    }
}

#[tokio::test]
async fn a_tap_of_long_ago_or_of_tomorrow_is_too_old() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    for (offset, is_good) in [(-601, false), (-599, true), (599, true), (DAY, false)] {
        let mut browser = site.browser();
        let request = browser.begin(&site, "recover").await;
        let at = site.now() + offset;
        let answer = site.tap_of(&request, &TAROS).but("auth_time", at);
        let page = browser.get(&site.verifier.answer(&request, answer)).await;
        match is_good {
            true => page.is("recover-options"),
            false => page.refuses("evidence_old"),
        };
    }
}

#[tokio::test]
async fn only_a_fresh_sign_in_with_a_second_factor_counts() {
    let site = Site::start().await;
    let cases = [
        ("auth_time", json!(START - 6), "sign_in_stale"),
        ("auth_time", json!(START + 6), "sign_in_stale"),
        ("acr", json!("urn:password"), "sign_in_weak"),
        ("acr", json!("urn:mfa2"), "sign_in_weak"),
        ("acr", json!(null), "sign_in_weak"),
        ("auth_time", json!(null), "sign_in_unavailable"),
        ("preferred_username", json!(null), "sign_in_unavailable"),
        ("preferred_username", json!("a)(uid=*"), "account_unknown"),
        (
            "preferred_username",
            json!("0123456789@elsewhere.example"),
            "account_unknown",
        ),
    ];
    for (claim, value, reason) in cases {
        let mut browser = site.browser();
        let page = browser.tap(&site, "link", &TAROS).await;
        let request = browser.leave_to_sign_in(&page).await;
        let answer = site.sign_in_to(TARO).but(claim, value.clone());
        let page = browser.get(&site.sign_in.answer(&request, answer)).await;
        page.refuses(reason);
        // The tap is still good, so another sign-in is all it takes.
        let page = browser.follow(&page, "back").await;
        browser
            .sign_in(&site, page.is("link-sign-in"), TARO)
            .await
            .is("link-confirm");
    }
}

#[tokio::test]
async fn a_sign_in_from_before_the_procedure_does_not_count() {
    let site = Site::start().await;
    let before = site.now();
    site.pass(HOUR);
    let mut browser = site.browser();
    let request = browser.begin_with_sign_in("unlink").await;
    let answer = site.sign_in_to(TARO).but("auth_time", before);
    let page = browser.get(&site.sign_in.answer(&request, answer)).await;
    page.refuses("sign_in_stale");
}

#[tokio::test]
async fn whoever_cancels_is_not_blamed_and_can_go_on() {
    let site = Site::start().await;
    for (error, reason) in [
        ("access_denied", "tap_cancelled"),
        ("server_error", "tap_failed"),
    ] {
        let mut browser = site.browser();
        let request = browser.begin(&site, "link").await;
        let page = browser.get(&site.verifier.refuse(&request, error)).await;
        let page = browser.follow(page.refuses(reason), "back").await;
        page.is("link");
    }
    for error in ["access_denied", "login_required", "temporarily_unavailable"] {
        let mut browser = site.browser();
        let page = browser.tap(&site, "link", &TAROS).await;
        let request = browser.leave_to_sign_in(&page).await;
        let page = browser.get(&site.sign_in.refuse(&request, error)).await;
        let page = browser
            .follow(page.refuses("sign_in_cancelled"), "back")
            .await;
        page.is("link-sign-in");
    }
}

#[tokio::test]
async fn an_answer_is_good_once() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let request = browser.begin(&site, "recover").await;
    let answer = site.answer_tap(&request, &TAROS);
    browser.get(&answer).await.is("recover-options");
    browser.get(&answer).await.refuses("answer_unknown");
    // Nor is the request answered a second time, with another code.
    let again = site.answer_tap(&request, &HANAKOS);
    browser.get(&again).await.refuses("answer_unknown");
}

#[tokio::test]
async fn a_code_that_was_used_before_or_belongs_to_another_request_is_no_tap() {
    let site = Site::start().await;
    let (mut one, mut other) = (site.browser(), site.browser());
    let first = one.begin(&site, "link").await;
    let first = site.answer_tap(&first, &TAROS);
    let second = other.begin(&site, "link").await;
    let second = site.answer_tap(&second, &HANAKOS);
    // The code of the one with the state of the other: PKCE tells them apart.
    let mixed = second.replace(&parameter(&second, "code"), &parameter(&first, "code"));
    other.get(&mixed).await.refuses("tap_failed");
    // The attempt used the code up.
    one.get(&first).await.refuses("tap_failed");
}

#[tokio::test]
async fn an_answer_that_is_brought_to_another_browser_shows_and_does_nothing() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let request = browser.begin(&site, "recover").await;
    let answer = site.answer_tap(&request, &TAROS);
    let mut stranger = site.browser();
    let page = stranger.get(&answer).await;
    assert!(!page.refuses("cookies_required").html.contains(TARO));
    stranger.begin(&site, "recover").await;
    stranger.get(&answer).await.refuses("answer_unknown");
    // Whose it is has lost nothing.
    browser.get(&answer).await.is("recover-options");
}

#[tokio::test]
async fn an_answer_whose_state_or_sender_was_changed_is_unknown() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let request = browser.begin(&site, "link").await;
    let good = site.answer_tap(&request, &TAROS);
    let (state, code) = (parameter(&good, "state"), parameter(&good, "code"));
    for changed in [
        good.replace(&state, "another"),
        good.replace(&format!("state={state}"), "a=b"),
        format!("{good}&state={state}"),
        format!("{good}&code={code}"),
        "/callback/tap".to_owned(),
        "/callback/tap?state=%FF&code=%00".to_owned(),
        format!("/callback/sign-in?{}", good.split_once('?').unwrap().1),
    ] {
        browser.get(&changed).await.refuses("answer_unknown");
    }
    // So far nobody answered the request. An answer of another issuer does, and says nothing.
    for said in ["&iss=https%3A%2F%2Fevil.example", ""] {
        let request = browser.begin(&site, "link").await;
        let answer = site.answer_tap(&request, &TAROS);
        let (without, _) = answer.split_once("&iss=").unwrap();
        browser
            .get(&format!("{without}{said}"))
            .await
            .refuses("answer_unknown");
    }
    browser.get(&good).await.is("link-sign-in");
}

#[tokio::test]
async fn a_scanner_that_opens_an_answer_does_not_use_it_up() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let request = browser.begin(&site, "link").await;
    let answer = site.answer_tap(&request, &TAROS);
    let looks = [
        browser.request(Method::HEAD, &answer),
        browser
            .request(Method::GET, &answer)
            .header("Sec-Purpose", "prefetch;prerender"),
        browser
            .request(Method::GET, &answer)
            .header("X-Moz", "prefetch"),
    ];
    for look in looks {
        let mut same = browser.clone();
        same.send(look, &answer).await;
        assert_eq!(same.cookies, browser.cookies);
    }
    let post = browser.request(Method::POST, &answer);
    assert_eq!(browser.clone().send(post, &answer).await.status, 405);
    browser.get(&answer).await.is("link-sign-in");
}

fn parameter(url: &str, name: &str) -> String {
    let (_, after) = url.split_once(&format!("{name}=")).unwrap();
    after.split('&').next().unwrap().to_owned()
}

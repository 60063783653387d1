//! Two tabs of one browser, and two people at one browser.

use crate::harness::*;
use reqwest::Method;
use reqwest::header::{LOCATION, SET_COOKIE};

#[tokio::test]
async fn each_tab_has_its_own_procedure_and_the_earlier_one_goes_on_after_a_look_at_its_page() {
    let site = Site::start().await.with_link(&HANAKOS, HANAKO).await;
    let mut browser = site.browser();
    let first = browser.almost_link(&site, &TAROS, TARO).await;
    let second = browser.tap(&site, "unlink", &HANAKOS).await;
    assert!(second.is("unlink-confirm").shows(HANAKO) && !second.shows(TARO));
    // The cookie changed with the second tap, so the first page is out of date.
    let refused = browser.press(&first, "link").await;
    refused.refuses("old_form");
    let first = browser.follow(&refused, "back").await;
    assert!(first.is("link-confirm").shows(TARO) && first.shows(TAROS.name));
    browser.press(&first, "link").await.is("linked");
    let second = browser.get(&second.url).await;
    browser
        .press(second.is("unlink-confirm"), "unlink")
        .await
        .is("unlinked");
}

/// The cookie changes with each answer. The one that came second must not replace it with one that
/// nobody knows.
#[tokio::test]
async fn two_answers_that_come_at_once_cost_neither_tab_its_session() {
    let site = Site::start().await;
    // Several times, for it is about a moment.
    for _ in 0..5 {
        let mut browser = site.browser();
        let earlier = browser.tap(&site, "state", &TAROS).await;
        let first = browser.begin(&site, "link").await;
        let second = browser.begin(&site, "link").await;
        let (mut one, mut other) = (browser.clone(), browser);
        let first = site.answer_tap(&first, &TAROS);
        let second = site.answer_tap(&second, &HANAKOS);
        let came = tokio::join!(
            one.send(one.request(Method::GET, &first), &first),
            other.send(other.request(Method::GET, &second), &second)
        );
        let sets = [&came.0, &came.1].map(|page| page.headers.contains_key(SET_COOKIE));
        assert!(sets != [true, true] && sets != [false, false], "{sets:?}");
        let (mut winner, page) = match sets[0] {
            true => (one, came.0),
            false => (other, came.1),
        };
        let procedure = page.headers[LOCATION].to_str().unwrap();
        winner.get(procedure).await.is("link-sign-in");
        // Nor is the name of an earlier tap sealed with the slower one's cookie.
        assert!(
            winner
                .get(&earlier.url)
                .await
                .is("state-not-linked")
                .shows(TAROS.name)
        );
    }
}

#[tokio::test]
async fn only_the_newest_of_a_procedures_requests_is_answered() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "link", &TAROS).await;
    let earlier = browser.leave_to_sign_in(&page).await;
    let newer = browser.leave_to_sign_in(&page).await;
    let answer = site.sign_in.answer(&earlier, site.sign_in_to(TARO));
    browser.get(&answer).await.refuses("answer_unknown");
    let answer = site.sign_in.answer(&newer, site.sign_in_to(TARO));
    browser.get(&answer).await.is("link-confirm");
}

#[tokio::test]
async fn somebody_elses_sign_in_makes_the_tap_void() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser.almost_link(&site, &TAROS, TARO).await;
    let token = page.is("link-confirm").field("link", "token");
    let again = format!("{}/sign-in", path_of(&page.url));
    let left = browser.post(&again, &[("token", &token)]).await;
    let request = left.attribute("leave", "href").unwrap();
    let answer = site.sign_in.answer(&request, site.sign_in_to(HANAKO));
    let page = browser.get(&answer).await;
    // Hanako has to tap herself, and sees nothing of Taro.
    assert!(!page.is("link").shows(TAROS.name));
    let procedure = "SELECT ppid AS value FROM procedures WHERE ppid IS NOT NULL";
    assert!(site.query::<String>(procedure, &[]).await.is_empty());
}

#[tokio::test]
async fn a_second_tap_makes_the_sign_in_void() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser.almost_link(&site, &TAROS, TARO).await;
    page.is("link-confirm");
    let page = browser.tap(&site, "link", &HANAKOS).await;
    assert!(page.is("link-sign-in").shows(HANAKOS.name) && !page.shows(TARO));
}

/// A tap is not made fresh by the sign-in of somebody who comes to the same browser later.
#[tokio::test]
async fn nobody_removes_or_erases_with_the_tap_of_whoever_was_there_before() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    for kind in ["unlink", "state"] {
        let mut browser = site.browser();
        let page = browser.tap(&site, kind, &TAROS).await;
        let token = page.field("end", "token");
        let sign_in = format!("{}/sign-in", path_of(&page.url));
        browser
            .post(&sign_in, &[("token", &token)])
            .await
            .refuses("other_purpose");
    }
}

//! A provider or the directory that does not answer, before, during and after.

use crate::harness::*;

const LEASE: i64 = 60;

#[tokio::test]
async fn a_verifier_that_is_away_is_explained_and_waited_for() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    site.verifier.set_down(true);
    let mut browser = site.browser();
    let page = browser.get("/recover").await;
    let page = browser.press(&page, "begin-tap").await;
    assert_eq!(page.refuses("verifier_unavailable").status, 503);
    assert!(page.headers.contains_key("retry-after"));
    let page = browser.follow(&page, "back").await;
    page.is("recover");
    site.verifier.set_down(false);
    site.recovering(&TAROS).await;
}

#[tokio::test]
async fn a_verifier_that_goes_away_after_the_tap_costs_the_tap_and_nothing_else() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let request = browser.begin(&site, "recover").await;
    let answer = site.answer_tap(&request, &TAROS);
    site.verifier.set_down(true);
    let page = browser.get(&answer).await;
    assert_eq!(page.refuses("verifier_unavailable").status, 503);
    site.verifier.set_down(false);
    browser.follow(&page, "back").await.is("recover");
    let page = browser.tap(&site, "recover", &TAROS).await;
    page.is("recover-options");
}

#[tokio::test]
async fn a_sign_in_that_is_away_keeps_the_tap_for_when_it_is_back() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let tapped = browser.tap(&site, "link", &TAROS).await;
    site.sign_in.set_down(true);
    let page = browser.press(&tapped, "sign-in").await;
    assert_eq!(page.refuses("sign_in_unavailable").status, 503);
    let page = browser.follow(&page, "back").await;
    page.is("link-sign-in");
    site.sign_in.set_down(false);
    let request = browser.leave_to_sign_in(&page).await;
    let answer = site.sign_in.answer(&request, site.sign_in_to(TARO));
    site.sign_in.set_down(true);
    let page = browser.get(&answer).await;
    page.refuses("sign_in_unavailable");
    site.sign_in.set_down(false);
    let page = browser.follow(&page, "back").await;
    browser
        .sign_in(&site, page.is("link-sign-in"), TARO)
        .await
        .is("link-confirm");
}

#[tokio::test]
async fn a_verifier_that_was_never_there_is_explained() {
    let site = Site::start().await;
    let issuer = site.verifier.issuer.clone();
    // Nobody listens on port 1.
    let site = site
        .restart_with(|text| text.replace(&issuer, "http://127.0.0.1:1"))
        .await;
    let mut browser = site.browser();
    let page = browser.get("/link").await;
    let page = browser.press(&page, "begin-tap").await;
    page.refuses("verifier_unavailable");
}

#[tokio::test]
async fn a_directory_that_is_away_is_explained_wherever_it_is_needed() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut linking = site.browser();
    let confirm = linking.almost_link(&site, &HANAKOS, HANAKO).await;
    let (mut recovering, options) = site.recovering(&TAROS).await;
    let form = recovering.follow(&options, "remedy-password").await;
    site.take_away("directory_accounts").await;
    let page = linking.press(&confirm, "link").await;
    assert_eq!(page.refuses("directory_unavailable").status, 503);
    linking
        .get(&confirm.url)
        .await
        .refuses("directory_unavailable");
    let page = recovering.press(&form, "random").await;
    assert!(page.is("recover-options").says("obstacle-directory_down"));
    let page = site.browser().tap(&site, "state", &TAROS).await;
    assert!(page.is("state-linked").says("obstacle-directory_down"));
    // What needs no directory works.
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS).await;
    page.is("unlink-confirm");
    site.bring_back("directory_accounts").await;
    linking.press(&confirm, "link").await.is("linked");
    recovering
        .press(&form, "random")
        .await
        .is("secret-password");
}

#[tokio::test]
async fn a_directory_that_goes_away_in_the_middle_leaves_it_open_until_that_is_known() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, options) = site.recovering(&TAROS).await;
    let form = browser.follow(&options, "remedy-password").await;
    site.take_away("directory_operations").await;
    let page = browser.press(&form, "random").await;
    page.is("not-issued-uncertain")
        .refuses("not-issued-uncertain");
    assert_eq!(site.operations().await, ["password recorded"]);
    // Asked again, it is not done again.
    browser
        .press(&form, "random")
        .await
        .is("not-issued-uncertain");
    site.bring_back("directory_operations").await;
    browser
        .press(&form, "random")
        .await
        .is("not-issued-uncertain");
    site.pass(LEASE);
    let settled = async || site.operations().await == ["password not_done"];
    site.until("settled", settled).await;
    // It was not done, so it can be done now.
    browser.press(&form, "random").await.is("secret-password");
    assert_eq!(site.notices("password_perhaps").await, 0);
}

#[tokio::test]
async fn what_was_done_but_could_not_be_recorded_is_shown_and_its_person_is_told() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, options) = site.recovering(&TAROS).await;
    let form = browser.follow(&options, "remedy-password").await;
    site.take_away("notices").await;
    let page = browser.press(&form, "random").await;
    let secret = page.is("secret-password").inside("secret").unwrap();
    assert!(site.opens(TARO, &secret).await);
    assert_eq!(site.operations().await, ["password recorded"]);
    site.bring_back("notices").await;
    site.pass(LEASE);
    site.until("recorded", async || {
        site.operations().await == ["password done"]
    })
    .await;
    assert_eq!(site.notices("password_perhaps").await, 1);
    let told = site.told(TARO, "password_perhaps").await;
    assert_eq!(told, ["0123456789@mihon.example", "taro@mail.example"]);
    site.pass(6);
    browser
        .press(&form, "random")
        .await
        .is("not-issued-asked_before");
}

#[tokio::test]
async fn a_hold_locks_the_directory_when_that_is_back() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    site.take_away("directory_operations").await;
    let notice = site.notice(TARO, "linked").await;
    let mut browser = site.browser();
    let page = browser.get(&notice).await;
    browser.press(&page, "freeze").await.is("frozen");
    let page = site.browser().tap(&site, "recover", &TAROS).await;
    assert!(page.says("obstacle-frozen"));
    site.bring_back("directory_operations").await;
    site.pass(2 * LEASE);
    site.until("locked", async || site.state_of(TARO).await == "locked")
        .await;
}

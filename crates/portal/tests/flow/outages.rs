//! A provider or the directory that does not answer, before, during and after.

use crate::harness::*;

const LEASE: i64 = 15;

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
    assert!(page.is("recover-none").says("obstacle-directory_down"));
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
    let page = site.browser().almost_link(&site, &TAROS, TARO).await;
    page.is("stop-frozen");
    site.bring_back("directory_operations").await;
    site.pass(2 * LEASE);
    site.until("locked", async || site.state_of(TARO).await == "locked")
        .await;
}

/// Each waits as long as one attempt takes, not as long as those of everybody before them.
#[tokio::test]
async fn all_who_wait_for_a_verifier_that_does_not_answer_are_told_when_the_first_is() {
    let site = Site::start().await;
    site.verifier.set_down(true);
    site.verifier.hold();
    let mut waiting = Vec::new();
    for _ in 0..5 {
        let mut browser = site.browser();
        let page = browser.get("/link").await;
        waiting.push(tokio::spawn(async move {
            browser.press(&page, "begin-tap").await
        }));
    }
    let started = "SELECT id AS value FROM procedures";
    let all = async || site.query::<String>(started, &[]).await.len() == 5;
    site.until("all started", all).await;
    site.until("asked", async || site.verifier.discoveries() > 0)
        .await;
    site.verifier.release();
    for waiting in waiting {
        waiting.await.unwrap().refuses("verifier_unavailable");
    }
    // Somebody may have come too late to wait with the first.
    let asked = site.verifier.discoveries();
    assert!(asked < 5, "each asked for themselves");
    // Whoever comes now is not told what was a moment ago.
    site.verifier.set_down(false);
    site.browser().begin(&site, "link").await;
    assert!(site.verifier.discoveries() > asked);
}

#[tokio::test]
async fn a_verifier_whose_metadata_cannot_be_read_anew_is_used_as_it_was() {
    let site = Site::start().await;
    site.browser().begin(&site, "state").await;
    site.pass(2 * HOUR);
    let asked = site.verifier.discoveries();
    let mut browser = site.browser();
    let request = browser.begin(&site, "state").await;
    assert!(site.verifier.discoveries() > asked);
    browser
        .get(&site.answer_tap(&request, &TAROS))
        .await
        .is("state-not-linked");
}

#[tokio::test]
async fn a_database_that_fails_is_explained_and_what_was_there_is_there_again() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut linking = site.browser();
    let confirm = linking.almost_link(&site, &HANAKOS, HANAKO).await;
    let mut starting = site.browser();
    let start = starting.get("/recover").await;
    site.take_away("sessions").await;
    let pages = [
        starting.press(&start, "begin-tap").await,
        linking.press(&confirm, "link").await,
        linking.get(&confirm.url).await,
    ];
    for page in pages {
        assert_eq!(page.refuses("unavailable").status, 503);
        assert!(page.headers.contains_key("retry-after"));
    }
    starting.get("/").await.is("home");
    site.bring_back("sessions").await;
    linking.press(&confirm, "link").await.is("linked");
    site.recovering(&TAROS).await;
}

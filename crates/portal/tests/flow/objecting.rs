//! "This was not me": a look changes nothing, the button puts the account on hold.

use crate::harness::*;
use kazasu_demo::slapd::Slapd;
use kazasu_portal::account::AccountId;
use kazasu_portal::lift_freeze;
use reqwest::Method;

async fn recovered() -> (Site, String) {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, page) = site.recovering(&TAROS).await;
    let password = browser.new_password(&page).await;
    (site, password)
}

#[tokio::test]
async fn a_look_at_the_notice_tells_what_happened_and_changes_nothing() {
    let (site, password) = recovered().await;
    let notice = site.notice(TARO, "password").await;
    let mut browser = site.browser();
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let request = browser.request(method, &notice);
        browser.send(request, &notice).await;
    }
    let ahead = browser.request(Method::GET, &notice);
    let ahead = ahead.header("Sec-Purpose", "prefetch");
    browser.send(ahead, &notice).await;
    let page = browser.get(&notice).await;
    page.is("objection");
    assert!(page.says("event-password") && page.shows(TARO) && page.shows("Firefox"));
    assert!(!site.is_frozen(TARO).await);
    assert!(site.opens(TARO, &password).await);
}

#[tokio::test]
async fn whoever_objects_locks_the_account_and_ends_what_was_issued() {
    let (site, password) = recovered().await;
    let (mut thief, options) = site.recovering(&TAROS).await;
    let form = thief.follow(&options, "remedy-access-pass").await;
    let notice = site.notice(TARO, "password").await;
    let mut browser = site.browser();
    let page = browser.get(&notice).await;
    let page = browser.press(&page, "freeze").await;
    page.is("frozen");
    assert!(!page.has("freeze"));
    site.until("locked", async || site.state_of(TARO).await == "locked")
        .await;
    assert!(!site.opens(TARO, &password).await);
    // Whoever was at it is no longer.
    thief
        .press(&form, "access-pass")
        .await
        .refuses("procedure_over");
    let page = site.browser().tap(&site, "recover", &TAROS).await;
    assert!(page.says("obstacle-frozen"));
    let page = site.browser().tap(&site, "state", &TAROS).await;
    assert!(page.says("obstacle-frozen"));
}

#[tokio::test]
async fn an_account_on_hold_is_not_linked_with_any_card() {
    let (site, _) = recovered().await;
    site.pass(DAY);
    site.freeze(TARO, "password").await;
    // Even where the directory does not lock it.
    site.unlock(TARO).await;
    let page = site.browser().almost_link(&site, &TAROS_NEW, TARO).await;
    page.is("stop-frozen").refuses("frozen");
    let page = site.browser().tap(&site, "recover", &TAROS).await;
    assert!(page.says("obstacle-frozen") && !page.html.contains("/password\""));
}

#[tokio::test]
async fn a_link_that_still_matures_ends_when_somebody_objects_to_it() {
    let site = Site::start().await;
    site.browser().link(&site, &TAROS, TARO).await;
    site.freeze(TARO, "linked").await;
    let page = site.browser().tap(&site, "state", &TAROS).await;
    page.is("state-not-linked");
    let because = "SELECT ended_because AS value FROM links";
    assert_eq!(site.query::<String>(because, &[]).await, ["frozen"]);
}

#[tokio::test]
async fn a_link_that_somebody_objects_to_does_not_come_back_when_the_hold_is_lifted() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    site.pass(10 * DAY);
    site.freeze(TARO, "linked").await;
    let account = AccountId::parse(TARO, None).unwrap();
    lift_freeze(&site.store, account, site.now()).await.unwrap();
    site.unlock(TARO).await;
    let page = site.browser().tap(&site, "recover", &TAROS).await;
    assert!(page.says("obstacle-not_linked"), "{page:?}");
    let because = "SELECT ended_because AS value FROM links";
    assert_eq!(site.query::<String>(because, &[]).await, ["frozen"]);
}

#[tokio::test]
async fn a_strangers_card_is_unlinked_before_the_hold_is_lifted() {
    let (site, _) = recovered().await;
    site.pass(DAY - HOUR);
    site.freeze(TARO, "password").await;
    site.unlock(TARO).await;
    let mut browser = site.browser();
    let page = browser.start_by_sign_in(&site, "unlink", TARO).await;
    browser.press(&page, "unlink").await.is("unlinked");
    let account = AccountId::parse(TARO, None).unwrap();
    assert!(lift_freeze(&site.store, account, site.now()).await.unwrap());
    let page = site.browser().tap(&site, "recover", &TAROS).await;
    assert!(page.says("obstacle-not_linked"));
    // Nor has the stranger a say in what is linked next.
    site.pass(2 * HOUR);
    site.browser().link(&site, &TAROS_NEW, TARO).await;
    let page = site.browser().tap(&site, "unlink", &TAROS).await;
    page.is("nothing-linked");
}

#[tokio::test]
async fn a_hold_is_lifted_by_staff_only_and_a_mature_link_works_again() {
    let (site, _) = recovered().await;
    site.freeze(TARO, "password").await;
    let account = || AccountId::parse(TARO, None).unwrap();
    assert!(
        lift_freeze(&site.store, account(), site.now())
            .await
            .unwrap()
    );
    assert!(
        !lift_freeze(&site.store, account(), site.now())
            .await
            .unwrap()
    );
    let page = site.browser().tap(&site, "recover", &TAROS).await;
    assert!(page.says("obstacle-locked"));
    site.unlock(TARO).await;
    let (mut browser, page) = site.recovering(&TAROS).await;
    browser.new_password(&page).await;
}

#[tokio::test]
async fn a_lock_that_could_not_be_made_is_not_made_after_the_hold_was_lifted() {
    let site = Site::start().await;
    let site = site
        .with_link(&TAROS, TARO)
        .await
        .with_link(&HANAKOS, HANAKO)
        .await;
    site.take_away("directory_operations").await;
    let mut browser = site.browser();
    let page = browser.get(&site.notice(TARO, "linked").await).await;
    browser.press(&page, "freeze").await.is("frozen");
    let account = AccountId::parse(TARO, None).unwrap();
    lift_freeze(&site.store, account, site.now()).await.unwrap();
    assert_eq!(site.operations().await, ["lock not_done"]);
    site.bring_back("directory_operations").await;
    site.pass(HOUR);
    // Whatever was due before this one has been done after it.
    site.freeze(HANAKO, "linked").await;
    site.until("recorded", async || {
        site.operations().await == ["lock done", "lock not_done"]
    })
    .await;
    assert_eq!(site.state_of(TARO).await, "active");
}

/// Staff has to do it, and shall not be undone by another attempt.
#[tokio::test]
async fn a_lock_that_the_directory_refuses_is_tried_once() {
    let slapd = Slapd::start().await.unwrap();
    // Readable, but not to be written by the portal.
    let locked = "attribute = \"description\"";
    let tables = slapd
        .settings()
        .replace("attribute = \"pwdAccountLockedTime\"", locked);
    let site = Site::start_with(&tables)
        .await
        .with_link(&TAROS, TARO)
        .await;
    let mut browser = site.browser();
    let page = browser.get(&site.notice(TARO, "linked").await).await;
    browser.press(&page, "freeze").await.is("frozen");
    site.until("given up", async || {
        site.operations().await == ["lock not_done"]
    })
    .await;
    assert!(site.is_frozen(TARO).await);
    let events = "SELECT count(*) AS value FROM audit_events WHERE kind = 'operation_not_done'";
    assert_eq!(site.query::<i64>(events, &[]).await, [1]);
}

#[tokio::test]
async fn objecting_twice_at_once_is_objecting_once() {
    let (site, _) = recovered().await;
    let notice = site.notice(TARO, "password").await;
    let mut one = site.browser();
    let page = one.get(&notice).await;
    let mut other = one.clone();
    let (a, b) = tokio::join!(one.press(&page, "freeze"), other.press(&page, "freeze"));
    a.is("frozen");
    b.is("frozen");
    one.press(&page, "freeze").await.is("frozen");
    let locks = "SELECT id AS value FROM operations WHERE kind = 'lock'";
    assert_eq!(site.query::<String>(locks, &[]).await.len(), 1);
}

#[tokio::test]
async fn a_notice_that_is_unknown_cut_short_or_too_old_freezes_nothing() {
    let (site, _) = recovered().await;
    let notice = site.notice(TARO, "password").await;
    let mut browser = site.browser();
    let short = &notice[..notice.len() - 1];
    for path in [
        short,
        "/notice/x",
        "/notice/%00",
        "/notice/%E3%81%82",
        "/notice/a%2Fb",
    ] {
        browser.get(path).await.refuses("notice_unknown");
        browser.post(path, &[]).await.refuses("notice_unknown");
    }
    site.pass(30 * DAY);
    browser.get(&notice).await.refuses("notice_unknown");
    browser.post(&notice, &[]).await.refuses("notice_unknown");
    assert!(!site.is_frozen(TARO).await);
}

#[tokio::test]
async fn nobody_is_made_to_object_by_a_page_of_somebody_else() {
    let (site, _) = recovered().await;
    let notice = site.notice(TARO, "password").await;
    let mut browser = site.browser();
    for (name, value) in [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("X-No", ""),
    ] {
        let request = browser.request(Method::POST, &notice).header(name, value);
        let page = browser.go(request.form(&[("a", "b")]), &notice).await;
        page.refuses("foreign_form");
    }
    assert!(!site.is_frozen(TARO).await);
}

#[tokio::test]
async fn every_event_can_be_objected_to() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS).await;
    browser.press(&page, "unlink").await;
    let site = site.with_link(&TAROS, TARO).await;
    let (mut browser, page) = site.recovering(&TAROS).await;
    browser.new_access_pass(&page).await;
    site.pass(DAY);
    site.browser().link(&site, &TAROS_NEW, TARO).await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS).await;
    browser.press(&page, "veto").await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS).await;
    let page = browser.follow(&page, "to-erase").await;
    browser.press(&page, "erase").await;
    let events = [
        "linked",
        "unlinked",
        "access_pass",
        "replaced",
        "vetoed",
        "erased",
    ];
    for kind in events {
        let page = site.browser().get(&site.notice(TARO, kind).await).await;
        assert!(page.is("objection").says(&format!("event-{kind}")));
    }
    site.freeze(TARO, "erased").await;
}

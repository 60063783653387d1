//! Seeing what is linked, and removing it.

use crate::harness::*;

#[tokio::test]
async fn the_state_is_seen_after_a_tap_and_after_a_sign_in() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let page = site.browser().tap(&site, "state", &TAROS).await;
    assert!(page.is("state-linked").shows(TARO) && page.shows(TAROS.name));
    let page = site.browser().start_by_sign_in(&site, "state", TARO).await;
    assert!(page.is("state-linked").shows(TARO));
    // Nothing of the name on the card is kept.
    assert!(!page.shows(TAROS.name));
}

#[tokio::test]
async fn whoever_has_linked_nothing_sees_that_and_where_to_link() {
    let site = Site::start().await;
    let page = site.browser().tap(&site, "state", &TAROS).await;
    assert!(page.is("state-not-linked").html.contains("href=\"/link\""));
    let page = site.browser().start_by_sign_in(&site, "state", TARO).await;
    assert!(page.is("state-not-linked").shows(TARO));
}

#[tokio::test]
async fn a_link_is_removed_after_a_tap() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS).await;
    assert!(page.is("unlink-confirm").shows(TARO) && page.shows(TAROS.name));
    let page = browser.press(&page, "unlink").await;
    page.is("unlinked");
    // A reload shows the same.
    browser.get(&page.url).await.is("unlinked");
    let page = site.browser().tap(&site, "recover", &TAROS).await;
    assert!(page.says("obstacle-not_linked"));
    // It may be made anew.
    site.browser().link(&site, &TAROS, TARO).await;
}

#[tokio::test]
async fn a_link_is_removed_after_a_sign_in() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let page = browser.start_by_sign_in(&site, "unlink", TARO).await;
    page.is("unlink-confirm");
    browser.press(&page, "unlink").await.is("unlinked");
    let page = site.browser().tap(&site, "state", &TAROS).await;
    page.is("state-not-linked");
}

#[tokio::test]
async fn whoever_has_no_link_is_told_that_there_is_nothing_to_remove() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let page = site.browser().tap(&site, "unlink", &HANAKOS).await;
    page.is("nothing-linked");
    let page = site
        .browser()
        .start_by_sign_in(&site, "unlink", HANAKO)
        .await;
    page.is("nothing-linked");
}

#[tokio::test]
async fn a_link_is_removed_once_however_often_the_button_is_pressed() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut one = site.browser();
    let page = one.tap(&site, "unlink", &TAROS).await;
    let mut other = one.clone();
    let (a, b) = tokio::join!(one.press(&page, "unlink"), other.press(&page, "unlink"));
    a.is("unlinked");
    b.is("unlinked");
    one.press(&page, "unlink").await.is("unlinked");
    assert_eq!(site.notices("unlinked").await, 1);
}

#[tokio::test]
async fn a_link_is_removed_whatever_became_of_the_account() {
    let site = Site::start().await;
    let site = site
        .with_link(&TAROS, TARO)
        .await
        .with_link(&HANAKOS, HANAKO)
        .await;
    site.lock(TARO).await;
    site.remove_account(HANAKO).await;
    for card in [TAROS, HANAKOS] {
        let mut browser = site.browser();
        let page = browser.tap(&site, "unlink", &card).await;
        browser.press(&page, "unlink").await.is("unlinked");
    }
}

//! Replacing the link of a lost card: the new one matures, and whoever has the old card can object.

use crate::harness::*;

async fn replaced() -> Site {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let page = browser.almost_link(&site, &TAROS_NEW, TARO).await;
    assert!(page.is("link-confirm").says("link-confirm.replaces"));
    browser.press(&page, "link").await.is("linked");
    site
}

#[tokio::test]
async fn the_new_card_takes_the_place_of_the_old_one_and_recovers_after_a_day() {
    let site = replaced().await;
    for card in [TAROS, TAROS_NEW] {
        let page = site.browser().tap(&site, "recover", &card).await;
        assert!(!page.html.contains("/password\""), "{card:?}");
    }
    site.pass(DAY);
    let (mut browser, page) = site.recovering(&TAROS_NEW).await;
    browser.new_password(&page).await;
    let page = site.browser().tap(&site, "recover", &TAROS).await;
    assert!(page.says("obstacle-not_linked"));
}

#[tokio::test]
async fn the_old_card_takes_the_new_link_back_and_is_linked_again() {
    let site = replaced().await;
    site.pass(DAY - 1);
    let state = site.browser().tap(&site, "state", &TAROS).await;
    assert!(state.is("state-not-linked").says("state.replaced"));
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS).await;
    assert!(page.is("veto").shows(TARO));
    let page = browser.press(&page, "veto").await;
    page.is("vetoed");
    // It is the link it was: mature.
    let (mut browser, page) = site.recovering(&TAROS).await;
    browser.new_password(&page).await;
    let page = site.browser().tap(&site, "state", &TAROS_NEW).await;
    page.is("state-not-linked");
}

/// Whoever is robbed of their account comes to get it back, not to look at links.
#[tokio::test]
async fn whoever_taps_the_old_card_to_recover_learns_that_another_took_its_place() {
    let site = replaced().await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "recover", &TAROS).await;
    assert!(page.is("recover-none").says("state.replaced"));
    browser.follow(&page, "object").await.is("unlink");
}

#[tokio::test]
async fn once_the_new_link_has_matured_it_is_too_late_to_object() {
    let site = replaced().await;
    let mut early = site.browser();
    let page = early.tap(&site, "unlink", &TAROS).await;
    page.is("veto");
    // Not before, for a tap is good for ten minutes.
    site.pass(DAY - MINUTE);
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS).await;
    page.is("veto");
    site.pass(MINUTE);
    browser.press(&page, "veto").await.is("nothing-linked");
    let page = site.browser().tap(&site, "unlink", &TAROS).await;
    page.is("nothing-linked");
    let (_, page) = site.recovering(&TAROS_NEW).await;
    assert!(page.html.contains("/password\""));
}

#[tokio::test]
async fn nobody_but_the_old_cards_holder_objects() {
    let site = replaced().await;
    let mut stranger = site.browser();
    stranger.link(&site, &HANAKOS, HANAKO).await;
    for card in [HANAKOS, TAROS_NEW] {
        let mut browser = site.browser();
        let page = browser.tap(&site, "unlink", &card).await;
        let token = page.is("unlink-confirm").field("unlink", "token");
        let veto = format!("{}/veto", path_of(&page.url));
        browser
            .post(&veto, &[("token", &token)])
            .await
            .is("unlink-confirm");
    }
    let active = "SELECT ppid AS value FROM links WHERE ended_at IS NULL ORDER BY ppid";
    let active = site.query::<String>(active, &[]).await;
    assert_eq!(active, [TAROS_NEW.ppid, HANAKOS.ppid]);
}

/// Another card with Taro's name on it.
const THIRD: Card = Card {
    ppid: "third-ppid-of-taro",
    name: TAROS.name,
};

/// Whether the holder of this card is offered to take back what took its place, and does.
async fn takes_back(site: &Site, card: &Card) -> bool {
    let mut browser = site.browser();
    let page = browser.tap(site, "unlink", card).await;
    if !page.has("veto") {
        return false;
    }
    browser.press(&page, "veto").await.is("vetoed");
    let state = site.browser().tap(site, "state", card).await;
    state.is("state-linked").shows(TARO)
}

async fn unlink_by_sign_in(site: &Site) {
    let mut browser = site.browser();
    let page = browser.start_by_sign_in(site, "unlink", TARO).await;
    browser.press(&page, "unlink").await.is("unlinked");
}

#[tokio::test]
async fn whoever_replaces_the_new_link_once_more_keeps_neither_earlier_card_from_objecting() {
    for card in [TAROS, TAROS_NEW] {
        let site = replaced().await;
        site.pass(DAY - 1);
        site.browser().link(&site, &THIRD, TARO).await;
        assert!(takes_back(&site, &card).await, "{card:?}");
    }
}

#[tokio::test]
async fn once_a_link_has_matured_those_before_it_have_had_their_time() {
    let site = replaced().await;
    site.pass(DAY);
    site.browser().link(&site, &THIRD, TARO).await;
    assert!(!takes_back(&site, &TAROS).await);
    assert!(takes_back(&site, &TAROS_NEW).await);
}

#[tokio::test]
async fn a_link_that_a_sign_in_removed_counts_as_replaced_by_the_next_one() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    unlink_by_sign_in(&site).await;
    assert!(!takes_back(&site, &TAROS).await);
    site.pass(DAY - 1);
    site.browser().link(&site, &TAROS_NEW, TARO).await;
    assert!(takes_back(&site, &TAROS).await);
    // Linked again with the same card, there is nothing to take back.
    unlink_by_sign_in(&site).await;
    site.browser().link(&site, &TAROS, TARO).await;
    let page = site.browser().tap(&site, "unlink", &TAROS).await;
    page.is("unlink-confirm");
}

#[tokio::test]
async fn a_link_that_a_sign_in_erased_counts_as_replaced_by_the_next_one() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let page = browser.start_by_sign_in(&site, "state", TARO).await;
    let page = browser.follow(&page, "to-erase").await;
    browser.press(&page, "erase").await.is("erased");
    site.browser().link(&site, &TAROS_NEW, TARO).await;
    assert!(takes_back(&site, &TAROS).await);
}

#[tokio::test]
async fn ways_about_do_not_keep_the_earlier_card_from_objecting() {
    let site = replaced().await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS_NEW).await;
    browser.press(&page, "unlink").await.is("unlinked");
    site.browser().link(&site, &THIRD, TARO).await;
    // They ended theirs themselves.
    assert!(!takes_back(&site, &TAROS_NEW).await);
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &THIRD).await;
    let page = browser.follow(&page, "to-erase").await;
    browser.press(&page, "erase").await.is("erased");
    site.browser().link(&site, &TAROS_NEW, TARO).await;
    assert!(takes_back(&site, &TAROS).await);
}

#[tokio::test]
async fn what_its_own_card_removed_or_was_removed_long_ago_does_not_come_back() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS).await;
    browser.press(&page, "unlink").await.is("unlinked");
    site.browser().link(&site, &TAROS_NEW, TARO).await;
    assert!(!takes_back(&site, &TAROS).await);
    site.pass(DAY);
    unlink_by_sign_in(&site).await;
    site.pass(DAY);
    site.browser().link(&site, &TAROS, TARO).await;
    assert!(!takes_back(&site, &TAROS_NEW).await);
}

#[tokio::test]
async fn two_who_object_at_once_restore_one_link() {
    let site = replaced().await;
    let mut one = site.browser();
    let page = one.tap(&site, "unlink", &TAROS).await;
    let mut other = one.clone();
    let (a, b) = tokio::join!(one.press(&page, "veto"), other.press(&page, "veto"));
    a.is("vetoed");
    b.is("vetoed");
    let active = "SELECT ppid AS value FROM links WHERE ended_at IS NULL";
    assert_eq!(site.query::<String>(active, &[]).await, [TAROS.ppid]);
    assert_eq!(site.notices("vetoed").await, 1);
}

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

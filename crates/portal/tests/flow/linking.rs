//! Linking a card to an account: what it takes, and what stops it.

use crate::harness::*;
use kazasu_service::values;

#[tokio::test]
async fn a_card_is_linked_after_a_tap_a_sign_in_and_a_look_at_both() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "link", &TAROS).await;
    assert!(page.is("link-sign-in").shows(TAROS.name));
    let page = browser.sign_in(&site, &page, TARO).await;
    page.is("link-confirm");
    assert!(page.shows(TAROS.name) && page.shows(TARO), "{page:?}");
    let page = browser.press(&page, "link").await;
    page.is("linked");
    assert!(page.shows(TAROS.name) && page.shows(TARO), "{page:?}");
    let links = "SELECT matures_at AS value FROM links WHERE ended_at IS NULL";
    assert_eq!(site.query::<i64>(links, &[]).await, [site.now() + DAY]);
}

#[tokio::test]
async fn the_verifier_and_the_sign_in_are_asked_for_what_the_procedure_needs() {
    let site = Site::start().await;
    for (kind, purpose) in PURPOSES {
        let request = site.browser().begin(&site, kind).await;
        // The browser carries a reference only.
        assert!(!request.contains("redirect_uri"), "{request}");
        let asked = site.verifier.asked(&request);
        assert_eq!(asked["purpose"], purpose);
        assert_eq!(asked["scope"], "openid name");
        assert_eq!(asked["ui_locales"], "en");
        let callback = format!("{}/callback/tap", site.origin);
        assert_eq!(asked["redirect_uri"], callback);
    }
    let request = site.browser().begin_with_sign_in("state").await;
    let asked = site.sign_in.asked(&request);
    let expected = [
        ("prompt", "login"),
        ("max_age", "0"),
        ("acr_values", "urn:mfa"),
    ];
    for (name, value) in expected {
        assert_eq!(asked[name], value);
    }
}

#[tokio::test]
async fn a_card_that_is_linked_already_is_told_so() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let page = browser.almost_link(&site, &TAROS, TARO).await;
    page.is("stop-already").refuses("already");
}

#[tokio::test]
async fn a_card_is_linked_to_one_account_only_and_says_to_which() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let page = browser.almost_link(&site, &TAROS, HANAKO).await;
    page.is("stop-other_account").refuses("other_account");
    assert!(page.shows(TARO));
}

#[tokio::test]
async fn another_name_than_the_accounts_stops_a_link_and_another_account_takes_another_tap() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser.almost_link(&site, &TAROS, HANAKO).await;
    page.is("stop-name").refuses("name");
    assert!(!page.has("link"));
    // Whose account it is is not told to whoever is not that person.
    assert!(!page.shows(HANAKOS.name));
    assert!(page.says("start-over") && !page.has("sign-in"));
    let page = browser.almost_link(&site, &TAROS, TARO).await;
    page.is("link-confirm");
}

#[tokio::test]
async fn a_nearly_equal_name_is_asked_about() {
    let site = Site::start().await;
    let nearly = Card {
        name: "見本　太朗",
        ..TAROS
    };
    let mut browser = site.browser();
    let page = browser.almost_link(&site, &nearly, TARO).await;
    page.is("link-confirm");
    assert!(page.says("link-confirm.near") && page.shows("見本　太郎") && page.shows("見本　太朗"));
    browser.press(&page, "link").await.is("linked");
    let matched = "SELECT name_match AS value FROM links";
    assert_eq!(site.query::<String>(matched, &[]).await, ["one_character"]);
}

#[tokio::test]
async fn whoever_is_a_student_and_staff_links_the_student_account() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser.almost_link(&site, &TAROS, TARO_AT_WORK).await;
    page.is("stop-use_student_account");
    assert!(page.refuses("use_student_account").shows(TARO));
    // Staff who are no students link theirs.
    site.browser().link(&site, &JIROS, JIRO).await;
}

#[tokio::test]
async fn accounts_of_staff_are_not_linked_where_the_institution_says_so() {
    let site = Site::start_with("[accounts]\nstaff = false").await;
    let page = site.browser().almost_link(&site, &JIROS, JIRO).await;
    page.is("stop-staff").refuses("staff");
}

#[tokio::test]
async fn a_revoked_a_locked_and_an_unknown_account_are_not_linked_and_the_person_is_told_why() {
    let site = Site::start().await;
    let page = site.browser().almost_link(&site, &SABUROS, SABURO).await;
    page.is("stop-revoked").refuses("revoked");
    site.lock(HANAKO).await;
    let page = site.browser().almost_link(&site, &HANAKOS, HANAKO).await;
    page.is("stop-locked").refuses("locked");
    let page = site
        .browser()
        .almost_link(&site, &TAROS, "9999999999")
        .await;
    page.is("stop-account_unknown").refuses("account_unknown");
    let page = site
        .browser()
        .almost_link(&site, &TAROS, "no (account)")
        .await;
    page.refuses("account_unknown");
}

#[tokio::test]
async fn a_new_link_recovers_nothing_until_it_has_matured_but_can_be_seen_and_removed() {
    let site = Site::start().await;
    site.browser().link(&site, &TAROS, TARO).await;
    site.pass(DAY - 1);
    let mut browser = site.browser();
    let page = browser.tap(&site, "recover", &TAROS).await;
    assert!(page.says("obstacle-maturing"), "{page:?}");
    assert!(!page.html.contains("/password\"") && !page.html.contains("/access-pass\""));
    let page = browser
        .get(&format!("{}/password", path_of(&page.url)))
        .await;
    page.is("recover-none");
    let state = site.browser().tap(&site, "state", &TAROS).await;
    assert!(state.is("state-linked").says("obstacle-maturing"));
    site.pass(1);
    let (_, page) = site.recovering(&TAROS).await;
    assert_eq!(page.attribute("remedy-password", "class"), None);
    assert!(page.has("remedy-password"), "{page:?}");
}

#[tokio::test]
async fn a_link_of_which_the_day_is_not_waited_for_is_used_at_once_where_maturity_is_zero() {
    let site = Site::start_with("[lifetimes]\nmaturity = 0").await;
    let page = site.browser().link(&site, &TAROS, TARO).await;
    assert!(page.says("linked.text"));
    let (mut browser, page) = site.recovering(&TAROS).await;
    browser.new_password(&page).await;
}

#[tokio::test]
async fn nothing_is_linked_for_a_day_after_a_recovery() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, page) = site.recovering(&TAROS).await;
    browser.new_password(&page).await;
    site.pass(DAY - 1);
    let mut browser = site.browser();
    let page = browser.almost_link(&site, &TAROS_NEW, TARO).await;
    page.is("stop-not_before").refuses("not_before");
    site.pass(1);
    site.browser().link(&site, &TAROS_NEW, TARO).await;
}

#[tokio::test]
async fn nothing_is_linked_for_a_day_after_a_change_of_contacts() {
    let site = Site::start().await;
    let changed = PEOPLE.replace("taro@mail.example", "thief@mail.example");
    site.import(&changed).await;
    site.pass(DAY - 1);
    let page = site.browser().almost_link(&site, &TAROS, TARO).await;
    page.is("stop-not_before").refuses("not_before");
    // Nothing of Hanako's changed.
    site.browser().link(&site, &HANAKOS, HANAKO).await;
    site.pass(1);
    site.browser().link(&site, &TAROS, TARO).await;
}

#[tokio::test]
async fn a_new_account_is_linked_at_once_for_its_contacts_did_not_change() {
    let site = Site::start().await;
    let line = r#"{"account": "7777777777", "kind": "student", "names": ["見本　桃子"], "contacts": [{"address": "momoko@mail.example", "outside": true}]}"#;
    site.import(line).await;
    let card = Card {
        ppid: "ppid-of-momoko",
        name: "見本　桃子",
    };
    site.browser().link(&site, &card, "7777777777").await;
}

#[tokio::test]
async fn a_card_whose_certificate_was_revoked_is_linked_anew() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let request = browser.begin(&site, "link").await;
    let answer = site
        .tap_of(&request, &TAROS_NEW)
        .but("relink_required", true);
    let page = browser.get(&site.verifier.answer(&request, answer)).await;
    assert!(page.is("link-sign-in").says("link-sign-in.relink"));
    let page = browser.sign_in(&site, &page, TARO).await;
    assert!(page.is("link-confirm").says("link-confirm.replaces"));
    browser.press(&page, "link").await.is("linked");
    // The card's earlier self recovers nothing, and its new one only after a day.
    let mut stranger = site.browser();
    let request = stranger.begin(&site, "recover").await;
    let answer = site.tap_of(&request, &HANAKOS).but("relink_required", true);
    let page = stranger.get(&site.verifier.answer(&request, answer)).await;
    assert!(page.says("link-sign-in.relink"));
    stranger.follow(&page, "to-link").await.is("link");
    let page = site.browser().tap(&site, "recover", &TAROS).await;
    assert!(page.says("obstacle-not_linked"));
    site.pass(DAY);
    let (mut browser, page) = site.recovering(&TAROS_NEW).await;
    browser.new_password(&page).await;
}

#[tokio::test]
async fn the_link_that_a_page_offered_is_not_made_if_the_account_changed_meanwhile() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser.almost_link(&site, &TAROS, TARO).await;
    site.lock(TARO).await;
    let stopped = browser.press(page.is("link-confirm"), "link").await;
    stopped.is("stop-locked");
    let links = "SELECT id AS value FROM links";
    assert!(site.query::<String>(links, &[]).await.is_empty());
    let stops = "SELECT details AS value FROM audit_events WHERE kind = ?1";
    let stops = site.query::<String>(stops, values!["link_stopped"]).await;
    assert!(stops.len() == 1 && stops[0].contains("locked"), "{stops:?}");
}

//! Sessions: whose they are, and when they end.

use crate::harness::*;
use kazasu_service::values;
use reqwest::Method;
use reqwest::header::COOKIE;

const COOKIE_NAME: &str = "__Host-portal";

#[tokio::test]
async fn a_browser_gets_a_cookie_only_when_it_starts_something() {
    let site = Site::start().await;
    let mut browser = site.browser();
    for path in [
        "/", "/link", "/state", "/unlink", "/recover", "/nothing", "/p/x",
    ] {
        browser.get(path).await;
        assert!(browser.cookies.is_empty(), "{path}");
    }
    let page = browser.get("/link").await;
    let left = browser.press(&page, "begin-tap").await;
    let cookie = left.headers["set-cookie"].to_str().unwrap();
    for part in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain") && cookie.starts_with(COOKIE_NAME));
}

#[tokio::test]
async fn a_procedure_ends_half_an_hour_after_its_start() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser.almost_link(&site, &TAROS, TARO).await;
    site.pass(30 * MINUTE - 1);
    browser.get(&page.url).await.is("link-confirm");
    site.pass(1);
    browser.get(&page.url).await.refuses("procedure_over");
    browser.press(&page, "link").await.refuses("procedure_over");
}

#[tokio::test]
async fn an_answer_that_comes_after_the_procedures_end_is_too_late() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let request = browser.begin(&site, "link").await;
    site.pass(30 * MINUTE);
    let page = browser.get(&site.answer_tap(&request, &TAROS)).await;
    // Unless the sweep was faster, in which case nobody knows the question any more.
    let reason = page.reason().unwrap().to_owned();
    assert!(
        ["procedure_over", "answer_unknown"].contains(&&*reason),
        "{page:?}"
    );
}

#[tokio::test]
async fn what_is_ten_minutes_old_proves_nothing_and_one_starts_again() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut linking = site.browser();
    let link = linking.almost_link(&site, &HANAKOS, HANAKO).await;
    let mut unlinking = site.browser();
    let unlink = unlinking.tap(&site, "unlink", &TAROS).await;
    let mut signed_in = site.browser();
    let unlink_too = signed_in.start_by_sign_in(&site, "unlink", TARO).await;
    let mut erasing = site.browser();
    let page = erasing.tap(&site, "unlink", &TAROS).await;
    let erase = erasing.follow(&page, "to-erase").await;
    let (mut recovering, options) = site.recovering(&TAROS).await;
    let password = recovering.follow(&options, "remedy-password").await;
    let pass = recovering.follow(&options, "remedy-access-pass").await;
    site.pass(10 * MINUTE + 1);
    let refused = [
        (linking.press(&link, "link").await, "/link"),
        (unlinking.press(&unlink, "unlink").await, "/unlink"),
        (signed_in.press(&unlink_too, "unlink").await, "/unlink"),
        (erasing.press(&erase, "erase").await, "/unlink"),
        (recovering.get(&options.url).await, "/recover"),
        (recovering.press(&password, "random").await, "/recover"),
        (recovering.press(&pass, "access-pass").await, "/recover"),
    ];
    for (page, start) in refused {
        let back = page.refuses("evidence_old").attribute("back", "href");
        assert_eq!(back.as_deref(), Some(start));
    }
    let links = "SELECT ppid AS value FROM links WHERE ended_at IS NULL";
    assert_eq!(site.query::<String>(links, &[]).await, [TAROS.ppid]);
    assert_eq!(site.operations().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_cookie_that_somebody_planted_before_the_tap_is_worthless_after_it() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    for planted in [true, false] {
        let mut thief = site.browser();
        let value = match planted {
            // One of a session that the thief began.
            true => {
                thief.begin(&site, "state").await;
                thief.cookies[COOKIE_NAME].clone()
            }
            // One that nobody ever gave out.
            false => "A".repeat(43),
        };
        thief.cookies.insert(COOKIE_NAME.to_owned(), value.clone());
        let mut victim = site.browser();
        victim.cookies.insert(COOKIE_NAME.to_owned(), value);
        let page = victim.tap(&site, "recover", &TAROS).await;
        page.is("recover-options");
        assert_ne!(victim.cookies, thief.cookies);
        thief.get(&page.url).await.refuses("procedure_over");
        let token = page.field("end", "token");
        let path = format!("{}/password", path_of(&page.url));
        let form = [("token", &*token), ("choice", "random")];
        thief.post(&path, &form).await.refuses("procedure_over");
    }
    assert_eq!(site.operations().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_cookie_changes_with_the_tap_and_with_the_sign_in_and_the_earlier_ones_are_dead() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let request = browser.begin(&site, "link").await;
    let before = browser.clone();
    let page = browser.get(&site.answer_tap(&request, &TAROS)).await;
    let tapped = browser.clone();
    let page = browser.sign_in(&site, &page, TARO).await;
    for mut earlier in [before, tapped] {
        assert_ne!(earlier.cookies, browser.cookies);
        earlier.get(&page.url).await.refuses("procedure_over");
    }
    browser.get(&page.url).await.is("link-confirm");
}

#[tokio::test]
async fn the_address_of_a_procedure_shows_nothing_in_another_browser() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let page = site.browser().tap(&site, "state", &TAROS).await;
    let mut others = [site.browser(), site.browser()];
    others[1].tap(&site, "state", &HANAKOS).await;
    for other in &mut others {
        let refused = other.get(&page.url).await;
        refused.refuses("procedure_over");
        assert!(!refused.html.contains(TARO) && !refused.html.contains(TAROS.name));
    }
}

#[tokio::test]
async fn ending_takes_everything_of_the_session_away() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let other_tab = browser.tap(&site, "state", &TAROS).await;
    let page = browser.tap(&site, "recover", &TAROS).await;
    let before = browser.clone();
    browser.press(&page, "end").await.is("home");
    assert!(!browser.cookies.contains_key(COOKIE_NAME));
    for mut browser in [browser, before] {
        for page in [&page, &other_tab] {
            browser.get(&page.url).await.refuses("procedure_over");
        }
    }
    let of_browser = "SELECT id AS value FROM procedures WHERE ppid = ?1 AND kind <> 'link'";
    let left = site.query::<String>(of_browser, values![TAROS.ppid]).await;
    assert!(left.is_empty());
}

/// Whoever has just got a password may sit at a computer of others.
#[tokio::test]
async fn one_can_end_from_the_page_that_shows_a_secret() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, options) = site.recovering(&TAROS).await;
    for (remedy, form) in [
        ("remedy-access-pass", "access-pass"),
        ("remedy-password", "random"),
    ] {
        let page = browser.follow(&options, remedy).await;
        let page = browser.press(&page, form).await;
        assert!(page.has("secret") && page.has("end"), "{page:?}");
        if form == "random" {
            browser.press(&page, "end").await.is("home");
        }
    }
    browser.get(&options.url).await.refuses("procedure_over");
}

#[tokio::test]
async fn ending_from_a_page_that_is_out_of_date_leads_to_one_that_can_end() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let first = browser.tap(&site, "state", &TAROS).await;
    browser.tap(&site, "recover", &TAROS).await;
    let refused = browser.press(&first, "end").await;
    refused.refuses("old_form");
    let page = browser.follow(&refused, "back").await;
    browser.press(&page, "end").await.is("home");
    assert!(!browser.cookies.contains_key(COOKIE_NAME));
    // Whoever has left has left.
    browser.press(&page, "end").await.is("home");
}

#[tokio::test]
async fn a_browser_with_two_cookies_of_the_name_has_none() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "recover", &TAROS).await;
    let value = browser.cookies.remove(COOKIE_NAME).unwrap();
    for cookies in [
        format!("{COOKIE_NAME}={value}; {COOKIE_NAME}={value}"),
        format!("{COOKIE_NAME}={value}; {COOKIE_NAME}=AAAA"),
        format!("portal={value}"),
        format!("{COOKIE_NAME}=\"{value}"),
        format!("{COOKIE_NAME}={value}=="),
        format!("{COOKIE_NAME}={value}x"),
    ] {
        let request = browser
            .request(Method::GET, &page.url)
            .header(COOKIE, &cookies);
        let refused = browser.go(request, &page.url).await;
        refused.refuses("procedure_over");
    }
}

#[tokio::test]
async fn the_database_alone_does_not_tell_the_name_on_the_card() {
    let site = Site::start().await;
    site.browser().almost_link(&site, &TAROS, TARO).await;
    let sealed = "SELECT sealed_name AS value FROM procedures WHERE sealed_name IS NOT NULL";
    let sealed = site.query::<Vec<u8>>(sealed, &[]).await;
    assert_eq!(sealed.len(), 1);
    let name = TAROS.name.as_bytes();
    assert!(!sealed[0].windows(name.len()).any(|part| part == name));
}

//! What pages say: in both languages, and nothing that somebody else wrote.

use crate::harness::*;
use reqwest::Method;

/// Every page of somebody with this card and account, and who looks at it.
async fn every_page(site: &Site, card: &Card, account: &str) -> Vec<(Browser, Page)> {
    let mut pages = Vec::new();
    let mut browser = site.browser();
    for path in ["/", "/link", "/state", "/unlink", "/recover"] {
        pages.push((browser.clone(), browser.get(path).await));
    }
    let page = browser.tap(site, "link", card).await;
    pages.push((browser.clone(), page.clone()));
    pages.push((browser.clone(), browser.press(&page, "sign-in").await));
    let page = browser.sign_in(site, &page, account).await;
    pages.push((browser.clone(), page.clone()));
    let page = browser.press(&page, "link").await;
    pages.push((browser.clone(), page));
    let stopped = browser.almost_link(site, card, account).await;
    pages.push((browser.clone(), stopped));
    site.pass(DAY);
    for kind in ["state", "unlink"] {
        let mut browser = site.browser();
        let page = browser.start_by_sign_in(site, kind, account).await;
        pages.push((browser, page));
        let mut browser = site.browser();
        let page = browser.tap(site, kind, card).await;
        if kind == "unlink" {
            pages.push((browser.clone(), browser.follow(&page, "to-erase").await));
        }
        pages.push((browser, page));
    }
    let (mut browser, options) = site.recovering(card).await;
    pages.push((browser.clone(), options.clone()));
    let form = browser.follow(&options, "remedy-password").await;
    pages.push((browser.clone(), form.clone()));
    let broken = browser
        .fill(&form, "own", &[("password", "<b>"), ("again", "<b>")])
        .await;
    pages.push((browser.clone(), broken));
    let page = browser.follow(&options, "remedy-access-pass").await;
    pages.push((browser.clone(), page));
    let secret = browser.press(&form, "random").await;
    let saved = browser.press(&secret, "saved").await;
    pages.push((browser.clone(), saved));
    pages.push((browser.clone(), browser.get(&form.url).await));
    pages.push((browser.clone(), browser.get(&options.url).await));
    let notice = site.notice(account, "password").await;
    let page = browser.get(&notice).await;
    pages.push((browser.clone(), page.clone()));
    pages.push((browser.clone(), browser.press(&page, "freeze").await));
    pages
}

#[tokio::test]
async fn every_page_can_be_read_in_the_other_language_and_in_the_first_again() {
    let site = Site::start().await;
    for (mut browser, page) in every_page(&site, &TAROS, TARO).await {
        assert!(page.html.contains("<html lang=\"en\">"));
        let url = page.url.split('?').next().unwrap().to_owned();
        assert!(page.html.contains("href=\"?lang=ja\""), "{page:?}");
        let japanese = browser.get(&format!("{url}?lang=ja")).await;
        assert!(japanese.html.contains("<html lang=\"ja\">"), "{japanese:?}");
        assert!(
            japanese.status.is_success() || japanese.status == 410,
            "{japanese:?}"
        );
        assert!(
            japanese.reason() != Some("old_form"),
            "{page:?}\n{japanese:?}"
        );
        // No text was left without a translation: a missing one is shown as its key.
        for page in [&page, &japanese] {
            for key in [
                "link-",
                "state-",
                "remedy-",
                "stored-",
                "obstacle-",
                "secret-",
                "event-",
            ] {
                let visible = page.visible();
                assert!(!visible.contains(key), "{key} in {visible}");
            }
        }
        let english = browser.get(&format!("{url}?lang=en")).await;
        assert!(english.html.contains("<html lang=\"en\">"), "{english:?}");
    }
}

/// Thousands of bytes of a page with all that it loads: somebody is locked out, with a bad connection.
const HEAVIEST: f64 = 60.0;

#[tokio::test]
async fn no_page_is_heavy() {
    let site = Site::start().await;
    let mut pages = every_page(&site, &TAROS, TARO).await;
    site.browser().link(&site, &HANAKOS, HANAKO).await;
    site.pass(DAY);
    let (mut browser, options) = site.recovering(&HANAKOS).await;
    for (remedy, form) in [
        ("remedy-password", "random"),
        ("remedy-access-pass", "access-pass"),
    ] {
        let page = browser.follow(&options, remedy).await;
        let page = browser.press(&page, form).await;
        assert!(page.has("secret"));
        pages.push((browser.clone(), page));
    }
    for (mut browser, page) in pages {
        let mut weight = page.html.len();
        for part in page.html.split("\"/assets/").skip(1) {
            let name = part.split('"').next().unwrap();
            let file = browser.get(&format!("/assets/{name}")).await;
            assert!(file.status.is_success() && !file.html.is_empty(), "{name}");
            weight += file.html.len();
        }
        let weight = weight as f64 / 1000.0;
        assert!((5.0..=HEAVIEST).contains(&weight), "{weight} kB: {page:?}");
    }
}

#[tokio::test]
async fn whoever_is_told_no_can_read_why_in_the_other_language() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser.get("/notice/of-nothing").await;
    let page = page.refuses("notice_unknown");
    assert!(page.html.contains("href=\"?lang=ja\""), "{page:?}");
    let japanese = browser.get("/notice/of-nothing?lang=ja").await;
    let japanese = japanese.refuses("notice_unknown");
    assert!(japanese.html.contains("<html lang=\"ja\">"), "{japanese:?}");
}

#[tokio::test]
async fn the_language_switch_asks_for_nothing_to_be_done_again() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, options) = site.recovering(&TAROS).await;
    let form = browser.follow(&options, "remedy-password").await;
    let secret = browser.press(&form, "random").await;
    // A secret is shown once, so its page has no switch.
    assert!(!secret.html.contains("?lang="));
    let page = browser
        .get(&format!("{}?lang=ja", path_of(&secret.url)))
        .await;
    assert!(page.html.contains("<html lang=\"ja\">"));
    assert_eq!(site.operations().await, ["password done"]);
}

#[tokio::test]
async fn no_name_address_or_browser_writes_html_into_a_page() {
    let site = Site::start().await;
    let pages = every_page(&site, &MARKED_UP, MARKUP).await;
    let mut with_name = 0;
    for (_, page) in &pages {
        assert!(!page.html.contains("<script>"), "{page:?}");
        assert!(!page.html.contains("&amp;amp;") && !page.html.contains("a&b'c"));
        with_name += usize::from(page.shows(MARKED_UP.name));
    }
    assert!(with_name >= 6, "{with_name}");
    assert!(
        pages
            .iter()
            .any(|(_, page)| page.shows("a&b'c@mail.example"))
    );
}

#[tokio::test]
async fn a_hostile_browsers_name_is_not_repeated() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser.get("/link").await;
    let (action, fields) = page.form("begin-tap");
    let request = browser.request(Method::POST, &action);
    let request = request.header("origin", &site.origin).form(&fields);
    let request = request.header("user-agent", "<script>alert(1)</script>");
    let left = browser.go(request, &action).await;
    let page = browser.get(&site.answer_tap(&left.url, &TAROS)).await;
    let page = browser.sign_in(&site, &page, TARO).await;
    browser.press(&page, "link").await.is("linked");
    let page = browser.get(&site.notice(TARO, "linked").await).await;
    assert!(!page.is("objection").html.contains("alert"));
}

#[tokio::test]
async fn every_page_keeps_itself_to_itself() {
    let site = Site::start().await;
    for (_, page) in every_page(&site, &TAROS, TARO).await {
        let header = |name| page.headers[name].to_str().unwrap();
        let policy = header("content-security-policy");
        for part in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "same-origin");
        // Nothing but stylesheet, icon, script and links of this origin.
        let outside = page
            .html
            .split("src=\"")
            .skip(1)
            .all(|src| src.starts_with('/'));
        assert!(outside, "{page:?}");
        assert!(!page.html.contains("style=\"") && !page.html.contains("onclick"));
    }
}

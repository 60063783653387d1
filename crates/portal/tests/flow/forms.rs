//! Forms that no page sent, that were sent twice, or out of order.

use crate::harness::*;
use reqwest::Method;

/// Every form there is: a browser that shows it, and its identifier.
async fn every_form(site: &Site) -> Vec<(Browser, Page, &'static str)> {
    let mut forms = Vec::new();
    site.browser().link(site, &HANAKOS, HANAKO).await;
    site.pass(DAY);
    site.browser().link(site, &HANAKOS_NEW, HANAKO).await;
    let mut browser = site.browser();
    let page = browser.tap(site, "unlink", &HANAKOS).await;
    forms.push((browser, page, "veto"));
    let mut browser = site.browser();
    let page = browser.get("/unlink").await;
    forms.push((browser.clone(), page.clone(), "begin-tap"));
    forms.push((browser, page, "begin-sign-in"));
    let mut browser = site.browser();
    let page = browser.tap(site, "link", &TAROS_NEW).await;
    forms.push((browser, page, "sign-in"));
    let mut browser = site.browser();
    let page = browser.almost_link(site, &TAROS_NEW, TARO).await;
    forms.push((browser, page, "link"));
    let mut browser = site.browser();
    let page = browser.tap(site, "unlink", &TAROS).await;
    forms.push((browser, page, "unlink"));
    let mut browser = site.browser();
    let page = browser.tap(site, "unlink", &TAROS).await;
    let page = browser.follow(&page, "to-erase").await;
    forms.push((browser, page, "erase"));
    let (mut browser, options) = site.recovering(&TAROS).await;
    let page = browser.follow(&options, "remedy-password").await;
    forms.push((browser.clone(), page.clone(), "random"));
    forms.push((browser.clone(), page, "own"));
    let page = browser.follow(&options, "remedy-access-pass").await;
    forms.push((browser.clone(), page, "access-pass"));
    forms.push((browser.clone(), options.clone(), "end"));
    // Last: after a recovery nothing is linked.
    let page = browser.follow(&options, "remedy-access-pass").await;
    let page = browser.press(&page, "access-pass").await;
    forms.push((browser, page, "saved"));
    forms
}

/// The one that Hanako got after losing the first.
const HANAKOS_NEW: Card = Card {
    ppid: "new-ppid-of-hanako",
    name: HANAKOS.name,
};

/// What forms change: links, operations, procedures.
async fn everything(site: &Site) -> Vec<String> {
    let links = "SELECT ppid AS value FROM links WHERE ended_at IS NULL ORDER BY 1";
    let procedures = "SELECT id || kind || coalesce(done, '') AS value FROM procedures ORDER BY 1";
    let mut all = site.query::<String>(links, &[]).await;
    all.extend(site.operations().await);
    all.extend(site.query::<String>(procedures, &[]).await);
    all
}

#[tokio::test]
async fn a_form_that_another_site_sends_is_refused() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let forms = every_form(&site).await;
    let before = everything(&site).await;
    for (browser, page, id) in forms {
        let (action, fields) = page.form(id);
        let senders: [&[(&str, &str)]; 6] = [
            &[],
            &[("origin", "null")],
            &[("origin", "https://evil.example")],
            &[("origin", &format!("{}.evil.example", site.origin))],
            &[("origin", &site.origin), ("sec-fetch-site", "same-site")],
            &[("origin", &site.origin), ("sec-fetch-site", "cross-site")],
        ];
        for sender in senders {
            let mut request = browser.request(Method::POST, &action).form(&fields);
            for (name, value) in sender {
                request = request.header(*name, *value);
            }
            let page = browser.clone().go(request, &action).await;
            page.refuses("foreign_form");
        }
    }
    assert_eq!(everything(&site).await, before);
}

#[tokio::test]
async fn a_form_without_its_token_or_with_that_of_another_procedure_or_browser_is_out_of_date() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut stranger = site.browser();
    let page = stranger.tap(&site, "recover", &TAROS).await;
    let of_stranger = page.field("end", "token");
    let forms = every_form(&site).await;
    let before = everything(&site).await;
    for (mut browser, page, id) in forms {
        if id.starts_with("begin") {
            // Nothing is known of a browser yet, so there is nothing to protect.
            continue;
        }
        let (action, _) = page.form(id);
        let token = page.field(id, "token");
        let tokens = ["", "x", &token[1..], &token.to_uppercase(), &of_stranger];
        for token in tokens {
            let refused = browser.fill(&page, id, &[("token", token)]).await;
            let back = refused.refuses("old_form").attribute("back", "href");
            assert!(back.unwrap().starts_with("/p/"), "{id}");
        }
        browser.post(&action, &[]).await.refuses("old_form");
    }
    assert_eq!(everything(&site).await, before);
}

#[tokio::test]
async fn a_token_is_of_one_procedure_also_within_one_browser() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let first = browser.tap(&site, "unlink", &TAROS).await;
    let second = browser.tap(&site, "unlink", &TAROS).await;
    let first = browser.get(&first.url).await;
    let token = second.field("unlink", "token");
    let before = everything(&site).await;
    assert_ne!(first.field("unlink", "token"), token);
    let refused = browser.fill(&first, "unlink", &[("token", &token)]).await;
    refused.refuses("old_form");
    assert_eq!(everything(&site).await, before);
}

#[tokio::test]
async fn two_clicks_on_link_make_one_link_and_both_say_that_it_is_made() {
    let site = Site::start().await;
    let mut one = site.browser();
    let page = one.almost_link(&site, &TAROS, TARO).await;
    let mut other = one.clone();
    let (a, b) = tokio::join!(one.press(&page, "link"), other.press(&page, "link"));
    a.is("linked");
    b.is("linked");
    one.press(&page, "link").await.is("linked");
    assert_eq!(site.notices("linked").await, 1);
    let links = "SELECT ppid AS value FROM links";
    assert_eq!(site.query::<String>(links, &[]).await, [TAROS.ppid]);
}

#[tokio::test]
async fn two_who_link_the_same_account_at_once_make_one_link_and_the_other_is_told() {
    let site = Site::start().await;
    let (mut one, mut other) = (site.browser(), site.browser());
    let of_one = one.almost_link(&site, &TAROS, TARO).await;
    let of_other = other.almost_link(&site, &TAROS_NEW, TARO).await;
    let (a, b) = tokio::join!(one.press(&of_one, "link"), other.press(&of_other, "link"));
    // Whoever was second replaced the first, as if there had been time between them.
    assert_eq!(site.notices("linked").await, 1);
    assert_eq!(site.notices("replaced").await, 1);
    let active = "SELECT ppid AS value FROM links WHERE ended_at IS NULL";
    let active = site.query::<String>(active, &[]).await;
    let (second, first) = match active.as_slice() {
        [ppid] if ppid == TAROS.ppid => (a, b),
        [ppid] if ppid == TAROS_NEW.ppid => (b, a),
        others => panic!("{others:?}"),
    };
    second.is("linked");
    // Unless they saw it before, they learn that it is not theirs any more.
    if first.reason().is_some() {
        first.refuses("already_done");
    } else {
        first.is("linked");
    }
}

#[tokio::test]
async fn two_clicks_at_once_issue_one_password_and_both_show_it() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    for (remedy, form) in [
        ("remedy-password", "random"),
        ("remedy-access-pass", "access-pass"),
    ] {
        let (mut one, options) = site.recovering(&TAROS).await;
        let page = one.follow(&options, remedy).await;
        let mut other = one.clone();
        let (a, b) = tokio::join!(one.press(&page, form), other.press(&page, form));
        let secret = a.inside("secret").unwrap();
        assert_eq!(b.inside("secret").as_ref(), Some(&secret));
        assert!(site.opens(TARO, &secret).await);
    }
    assert_eq!(
        site.operations().await,
        ["access_pass done", "password done"]
    );
    assert_eq!(site.notices("password").await, 1);
}

/// A browser shows only what answers its last click.
#[tokio::test]
async fn a_second_click_a_moment_later_shows_the_same_secret_and_one_much_later_none() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, options) = site.recovering(&TAROS).await;
    let page = browser.follow(&options, "remedy-password").await;
    let (mut one, clicked) = (browser.clone(), page.clone());
    let first = tokio::spawn(async move { one.press(&clicked, "random").await });
    site.until("recorded", async || !site.operations().await.is_empty())
        .await;
    let second = browser.press(&page, "random").await.inside("secret");
    let first = first.await.unwrap().inside("secret");
    assert!(first.is_some());
    assert_eq!(second, first);
    site.pass(5);
    assert_eq!(browser.press(&page, "random").await.inside("secret"), first);
    site.pass(1);
    let late = browser.press(&page, "random").await;
    late.is("not-issued-asked_before")
        .refuses("not-issued-asked_before");
    assert!(!late.html.contains(&first.unwrap()));
    assert_eq!(site.operations().await, ["password done"]);
}

#[tokio::test]
async fn a_second_click_on_another_button_does_not_pretend_that_its_wish_was_done() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, options) = site.recovering(&TAROS).await;
    let page = browser.follow(&options, "remedy-password").await;
    let made = browser
        .press(&page, "random")
        .await
        .inside("secret")
        .unwrap();
    let typed = [("password", "Kazasu-1-Mihon"), ("again", "Kazasu-1-Mihon")];
    let second = browser.fill(&page, "own", &typed).await;
    assert!(!second.says("secret.chosen"));
    assert_eq!(second.inside("secret"), Some(made.clone()));
    assert!(site.opens(TARO, &made).await);
}

#[tokio::test]
async fn another_node_does_not_issue_a_second_time() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let node = site.another().await;
    let (mut one, options) = site.recovering(&TAROS).await;
    let page = one.follow(&options, "remedy-password").await;
    let mut other = one.at(&node);
    let (a, b) = tokio::join!(one.press(&page, "random"), other.press(&page, "random"));
    let shown = usize::from(a.has("secret")) + usize::from(b.has("secret"));
    assert_eq!(shown, 1, "{a:?}\n{b:?}");
    assert_eq!(site.operations().await, ["password done"]);
}

#[tokio::test]
async fn neither_the_back_button_nor_a_reload_shows_the_secret_again() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, options) = site.recovering(&TAROS).await;
    let form = browser.follow(&options, "remedy-password").await;
    let page = browser.press(&form, "random").await;
    let secret = page.inside("secret").unwrap();
    assert_eq!(page.headers["cache-control"], "no-store");
    for url in [&form.url, &options.url, &page.url] {
        let again = browser.get(url).await;
        assert!(
            !again.html.contains(&secret) && !again.has("random"),
            "{again:?}"
        );
    }
    browser
        .get(&form.url)
        .await
        .refuses("not-issued-asked_before");
    // The other remedy is still there.
    let options = browser.get(&options.url).await;
    browser.new_access_pass(&options).await;
}

#[tokio::test]
async fn steps_that_were_left_out_lead_to_the_first_that_is_missing() {
    let site = Site::start().await;
    // No tap yet.
    for (kind, _) in PURPOSES {
        let mut browser = site.browser();
        site.pass(1);
        browser.begin(&site, kind).await;
        let procedure = site.newest_procedure().await;
        let page = browser.get(&format!("/p/{procedure}")).await;
        page.is(kind);
    }
    // No sign-in yet.
    let mut browser = site.browser();
    let page = browser.tap(&site, "link", &TAROS).await;
    let token = page.field("sign-in", "token");
    let link = format!("{}/link", path_of(&page.url));
    browser
        .post(&link, &[("token", &token)])
        .await
        .is("link-sign-in");
    assert!(
        site.query::<String>("SELECT id AS value FROM links", &[])
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_procedure_that_has_done_its_work_takes_no_more_sign_ins() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "link", &TAROS).await;
    let confirm = browser.sign_in(&site, &page, TARO).await;
    let linked = browser.press(&confirm, "link").await;
    let token = linked.is("linked").field("end", "token");
    let again = format!("{}/sign-in", path_of(&linked.url));
    browser
        .post(&again, &[("token", &token)])
        .await
        .refuses("already_done");
    // Nor one that was begun before.
    let mut browser = site.browser();
    let page = browser.tap(&site, "link", &HANAKOS).await;
    let confirm = browser.sign_in(&site, &page, HANAKO).await;
    let token = confirm.field("link", "token");
    let again = format!("{}/sign-in", path_of(&confirm.url));
    let left = browser.post(&again, &[("token", &token)]).await;
    let request = left.is("leave").attribute("leave", "href").unwrap();
    browser.press(&confirm, "link").await.is("linked");
    let answer = site.sign_in.answer(&request, site.sign_in_to(TARO));
    assert!(browser.get(&answer).await.is("linked").shows(HANAKO));
}

#[tokio::test]
async fn a_form_that_is_opened_as_a_page_leads_to_the_page_with_the_form() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser.almost_link(&site, &TAROS, TARO).await;
    let path = path_of(&page.url);
    for form in ["link", "sign-in", "unlink", "veto", "end", "saved"] {
        browser
            .get(&format!("{path}/{form}"))
            .await
            .is("link-confirm");
    }
}

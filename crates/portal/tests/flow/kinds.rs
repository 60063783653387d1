//! What a procedure is for: no page or form of one kind does another's work, nor anybody else's.

use crate::harness::*;
use reqwest::Method;

/// Every address below a procedure's page, and which kind it belongs to.
const FORMS: [(&str, &str); 8] = [
    ("sign-in", "link"),
    ("link", "link"),
    ("unlink", "unlink"),
    ("veto", "unlink"),
    ("erase", "unlink"),
    ("password", "recover"),
    ("access-pass", "recover"),
    ("saved", "recover"),
];

const PAGES: [(&str, &str); 3] = [
    ("erase", "unlink"),
    ("password", "recover"),
    ("access-pass", "recover"),
];

#[tokio::test]
async fn no_procedure_does_the_work_of_another_kind() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    for (kind, _) in PURPOSES {
        let mut browser = site.browser();
        let page = browser.tap(&site, kind, &TAROS).await;
        let token = page.field("end", "token");
        let path = path_of(&page.url);
        for (form, of) in FORMS {
            if of != kind {
                let form = format!("{path}/{form}");
                let refused = browser.post(&form, &[("token", &token)]).await;
                refused.refuses("other_purpose");
            }
        }
        for (page, of) in PAGES {
            if of != kind {
                let refused = browser.get(&format!("{path}/{page}")).await;
                refused.refuses("other_purpose");
            }
        }
    }
    let links = "SELECT ppid AS value FROM links WHERE ended_at IS NULL";
    assert_eq!(site.query::<String>(links, &[]).await, [TAROS.ppid]);
    assert_eq!(site.operations().await, Vec::<String>::new());
}

/// Looking at one's state must not be enough to link, with whatever sign-in.
#[tokio::test]
async fn a_tap_to_look_and_a_sign_in_do_not_link() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "state", &TAROS).await;
    let procedure = path_of(&page.url).replace("/p/", "");
    let token = page.field("end", "token");
    // As if both had been proven in it.
    let signed_in = "UPDATE procedures SET account = '0123456789', signed_in_at = tapped_at";
    assert_eq!(site.execute(signed_in, &[]).await, 1);
    let refused = browser
        .post(&format!("/p/{procedure}/link"), &[("token", &token)])
        .await;
    refused.refuses("other_purpose");
    assert!(
        site.query::<String>("SELECT id AS value FROM links", &[])
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_procedure_by_sign_in_recovers_nothing() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    for kind in ["state", "unlink"] {
        let mut browser = site.browser();
        let page = browser.start_by_sign_in(&site, kind, TARO).await;
        let token = page.field("end", "token");
        for remedy in ["password", "access-pass"] {
            let path = format!("{}/{remedy}", path_of(&page.url));
            browser.get(&path).await.refuses("other_purpose");
            browser
                .post(&path, &[("token", &token)])
                .await
                .refuses("other_purpose");
        }
    }
    // Nor does signing in start what needs a card.
    for kind in ["recover", "link"] {
        let page = site
            .browser()
            .post(&format!("/{kind}"), &[("way", "sign-in")])
            .await;
        assert!(page.url.starts_with(&site.verifier.issuer), "{page:?}");
    }
    assert_eq!(site.operations().await, Vec::<String>::new());
}

#[tokio::test]
async fn whoever_has_the_identifier_of_anothers_procedure_has_nothing() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut thief = site.browser();
    let own = thief.tap(&site, "recover", &HANAKOS).await;
    for (kind, _) in PURPOSES {
        let page = site.browser().tap(&site, kind, &TAROS).await;
        let path = path_of(&page.url);
        let tokens = [own.field("end", "token"), page.field("end", "token")];
        for token in &tokens {
            for (form, _) in FORMS {
                let refused = thief
                    .post(&format!("{path}/{form}"), &[("token", token)])
                    .await;
                refused.refuses("procedure_over");
            }
        }
        for (below, _) in PAGES.iter().chain([&("", "")]) {
            thief.get(&format!("{path}/{below}")).await;
            let refused = thief
                .get(format!("{path}/{below}").trim_end_matches('/'))
                .await;
            assert_eq!(refused.refuses("procedure_over").status, 410);
        }
        // Ending theirs ends nothing of mine.
        thief
            .post(&format!("{path}/end"), &[("token", &tokens[1])])
            .await
            .refuses("old_form");
    }
    assert_eq!(site.operations().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_look_by_a_machine_starts_and_ends_nothing() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS).await;
    let path = path_of(&page.url);
    for below in [
        "", "/unlink", "/veto", "/end", "/sign-in", "/link", "/saved",
    ] {
        for method in [Method::HEAD, Method::GET, Method::OPTIONS] {
            let url = format!("{path}{below}");
            browser.send(browser.request(method, &url), &url).await;
        }
    }
    let page = browser.get(&page.url).await;
    browser
        .press(page.is("unlink-confirm"), "unlink")
        .await
        .is("unlinked");
}

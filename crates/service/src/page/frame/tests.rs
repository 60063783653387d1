use super::super::{Action, Bilingual, Logo, Notice};
use super::*;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::{Router, body::Body};
use tower::ServiceExt as _;

fn institution() -> Institution {
    let both = |ja: &str, en: &str| Bilingual {
        ja: ja.into(),
        en: en.into(),
    };
    Institution {
        name: both("見本大学", "Sample <University>"),
        logo: None,
        help: Some(both(
            "https://example.jp/help?a=1&b=2",
            "https://example.jp/en/help",
        )),
        privacy: None,
        terms: None,
    }
}

fn visitor(uri: &str) -> Visitor {
    Visitor::new(&HeaderMap::new(), &uri.parse().unwrap())
}

async fn html(response: Response) -> String {
    let body = to_bytes(response.into_body(), 100_000).await.unwrap();
    String::from_utf8(body.into()).unwrap()
}

fn policy(response: &Response) -> &str {
    let value = &response.headers()[CONTENT_SECURITY_POLICY];
    value.to_str().unwrap()
}

#[tokio::test]
async fn the_frame_is_in_the_pages_language_and_nothing_slips_out_of_a_text() {
    let frame = Frame::new(institution(), &[]);
    let page = Page::new(Language::English, "A <title>", "<p>body</p>".into());
    let html = html(frame.show(&visitor("/x"), &page)).await;
    assert!(html.contains("<html lang=\"en\">"));
    assert!(html.contains("A &#60;title&#62;") && html.contains("Sample &#60;University&#62;"));
    assert!(html.contains("<p>body</p>"), "a body is HTML already");
    assert!(html.contains("href=\"?lang=ja\" lang=\"ja\""));
    let asked = self::html(frame.show(&visitor("/x?a=b"), &page)).await;
    assert!(!asked.contains("lang=ja"), "an address is not repeated");
    assert!(html.contains("https://example.jp/en/help") && !html.contains("Privacy"));
}

#[tokio::test]
async fn a_page_may_load_what_it_needs_and_nothing_else() {
    let frame = Frame::new(institution(), &[]);
    let mut page = Page::new(Language::Japanese, "題", String::new());
    let still = frame.show(&visitor("/"), &page);
    assert_eq!(
        policy(&still),
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    assert_eq!(still.headers()[CACHE_CONTROL], "no-store");
    assert_eq!(still.headers()[REFERRER_POLICY], "same-origin");
    for name in ["cross-origin-opener-policy", "cross-origin-resource-policy"] {
        assert_eq!(still.headers()[name], "same-origin");
    }
    let permissions = still.headers()["permissions-policy"].to_str().unwrap();
    assert!(permissions.contains("camera=()"), "{permissions}");
    assert!(!html(still).await.contains("<script"));

    let targets = ["https://portal.example".to_owned()];
    page.form_targets = &targets;
    page.live = true;
    page.reload = Some(2);
    let live = frame.show(&visitor("/"), &page);
    assert!(policy(&live).contains("script-src 'self'; connect-src 'self';"));
    assert!(policy(&live).contains("form-action 'self' https://portal.example;"));
    let html = html(live).await;
    assert!(html.contains("<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>"));
}

#[tokio::test]
async fn what_a_page_loads_is_served_for_ever_and_under_its_hash_only() {
    let mut institution = institution();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logo.svg");
    std::fs::write(&file, "<svg xmlns=\"http://www.w3.org/2000/svg\"/>").unwrap();
    institution.logo = Some(Logo::read(&file).unwrap());
    assert!(Logo::read(&folder.path().join("logo.gif")).is_err());
    let frame = Frame::new(institution, &[]);
    let router: Router = Router::new().route(super::super::ASSETS_PATH, frame.assets());
    let mut page = Page::new(Language::Japanese, "題", String::new());
    page.live = true;
    let html = html(frame.show(&visitor("/"), &page)).await;
    let links = html.split('"').filter(|text| text.starts_with("/assets/"));
    let links: Vec<_> = links.collect();
    assert_eq!(links.len(), 4, "{links:?}");
    for link in links {
        let request = Request::get(link).body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{link}");
        assert!(
            answer.headers()[CACHE_CONTROL]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
    }
    let request = Request::get("/assets/page.css")
        .body(Body::empty())
        .unwrap();
    let answer = router.oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_notice_says_what_why_and_what_now_with_the_reference_below() {
    let frame = Frame::new(institution(), &[]);
    let response = frame.notice(
        &visitor("/"),
        Language::English,
        &Notice {
            status: StatusCode::GONE,
            reason: "too_late",
            title: "Time is up",
            why: "It took long.",
            next: "Start again.",
            action: Some(Action {
                href: "https://portal.example/?a=1&b=2",
                label: "Back",
            }),
            reference: Some("abc123"),
            switchable: false,
        },
    );
    assert_eq!(response.status(), StatusCode::GONE);
    let html = html(response).await;
    assert!(html.contains("data-reason=\"too_late\""));
    assert!(
        html.contains("id=\"back\" href=\"https://portal.example/?a=1&#38;b=2\" class=\"button\"")
    );
    assert!(html.contains("too_late · abc123"));
    assert!(!html.contains("lang=ja"), "it cannot be shown again");
}

#[tokio::test]
async fn every_status_has_its_words_in_both_languages() {
    let frame = Frame::new(institution(), &[]);
    for (status, word) in [(404, "not-found"), (405, "not-found"), (421, "wrong-host")]
        .into_iter()
        .chain([
            (429, "too-often"),
            (413, "not-understood"),
            (500, "unavailable"),
        ])
    {
        let status = StatusCode::from_u16(status).unwrap();
        for language in ["ja", "en"] {
            let visitor = visitor(&format!("/?lang={language}"));
            let response = frame.plain_notice(&visitor, status, Some("abc123"));
            assert_eq!(response.status(), status);
            let html = html(response).await;
            assert!(
                html.contains(&format!("<html lang=\"{language}\">")),
                "{status}"
            );
            let again = html.contains("id=\"back\" href=\"\"");
            assert_eq!(again, [429, 500].contains(&status.as_u16()), "{status}");
            assert!(
                html.contains(&format!("data-reason=\"{word}\"")),
                "{status}"
            );
            assert!(
                !html.contains(&format!("{word}.")),
                "{status}: a text is missing"
            );
        }
    }
}

#[test]
fn both_languages_say_the_same_things() {
    let (both, lacking) = TEXTS.keys();
    assert!(lacking.is_empty(), "{lacking:?}");
    assert!(both.contains("unavailable.next"));
}

#[test]
fn every_text_that_is_said_exists_and_every_text_is_said() {
    let said = [
        include_str!("../../../templates/page.html"),
        include_str!("../../../templates/notice.html"),
    ]
    .concat();
    let mut said: std::collections::BTreeSet<String> = said
        .split("say(\"")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
        .collect();
    for key in [
        "not-found",
        "wrong-host",
        "too-often",
        "not-understood",
        "unavailable",
    ] {
        said.extend(["", ".why", ".next"].map(|part| format!("{key}{part}")));
    }
    said.insert("again".into());
    assert_eq!(said, TEXTS.keys().0);
}

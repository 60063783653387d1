//! Requests that no page of ours leads to.

use crate::harness::*;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue, LOCATION, ORIGIN};

#[tokio::test]
async fn an_unknown_address_is_a_page_that_says_so() {
    let site = Site::start().await;
    let mut browser = site.browser();
    for path in [
        "/nothing",
        "/p",
        "/p/",
        "/p/x/y",
        "/p/x/y/z",
        "/callback",
        "/callback/x",
        "/notice",
        "/link/",
        "/LINK",
        "/.env",
        "/assets/x",
        "/%2e%2e/keys.toml",
        "/%00",
        "/link%20",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(
            page.html.contains("<html lang=\"en\">") && page.html.contains("<h1>"),
            "{path}"
        );
    }
    for path in ["/%FF", "/p/%FF", "/p/%C3%28/link", "/notice/%FF"] {
        let page = browser.get(path).await;
        assert!(page.status.is_client_error(), "{path}: {page:?}");
        assert!(page.html.contains("<h1>"), "{path}");
    }
}

#[tokio::test]
async fn another_method_is_a_page_that_says_so() {
    let site = Site::start().await;
    let mut browser = site.browser();
    for (method, path) in [
        (Method::POST, "/"),
        (Method::PUT, "/link"),
        (Method::DELETE, "/p/x"),
        (Method::POST, "/p/x"),
        (Method::PATCH, "/notice/x"),
        (Method::POST, "/callback/tap"),
    ] {
        let request = browser.request(method, path).header(ORIGIN, &site.origin);
        let page = browser.send(request, path).await;
        assert_eq!(page.status, 405, "{path}");
        assert!(
            page.headers.contains_key("allow") && page.html.contains("<h1>"),
            "{path}"
        );
    }
    let request = browser
        .request(Method::POST, "/nothing")
        .header(ORIGIN, &site.origin);
    assert_eq!(browser.send(request, "/nothing").await.status, 404);
}

#[tokio::test]
async fn no_address_leads_to_another_site() {
    let site = Site::start().await;
    let mut browser = site.browser();
    for path in [
        "//evil.example/?lang=en",
        "/%2F%2Fevil.example?lang=en",
        "/\\evil.example?lang=en",
        "/p/%2F%2Fevil.example/link",
        "/p/%5Cevil.example/link",
        "/p/https:%2F%2Fevil.example/unlink",
        "/p/..%2F..%2F%2Fevil.example/end",
        "/p/a%0d%0aSet-Cookie:%20a=b/link",
        "/link?return=https://evil.example&lang=en",
    ] {
        let page = browser.send(browser.request(Method::GET, path), "/").await;
        let location = page.headers.get(LOCATION);
        if let Some(location) = location {
            let location = location.to_str().unwrap();
            assert!(
                location.starts_with('/') && !location.starts_with("//"),
                "{location}"
            );
            assert!(!location.starts_with("/\\"), "{location}");
        }
        assert!(
            !page.headers.contains_key("set-cookie") || path.contains("?lang"),
            "{path}"
        );
        assert!(!page.html.contains("evil.example"), "{path}");
    }
}

#[tokio::test]
async fn a_form_that_no_browser_would_send_is_refused_without_harm() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, options) = site.recovering(&TAROS).await;
    let form = browser.follow(&options, "remedy-password").await;
    let token = form.field("random", "token");
    let (path, url) = (path_of(&form.url), "application/x-www-form-urlencoded");
    let huge = format!("token={token}&choice=random&a={}", "x".repeat(70_000));
    let many = format!("token={token}&choice=random{}", "&a=b".repeat(10_000));
    let json = format!("{{\"token\":\"{token}\"}}");
    let twice = format!("token={token}&token={token}&choice=random");
    let bodies: [(&str, Vec<u8>, bool); 8] = [
        (url, huge.into(), false),
        (url, Vec::new(), false),
        (url, b"\xFF\xFE\x00token".to_vec(), false),
        (
            url,
            [b"token=\xFF".as_slice(), token.as_bytes()].concat(),
            false,
        ),
        (url, twice.into(), false),
        ("application/json", json.into(), false),
        ("multipart/form-data; boundary=x", b"--x--".to_vec(), false),
        (url, many.into(), true),
    ];
    for (kind, body, is_good) in bodies {
        let start = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let request = browser
            .request(Method::POST, &path)
            .header(ORIGIN, &site.origin);
        let request = request.header(CONTENT_TYPE, kind).body(body);
        let page = browser.go(request, &path).await;
        match is_good {
            true => page.is("secret-password"),
            false => {
                assert_eq!(
                    site.operations().await,
                    Vec::<String>::new(),
                    "{kind} {start}"
                );
                page.refuses("old_form")
            }
        };
    }
}

#[tokio::test]
async fn a_password_that_is_no_text_is_refused_by_the_rule() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, options) = site.recovering(&TAROS).await;
    let form = browser.follow(&options, "remedy-password").await;
    let token = form.field("own", "token");
    let path = path_of(&form.url);
    for typed in [
        "Kazasu-1-Mihon%FF",
        "Kazasu-1-Mihon%00",
        "Kazasu-1-Mihon%0D%0A",
        "%ED%A0%80",
    ] {
        let body = format!("token={token}&choice=own&password={typed}&again={typed}");
        let request = browser
            .request(Method::POST, &path)
            .header(ORIGIN, &site.origin);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let page = browser.go(request.body(body), &path).await;
        page.refuses("password_rule");
    }
    assert_eq!(site.operations().await, Vec::<String>::new());
}

#[tokio::test]
async fn headers_that_no_browser_sends_do_no_harm() {
    let site = Site::start().await;
    let mut browser = site.browser();
    for (name, value) in [
        ("cookie", "=; ;;=a; \"=é"),
        ("cookie", "__Host-portal; __Host-portal="),
        ("accept-language", ";;;q=x, *,"),
        ("accept-language", "é"),
        ("sec-fetch-site", "é"),
        ("x-forwarded-for", "not an address"),
        ("x-forwarded-host", "evil.example"),
        ("host", "evil.example"),
    ] {
        let request = browser.request(Method::GET, "/link");
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        let request = request.header(name, &value);
        let page = browser.send(request, "/link").await;
        assert_eq!(page.status, 200, "{name}: {value:?}");
        assert!(!page.html.contains("evil.example"));
    }
    let request = browser
        .request(Method::GET, "/")
        .header("cookie", "a".repeat(200_000));
    let answer = request.send().await;
    assert!(answer.is_err() || answer.unwrap().status().is_client_error());
    browser.get("/").await.is("home");
}

#[tokio::test]
async fn whoever_starts_too_often_is_told_when_to_come_again() {
    let site = Site::start_with("[limits]\nstart = { per_minute = 1, burst = 2 }").await;
    let mut browser = site.browser();
    for _ in 0..2 {
        browser.begin(&site, "state").await;
    }
    let page = browser.get("/state").await;
    let page = browser.press(&page, "begin-tap").await;
    assert_eq!(page.status, 429);
    assert!(page.headers.contains_key("retry-after") && page.html.contains("<h1>"));
}

//! Pushed requests and the authorization endpoint.

use crate::harness::{Browser, REDIRECT_URI, Server};
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test]
async fn a_request_that_is_not_what_it_must_be_is_refused() {
    let server = Server::start().await;
    for (change, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_mode", "fragment"), "invalid_request"),
        (
            ("redirect_uri", "https://portal.example/callback/"),
            "invalid_request",
        ),
        (("redirect_uri", ""), "invalid_request"),
        (("scope", "name"), "invalid_scope"),
        (("nonce", ""), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("purpose", ""), "invalid_request"),
        (("purpose", "surprise"), "invalid_request"),
        (("purpose", "rescue"), "unauthorized_client"),
        (("request", "a.b.c"), "request_not_supported"),
        (("request_uri", "urn:x"), "request_uri_not_supported"),
        (("client_id", "nameless"), "invalid_client"),
    ] {
        let (_, body) = server.push(&[change]).await;
        assert_eq!(body["error"], error, "{change:?}: {body}");
    }
}

#[tokio::test]
async fn a_party_without_the_claim_may_not_ask_for_the_name() {
    let server = Server::start().await;
    let mut claims = server.client_claims();
    claims["iss"] = json!("nameless");
    claims["sub"] = json!("nameless");
    let form = [
        ("response_type", "code"),
        ("redirect_uri", "https://nameless.example/"),
        ("scope", "openid name"),
        ("nonce", "n"),
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        ),
        ("code_challenge_method", "S256"),
        ("purpose", "view"),
    ];
    let (status, body) = server.post("/oidc/par", &server.sign(&claims), &form).await;
    assert_eq!(
        (status, &body["error"]),
        (StatusCode::BAD_REQUEST, &json!("invalid_scope"))
    );
}

#[tokio::test]
async fn reopening_the_authorization_finds_the_transaction_again() {
    let server = Server::start().await;
    let url = server.authorization(&[]).await;
    let mut browser = Browser::new(&server);
    let first = browser.get(&url).await;
    assert!(
        browser
            .cookie
            .as_ref()
            .unwrap()
            .starts_with("__Host-kazasu=")
    );
    let again = browser.get(&url).await;
    assert_eq!(first.location, again.location);
    let stranger = url.replace("client_id=portal", "client_id=nameless");
    assert_eq!(
        browser.get(&stranger).await.reason(),
        Some("wrong_relying_party")
    );
    let (known, _) = server.begin(&[]).await;
    for mut foreign in [Browser::new(&server), known] {
        let shown = foreign.get(&url).await;
        assert_eq!(shown.reason(), Some("wrong_browser"));
    }
}

#[tokio::test]
async fn a_look_ahead_uses_up_no_request() {
    let server = Server::start().await;
    let url = server.authorization(&[]).await;
    let ahead = server.http.get(&url).header("sec-purpose", "prefetch");
    for look in [server.http.head(&url), ahead] {
        let seen = look.send().await.unwrap();
        assert!(seen.headers().get("set-cookie").is_none());
    }
    let begun = Browser::new(&server).get(&url).await;
    assert!(begun.location.unwrap().contains("/tap/"));
}

#[tokio::test]
async fn a_second_tab_keeps_the_cookie_and_gets_its_own_transaction() {
    let server = Server::start().await;
    let (mut browser, first) = server.begin(&[]).await;
    let cookie = browser.cookie.clone();
    let second = browser
        .get(&server.authorization(&[]).await)
        .await
        .location
        .unwrap();
    assert_ne!(first, second);
    assert_eq!(browser.cookie, cookie);
    for page in [first, second] {
        assert_eq!(browser.get(&page).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn an_unknown_or_late_request_ends_here_and_not_at_an_unchecked_address() {
    let server = Server::start().await;
    let url = server.authorization(&[]).await;
    let stranger = url.replace("client_id=portal", "client_id=nameless");
    let mut browser = Browser::new(&server);
    assert_eq!(
        browser.get(&stranger).await.reason(),
        Some("wrong_relying_party")
    );
    assert_eq!(
        browser.get(&format!("{url}x")).await.reason(),
        Some("transaction_expired")
    );
    for nobody in [
        "",
        "?client_id=unheard-of&redirect_uri=https://evil.example/",
    ] {
        let address = format!("{}/oidc/authorize{nobody}", server.origin);
        let page = browser.get(&address).await;
        assert_eq!(page.reason(), Some("wrong_relying_party"));
    }
    server.pass(60);
    assert_eq!(
        browser.get(&url).await.reason(),
        Some("transaction_expired")
    );
}

#[tokio::test]
async fn prompt_none_cannot_be_met() {
    let server = Server::start().await;
    let url = server.authorization(&[("prompt", "none")]).await;
    let answer = Browser::new(&server).get(&url).await.location.unwrap();
    assert!(answer.starts_with(&format!(
        "{REDIRECT_URI}?error=login_required&state=the+state&iss="
    )));
    server.pass(60);
    let late = Browser::new(&server).get(&url).await;
    assert_eq!(late.reason(), Some("transaction_expired"));
}

#[tokio::test]
async fn discovery_and_keys_are_open_to_every_origin_and_pages_are_closed() {
    let server = Server::start().await;
    let get = |path: &str| server.http.get(format!("{}{path}", server.origin)).send();
    let discovery = get("/.well-known/openid-configuration").await.unwrap();
    assert_eq!(discovery.headers()["access-control-allow-origin"], "*");
    let discovery: serde_json::Value = discovery.json().await.unwrap();
    assert_eq!(discovery["issuer"], server.origin.as_str());
    let keys: serde_json::Value = get("/oidc/jwks").await.unwrap().json().await.unwrap();
    assert_eq!(keys["keys"][0]["alg"], "ES256");
    assert!(
        keys["keys"][0]["d"].is_null(),
        "only public keys are published"
    );
    let page = get("/tap/nothing").await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert_eq!(page.headers()["referrer-policy"], "same-origin");
    assert_eq!(page.headers()["cache-control"], "no-store");
    assert!(!page.headers().contains_key("access-control-allow-origin"));
}

//! What surrounds the tap pages: two hosts, two languages, live updates, and an answer to whatever
//! else is asked for.

use crate::harness::{Browser, Server};
use kazasu_proto::companion::v1::{
    BeginAssertionRequest, CancelRequest, ClaimTicketRequest, StartPairingRequest,
};
use reqwest::header::{
    ACCEPT, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST,
    REFERRER_POLICY, SET_COOKIE,
};
use reqwest::{Response, StatusCode};

async fn get(server: &Server, path: &str) -> Response {
    let url = format!("{}{path}", server.origin);
    let request = server.http.get(url).header(ACCEPT, "text/html");
    request.send().await.unwrap()
}

async fn get_of_tickets(server: &Server, path: &str) -> Response {
    let url = format!("{}{path}", server.ticket_origin());
    let request = server.http.get(url).header(ACCEPT, "text/html");
    request.send().await.unwrap()
}

#[tokio::test]
async fn each_host_has_its_own_pages_and_a_third_has_none() {
    let server = Server::start().await;
    let here = "/.well-known/openid-configuration";
    let there = "/.well-known/assetlinks.json";
    assert_eq!(get(&server, here).await.status(), StatusCode::OK);
    assert_eq!(get(&server, there).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(get(&server, "/t/abc").await.status(), StatusCode::NOT_FOUND);
    for path in [here, "/tap/abc", "/"] {
        let answer = get_of_tickets(&server, path).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let url = format!("{}{here}", server.origin);
    let stranger = server.http.get(url).header(HOST, "evil.example");
    let answer = stranger.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn phones_find_the_apps_that_open_tickets() {
    let server = Server::start().await;
    let android = get_of_tickets(&server, "/.well-known/assetlinks.json").await;
    assert_eq!(android.headers()[CONTENT_TYPE], "application/json");
    let android: serde_json::Value = android.json().await.unwrap();
    assert_eq!(android[0]["target"]["package_name"], "example.kazasu");
    let ios = get_of_tickets(&server, "/.well-known/apple-app-site-association").await;
    assert_eq!(ios.headers()[CONTENT_TYPE], "application/json");
    let ios: serde_json::Value = ios.json().await.unwrap();
    let ids = &ios["applinks"]["details"][0]["appIDs"];
    assert_eq!(ids[0], "ABCDE12345.example.kazasu");
}

#[tokio::test]
async fn the_host_of_tickets_sets_no_cookie_and_speaks_the_language_it_is_asked_for() {
    let server = Server::start().await;
    for language in ["ja", "en"] {
        let page = get_of_tickets(&server, &format!("/t/abc?lang={language}")).await;
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.headers().get(SET_COOKIE).is_none());
        let html = page.text().await.unwrap();
        assert!(html.contains(&format!("<html lang=\"{language}\">")));
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_page_for_people_and_nothing_for_programs() {
    let server = Server::start().await;
    let page = get(&server, "/no-such-page").await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    let html = page.text().await.unwrap();
    assert!(html.contains("data-reason=\"not-found\"") && html.contains("見本大学"));
    let url = format!("{}/no-such-page", server.origin);
    let bare = server.http.get(url).send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::NOT_FOUND);
    assert_eq!(bare.text().await.unwrap(), "");
}

#[tokio::test]
async fn a_page_of_ours_is_strict_and_names_no_page_to_others() {
    let server = Server::start().await;
    let (browser, page) = server.begin(&[]).await;
    let request = server.http.get(&page);
    let answer = request
        .header(COOKIE, browser.cookie.unwrap())
        .send()
        .await
        .unwrap();
    let header = |name| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header(REFERRER_POLICY), "same-origin");
    assert_eq!(header(CACHE_CONTROL), "no-store");
    let policy = header(CONTENT_SECURITY_POLICY);
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(policy.contains("form-action 'self' https://portal.example;"));
    assert!(!policy.contains("unsafe"), "{policy}");
    let discovery = get(&server, "/.well-known/openid-configuration").await;
    assert_eq!(discovery.headers()[REFERRER_POLICY], "no-referrer");
    // What leads on may have a code in it.
    let led_on = server.http.get(format!("{page}/pair")).send();
    let led_on = led_on.await.unwrap();
    assert_eq!(led_on.status(), StatusCode::SEE_OTHER);
    assert_eq!(led_on.headers()[CACHE_CONTROL], "no-store");
    assert_eq!(led_on.headers()[REFERRER_POLICY], "no-referrer");
}

#[tokio::test]
async fn whoever_was_here_over_https_comes_back_over_https() {
    const HEADER: &str = "strict-transport-security";
    let server = Server::start().await;
    let plain = get(&server, "/oidc/jwks").await;
    assert!(!plain.headers().contains_key(HEADER));
    // As behind something that ends TLS.
    let secure = |text: String| text.replacen("origin = \"http:", "origin = \"https:", 1);
    let answer = get(&server.restart_with(secure).await, "/oidc/jwks").await;
    assert_eq!(answer.headers()[HEADER], "max-age=31536000");
}

#[tokio::test]
async fn a_chosen_language_stays() {
    let server = Server::start().await;
    let (browser, page) = server.begin(&[("ui_locales", "en")]).await;
    let cookie = browser.cookie.unwrap();
    let ask = async |url: &str, cookie: &str| {
        let request = server.http.get(url).header(COOKIE, cookie);
        request.header(ACCEPT_LANGUAGE, "en").send().await.unwrap()
    };
    let shown = ask(&page, &cookie).await.text().await.unwrap();
    assert!(shown.contains("<html lang=\"en\">"));
    let switched = ask(&format!("{page}?lang=ja"), &cookie).await;
    assert_eq!(switched.status(), StatusCode::SEE_OTHER);
    assert!(page.ends_with(switched.headers()["location"].to_str().unwrap()));
    let chosen = switched.headers()[SET_COOKIE].to_str().unwrap();
    let chosen = chosen.split(';').next().unwrap();
    let both = format!("{cookie}; {chosen}");
    let shown = ask(&page, &both).await.text().await.unwrap();
    assert!(shown.contains("<html lang=\"ja\">"));
}

/// Opens the stream that the page of `browser` names.
async fn stream(server: &Server, browser: &mut Browser, page: &str) -> Response {
    let html = browser.get(page).await.html;
    let (_, path) = html.split_once("data-events=\"").unwrap();
    let url = format!("{}{}", server.origin, path.split('"').next().unwrap());
    let request = server.http.get(url);
    let cookie = browser.cookie.clone().unwrap();
    let answer = request.header(COOKIE, cookie).send().await.unwrap();
    assert_eq!(answer.headers()[CONTENT_TYPE], "text/event-stream");
    answer
}

#[tokio::test]
async fn the_stream_tells_when_the_page_is_out_of_date_and_ends() {
    let server = Server::start().await;
    let (mut browser, page, ticket) = server.ticket("other-device").await;
    let mut events = stream(&server, &mut browser, &page).await;
    let first = events.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"retry: 2000"), "{first:?}");
    let mut companion = server.companion().await;
    companion
        .claim_ticket(ClaimTicketRequest { ticket })
        .await
        .unwrap();
    let rest = events.text().await.unwrap();
    assert_eq!(rest.trim(), "event: changed\ndata: reload");
    // Who comes with an old page is told at once.
    let url = format!("{page}/events?seen=long-ago");
    let old = browser.get(&url).await;
    assert!(old.html.contains("event: changed"));
}

#[tokio::test]
async fn nobody_else_gets_a_stream() {
    let server = Server::start().await;
    let (_, page, _) = server.ticket("other-device").await;
    let (mut other, _) = server.begin(&[]).await;
    let answer = other.get(&format!("{page}/events")).await;
    assert_eq!(answer.reason(), Some("wrong_browser"));
    let none = Browser::new(&server).get(&format!("{page}/events")).await;
    assert_eq!(none.reason(), Some("cookies_required"));
}

#[tokio::test]
async fn a_reader_on_this_machine_is_paired_by_digits_as_well() {
    let server = Server::start().await;
    let changes = [
        ("redirect_uri", "https://desk.example/"),
        ("purpose", "counter"),
        ("scope", "openid"),
    ];
    let (mut browser, page) = server.begin_as("desk", &changes).await;
    browser
        .post(&format!("{page}/start"), &[("mode", "local")])
        .await;
    let shown = browser.get(&page).await;
    let ticket = shown.ticket();
    assert!(shown.html.contains("kazasu tap http://localhost"));
    let mut companion = server.companion().await;
    let claimed = companion.claim_ticket(ClaimTicketRequest { ticket }).await;
    let companion_secret = claimed.unwrap().into_inner().companion_secret;
    let begin = BeginAssertionRequest {
        companion_secret: companion_secret.clone(),
    };
    let early = companion.begin_assertion(begin.clone()).await.unwrap_err();
    let reason = kazasu_proto::reason_of(&early);
    assert_eq!(reason, Some(kazasu_statement::Reason::PairingRequired));
    let request = StartPairingRequest {
        companion_secret: companion_secret.clone(),
    };
    let digits = companion.start_pairing(request).await.unwrap();
    let digits = digits.into_inner().digits;
    browser
        .post(&format!("{page}/pair"), &[("digits", &digits)])
        .await;
    assert!(companion.begin_assertion(begin).await.is_ok());
    let request = CancelRequest { companion_secret };
    companion.cancel(request).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_six_digits_stays_in_its_field_and_costs_no_try() {
    let server = Server::start().await;
    let (mut browser, page, ticket) = server.ticket("other-device").await;
    let mut companion = server.companion().await;
    let claimed = companion.claim_ticket(ClaimTicketRequest { ticket }).await;
    let companion_secret = claimed.unwrap().into_inner().companion_secret;
    let request = StartPairingRequest { companion_secret };
    companion.start_pairing(request).await.unwrap();
    let typed = [("digits", "12\"<3")];
    let slip = browser.post(&format!("{page}/pair"), &typed).await;
    assert_eq!(slip.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(slip.html.contains("value=\"12&#34;&#60;3\""));
    assert!(slip.html.contains("id=\"digits-error\""));
    let again = browser.get(&page).await;
    assert_eq!(again.reason(), None, "no try is gone");
}

#[tokio::test]
async fn who_may_only_use_one_phone_is_shown_the_way_there() {
    let server = Server::start().await;
    let changes = [
        ("redirect_uri", "https://desk.example/"),
        ("purpose", "recover"),
        ("scope", "openid"),
    ];
    let (mut browser, page) = server.begin_as("desk", &changes).await;
    let shown = browser.get(&page).await.html;
    assert!(shown.contains("https://desk.example/start") && shown.contains("<svg xmlns"));
    assert!(!shown.contains("start-other-device"));
    let stranger = Browser::new(&server).get(&page).await;
    assert!(
        stranger
            .html
            .contains("id=\"back\" href=\"https://desk.example/start\"")
    );
    let (_, elsewhere) = server.begin(&[]).await;
    let stranger = Browser::new(&server).get(&elsewhere).await;
    assert!(stranger.html.contains("href=\"https://portal.example/\""));
}

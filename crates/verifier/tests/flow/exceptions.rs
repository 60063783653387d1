//! Older clients: requests that the browser carries, and secrets.

use crate::harness::{
    Browser, CODE_CHALLENGE, OLDER_REDIRECT_URI, OLDER_SECRET, REDIRECT_URI, Server,
};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use url::Url;

/// An address with a request of `older`'s, some parameters changed; an empty value leaves one out.
fn unpushed(server: &Server, changes: &[(&str, &str)]) -> Url {
    let mut fields = vec![
        ("client_id", "older"),
        ("response_type", "code"),
        ("redirect_uri", OLDER_REDIRECT_URI),
        ("scope", "openid"),
        ("state", "the state"),
        ("nonce", "the nonce"),
        ("code_challenge", CODE_CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    fields.retain(|(key, _)| !changes.iter().any(|(changed, _)| changed == key));
    fields.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    Url::parse_with_params(&format!("{}/oidc/authorize", server.origin), fields).unwrap()
}

#[tokio::test]
async fn a_request_in_the_address_begins_a_transaction_and_finds_it_again() {
    let server = Server::start().await;
    let url = unpushed(&server, &[]);
    let mut browser = Browser::new(&server);
    let first = browser.get(url.as_str()).await.location.unwrap();
    assert!(first.starts_with(&format!("{}/tap/", server.origin)));
    assert_eq!(browser.get(&first).await.status, StatusCode::OK);
    server.pass(61);
    let again = browser.get(url.as_str()).await.location.unwrap();
    assert_eq!(first, again);
    let foreign = Browser::new(&server).get(url.as_str()).await;
    assert_eq!(foreign.reason(), Some("wrong_browser"));
    let other = unpushed(&server, &[("state", "another")]);
    let other = browser.get(other.as_str()).await.location.unwrap();
    assert_ne!(first, other);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_to_the_relying_party() {
    let server = Server::start().await;
    for (change, error) in [
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("nonce", ""), "invalid_request"),
        (("response_type", "id_token"), "unsupported_response_type"),
        (("response_mode", "form_post"), "invalid_request"),
        (("scope", "openid name"), "invalid_scope"),
        (("purpose", "surprise"), "invalid_request"),
        (("purpose", "unlink"), "unauthorized_client"),
        (("purpose", "recover"), "unauthorized_client"),
        (("request", "a.b.c"), "request_not_supported"),
        (
            ("request_uri", "https://older.example/r"),
            "request_uri_not_supported",
        ),
        (("registration", "{}"), "registration_not_supported"),
        (("claims", "{}"), "invalid_request"),
        (("prompt", "none"), "login_required"),
        (("prompt", "none login"), "invalid_request"),
    ] {
        let url = unpushed(&server, &[change]);
        let answer = Browser::new(&server)
            .get(url.as_str())
            .await
            .location
            .unwrap();
        let begin = format!("{OLDER_REDIRECT_URI}&error={error}");
        assert!(answer.starts_with(&begin), "{change:?}: {answer}");
        assert!(answer.contains("&state=the+state&iss=http"), "{answer}");
    }
}

#[tokio::test]
async fn a_state_sent_twice_is_not_sent_back() {
    let server = Server::start().await;
    let url = format!("{}&state=another", unpushed(&server, &[]));
    let answer = Browser::new(&server).get(&url).await.location.unwrap();
    assert!(answer.contains("error=invalid_request") && !answer.contains("&state="));
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let server = Server::start().await;
    for uri in [
        "",
        "https://evil.example/",
        "https://older.example/callback",
        REDIRECT_URI,
    ] {
        let url = unpushed(&server, &[("redirect_uri", uri)]);
        let page = Browser::new(&server).get(url.as_str()).await;
        assert_eq!(page.reason(), Some("wrong_relying_party"), "{uri}");
        assert_eq!(page.location, None);
    }
    let twice = format!("{}&redirect_uri={REDIRECT_URI}", unpushed(&server, &[]));
    let page = Browser::new(&server).get(&twice).await;
    assert_eq!(
        (page.reason(), page.location.as_deref()),
        (Some("wrong_relying_party"), None)
    );
}

#[tokio::test]
async fn who_has_no_exception_is_told_to_push() {
    let server = Server::start().await;
    // A request that could be pushed as it is.
    let changes = [
        ("client_id", "portal"),
        ("redirect_uri", REDIRECT_URI),
        ("purpose", "link"),
    ];
    let url = unpushed(&server, &changes);
    let answer = Browser::new(&server)
        .get(url.as_str())
        .await
        .location
        .unwrap();
    assert!(
        answer.starts_with(&format!("{REDIRECT_URI}?error=invalid_request")),
        "{answer}"
    );
}

#[tokio::test]
async fn a_form_is_led_to_the_same_address_so_that_the_cookie_comes_along() {
    let server = Server::start().await;
    let url = unpushed(&server, &[]);
    let form: Vec<_> = url.query_pairs().collect();
    let endpoint = format!("{}/oidc/authorize", server.origin);
    let posted = server.http.post(endpoint).form(&form).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::SEE_OTHER);
    assert!(posted.headers().get("set-cookie").is_none());
    assert_eq!(posted.headers()["location"], url.as_str());
}

async fn push_with_secret(
    server: &Server,
    id: &str,
    secret: &str,
    extra: &[(&str, &str)],
) -> Response {
    let url = unpushed(server, extra);
    let form: Vec<_> = url
        .query_pairs()
        .filter(|(key, _)| key != "client_id")
        .collect();
    let endpoint = format!("{}/oidc/par", server.origin);
    let request = server.http.post(endpoint).basic_auth(id, Some(secret));
    request.form(&form).send().await.unwrap()
}

#[tokio::test]
async fn a_secret_opens_what_it_is_configured_for_and_nothing_else() {
    let server = Server::start().await;
    let right = push_with_secret(&server, "older", OLDER_SECRET, &[]).await;
    assert_eq!(right.status(), StatusCode::CREATED);
    let shorter = &OLDER_SECRET[1..];
    for (id, secret) in [
        ("older", shorter),
        ("older", ""),
        ("older", crate::harness::OLDER_SECRET_SHA256),
        ("portal", OLDER_SECRET),
        ("portal", ""),
        ("unheard-of", OLDER_SECRET),
    ] {
        let wrong = push_with_secret(&server, id, secret, &[]).await;
        assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED, "{id} {secret}");
        assert_eq!(
            wrong.headers()["www-authenticate"],
            "Basic realm=\"kazasu\""
        );
        let body: Value = wrong.json().await.unwrap();
        assert_eq!(body["error"], "invalid_client");
    }
    let recover = push_with_secret(&server, "older", OLDER_SECRET, &[("purpose", "recover")]).await;
    let body: Value = recover.json().await.unwrap();
    assert_eq!(body["error"], "unauthorized_client");
}

#[tokio::test]
async fn two_ways_to_authenticate_at_once_are_one_too_many() {
    let server = Server::start().await;
    let assertion = server.sign(&server.client_claims());
    let both = [
        ("client_assertion", assertion.as_str()),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
    ];
    let answer = push_with_secret(&server, "older", OLDER_SECRET, &both).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_page_without_an_answer_to_send_has_a_way_to_start_again() {
    let server = Server::start().await;
    let url = server.authorization(&[]).await;
    server.pass(60);
    let page = Browser::new(&server).get(&url).await;
    assert_eq!(page.reason(), Some("transaction_expired"));
    assert!(
        page.html.contains("href=\"https://portal.example/\""),
        "{}",
        page.html
    );
}

async fn metadata(server: &Server) -> Value {
    let url = format!("{}/.well-known/openid-configuration", server.origin);
    server
        .http
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

#[tokio::test]
async fn the_metadata_says_what_is_possible() {
    let server = Server::start().await;
    let stated = metadata(&server).await;
    assert_eq!(stated["require_pushed_authorization_requests"], false);
    let methods = &stated["token_endpoint_auth_methods_supported"];
    assert_eq!(
        *methods,
        serde_json::json!(["private_key_jwt", "client_secret_basic"])
    );
    let algorithms = &stated["id_token_signing_alg_values_supported"];
    assert_eq!(*algorithms, serde_json::json!(["ES256", "RS256"]));
    assert_eq!(
        stated["code_challenge_methods_supported"],
        serde_json::json!(["S256"])
    );
    assert_eq!(
        stated["response_types_supported"],
        serde_json::json!(["code"])
    );
    assert_eq!(
        stated["subject_types_supported"],
        serde_json::json!(["pairwise"])
    );
    let server = server.restart_with(|text| {
        let (others, _) = text.rsplit_once("[[relying_party]]").unwrap();
        others.to_owned()
    });
    let stated = metadata(&server.await).await;
    assert_eq!(stated["require_pushed_authorization_requests"], true);
    assert_eq!(
        stated["token_endpoint_auth_methods_supported"],
        serde_json::json!(["private_key_jwt"])
    );
}

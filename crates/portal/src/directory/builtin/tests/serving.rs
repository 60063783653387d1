//! What the second port answers.

use super::*;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

const TOKEN: &str = "a-token-of-the-sign-in-provider";

fn served(tested: &Tested) -> Router {
    let domain = Some("univ.example".to_owned());
    routes(tested.store.clone(), TOKEN, domain, Arc::new(|| NOW))
}

async fn post(router: &Router, path: &str, token: Option<&str>, body: String) -> Response<Body> {
    let mut request = Request::post(path).header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Body::from(body)).unwrap();
    router.clone().oneshot(request).await.unwrap()
}

async fn body(response: Response<Body>) -> Value {
    let bytes = to_bytes(response.into_body(), 1 << 16).await.unwrap();
    serde_json::from_slice(&bytes).unwrap_or(Value::Null)
}

async fn ask(router: &Router, account: &str, secret: &str) -> (StatusCode, Value) {
    let asked = json!({"account": account, "secret": secret}).to_string();
    let response = post(router, "/directory/sign-in", Some(TOKEN), asked).await;
    (response.status(), body(response).await)
}

#[tokio::test]
async fn the_sign_in_provider_learns_who_it_is() {
    let tested = directory(PEOPLE).await;
    let router = served(&tested);
    let (status, person) = ask(&router, "0123456789@univ.example", "first-Passw0rd").await;
    assert_eq!(status, StatusCode::OK);
    let expected = json!({
        "account": "0123456789",
        "kind": "student",
        "names": ["見本　太郎", "MIHON Taro"],
        "language": "ja",
        "with": "password",
        "session_generation": 1,
    });
    assert_eq!(person, expected);
    let pass = tested.issue("A").await.unwrap();
    let (_, person) = ask(&router, "0123456789", pass.expose()).await;
    assert_eq!(person["with"], "access_pass");
}

#[tokio::test]
async fn every_refusal_has_its_own_answer() {
    let tested = directory(PEOPLE).await;
    let router = served(&tested);
    let line = r#"{"account": "left", "kind": "student", "names": ["見本　太郎"], "revoked_at": "2020-04-01T00:00:00+09:00"}"#;
    import(&tested.store, line, None, NOW).await.unwrap();
    let refused = |why: &str| json!({ "refused": why });
    for (account, status, why) in [
        ("0123456789", StatusCode::UNAUTHORIZED, "wrong"),
        ("nobody", StatusCode::UNAUTHORIZED, "wrong"),
        ("a)(uid=*", StatusCode::UNAUTHORIZED, "wrong"),
        ("left", StatusCode::LOCKED, "revoked"),
    ] {
        let answer = ask(&router, account, "guess").await;
        assert_eq!(answer, (status, refused(why)), "{account}");
    }
    for _ in 0..4 {
        ask(&router, "0123456789", "guess").await;
    }
    let asked = json!({"account": "0123456789", "secret": "first-Passw0rd"}).to_string();
    let response = post(&router, "/directory/sign-in", Some(TOKEN), asked).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()["retry-after"], "30");
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(body(response).await, refused("too_often"));
    tested.lock("A").await.unwrap();
    unlock(&tested.store, &student(), NOW).await.unwrap();
    tested.lock("B").await.unwrap();
    let answer = ask(&router, "0123456789", "guess").await;
    assert_eq!(answer, (StatusCode::LOCKED, refused("locked")));
}

#[tokio::test]
async fn nobody_asks_without_the_token() {
    let tested = directory(PEOPLE).await;
    let router = served(&tested);
    let asked = json!({"account": "0123456789", "secret": "first-Passw0rd"}).to_string();
    let longer = format!("{TOKEN}x");
    for token in [
        None,
        Some(""),
        Some("other"),
        Some(&TOKEN[1..]),
        Some(&longer),
    ] {
        for path in ["/directory/sign-in", "/directory/session"] {
            let response = post(&router, path, token, asked.clone()).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{token:?}");
            assert_eq!(response.headers()["www-authenticate"], "Bearer");
            assert_eq!(body(response).await, json!({ "refused": "token" }));
        }
    }
    assert!(tested.sign_in("first-Passw0rd", NOW).await.is_ok());
}

#[tokio::test]
async fn what_is_no_question_is_not_quoted_in_the_answer() {
    let tested = directory(PEOPLE).await;
    let router = served(&tested);
    let long = json!({"account": "a", "secret": "s3cret".repeat(2000)}).to_string();
    for asked in [
        "",
        "s3cret",
        r#"{"account": "a", "secret": ["s3cret"]}"#,
        r#"{"account": "a", "secret": "b", "s3cret": 1}"#,
        &long,
    ] {
        let response = post(&router, "/directory/sign-in", Some(TOKEN), asked.to_owned()).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(body(response).await, json!({ "refused": "body" }));
    }
}

#[tokio::test]
async fn a_session_holds_until_the_password_is_replaced() {
    let tested = directory(PEOPLE).await;
    let router = served(&tested);
    let (_, person) = ask(&router, "0123456789", "first-Passw0rd").await;
    let generation = &person["session_generation"];
    let asked = json!({"account": "0123456789", "session_generation": generation}).to_string();
    let holds = || post(&router, "/directory/session", Some(TOKEN), asked.clone());
    assert_eq!(holds().await.status(), StatusCode::NO_CONTENT);
    tested.set_password("A", "second-Passw0rd").await.unwrap();
    let ended = holds().await;
    assert_eq!(ended.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(body(ended).await, json!({ "refused": "ended" }));
}

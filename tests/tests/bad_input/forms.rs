//! Forms that are none: at the pages and at the two endpoints of relying parties.

use crate::harness::{CODE_VERIFIER, REDIRECT_URI};
use crate::target::{MARK, Target};
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN};
use reqwest::{Response, StatusCode};

/// [`MARK`] in a script that is to break out of an attribute.
const SCRIPT: &str = "%22%3E%3Cscript%3Ekanariya7391%3C/script%3E";

const FORM: &str = "application/x-www-form-urlencoded";

async fn send(target: &Target, path: &str, kind: Option<&str>, body: Vec<u8>) -> Response {
    let url = format!("{}{path}", target.server.origin);
    let cookie = target.browser.cookie.clone().unwrap();
    let mut request = target.server.http.post(url).header(COOKIE, cookie);
    request = request.header(ORIGIN, &target.server.origin).body(body);
    if let Some(kind) = kind {
        request = request.header(CONTENT_TYPE, kind);
    }
    request.send().await.unwrap()
}

/// Kinds and bodies that are no form with `field`, each with what is wrong with it.
fn bodies(field: &str, value: &str) -> Vec<(Option<&'static str>, Vec<u8>, &'static str)> {
    let good = format!("{field}={value}");
    let mark = format!("&more={MARK}");
    let multipart = format!(
        "--b\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n--b--\r\n"
    );
    vec![
        (Some(FORM), vec![], "nothing"),
        (Some(FORM), b"&&&&".to_vec(), "no fields"),
        (Some(FORM), MARK.into(), "a word"),
        (
            Some(FORM),
            format!("{good}&{good}{mark}").into(),
            "the field twice",
        ),
        (
            Some(FORM),
            format!("{field}=&{good}").into(),
            "the field empty and full",
        ),
        (
            Some(FORM),
            format!("{field}=%ff%fe").into(),
            "escaped bytes that are no text",
        ),
        (
            Some(FORM),
            [good.as_bytes(), &[0xFF, 0xFE]].concat(),
            "bytes that are no text",
        ),
        (Some(FORM), format!("{field}=%").into(), "half an escape"),
        (
            Some(FORM),
            format!("{field}={}", MARK.repeat(200)).into(),
            "a long value",
        ),
        (Some(FORM), format!("{field}[]={value}").into(), "a list"),
        (
            Some(FORM),
            format!("{field}%00={value}").into(),
            "a NUL in the name",
        ),
        (None, good.clone().into(), "no type"),
        (Some("text/plain"), good.clone().into(), "plain text"),
        (
            Some("application/json"),
            format!("{{\"{field}\":\"{value}\"}}").into(),
            "JSON",
        ),
        (
            Some("multipart/form-data; boundary=b"),
            multipart.into(),
            "multipart",
        ),
        (
            Some("multipart/form-data"),
            good.into(),
            "multipart without a boundary",
        ),
        (Some("kanariya7391"), MARK.into(), "no type known"),
    ]
}

/// Nothing of it is repeated, but for a slip in the digits, which stays in its field.
#[track_caller]
fn assert_harmless(html: &str, what: &str) {
    let rest = match html.split_once("name=\"digits\" value=\"") {
        Some((before, field)) => [before, field.split_once('"').unwrap().1].concat(),
        None => html.to_owned(),
    };
    assert!(!rest.contains(MARK), "{what}: {html}");
}

#[tokio::test]
async fn a_page_form_that_is_none_changes_nothing() {
    let target = Target::start().await;
    let before = target.rows();
    let page = target.page.strip_prefix(&target.server.origin).unwrap();
    for (form, field, value) in [
        ("start", "mode", "same-phone"),
        ("pair", "digits", "000000"),
    ] {
        for (kind, body, what) in bodies(field, value) {
            let answer = send(&target, &format!("{page}/{form}"), kind, body).await;
            let status = answer.status();
            // Either a refusal, or the way back to the page as it was.
            let back = answer.headers().get(LOCATION).cloned();
            let is_back = back.is_some_and(|to| to.to_str().unwrap() == target.page);
            assert!(
                status.is_client_error() || is_back,
                "{form}, {what}: {status}"
            );
            let text = answer.text().await.unwrap();
            assert_harmless(&text, what);
        }
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn modes_and_digits_that_are_none_change_nothing() {
    let target = Target::start().await;
    let before = target.rows();
    let page = target.page.strip_prefix(&target.server.origin).unwrap();
    let forms = [
        (
            "start",
            "mode",
            [
                "",
                "local",
                "SAME-PHONE",
                "same-phone ",
                "same-phone%00",
                MARK,
                SCRIPT,
            ],
        ),
        (
            "pair",
            "digits",
            ["", "12345", "1234567", "12345%00", "-12345", MARK, SCRIPT],
        ),
    ];
    for (form, field, values) in forms {
        for value in values {
            let body = format!("{field}={value}").into_bytes();
            let answer = send(&target, &format!("{page}/{form}"), Some(FORM), body).await;
            assert!(!answer.status().is_server_error(), "{form} {value}");
            assert_harmless(&answer.text().await.unwrap(), value);
        }
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn a_relying_partys_form_that_is_none_is_an_invalid_request_or_client() {
    let target = Target::start().await;
    let before = target.rows();
    for path in ["/oidc/par", "/oidc/token"] {
        for field in ["client_assertion", "grant_type"] {
            for (kind, body, what) in bodies(field, MARK) {
                let answer = send(&target, path, kind, body).await;
                let status = answer.status();
                let body: serde_json::Value = answer.json().await.unwrap();
                let error = body["error"].as_str().unwrap();
                let defined = match status {
                    StatusCode::BAD_REQUEST => error == "invalid_request",
                    StatusCode::UNAUTHORIZED => error == "invalid_client",
                    _ => false,
                };
                assert!(defined, "{path} {what}: {status} {body}");
                assert!(!body.to_string().contains(MARK), "{path} {what}");
            }
        }
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn a_parameter_sent_twice_is_refused_whichever_is_right() {
    let target = Target::start().await;
    let before = target.rows();
    let server = &target.server;
    for (name, value) in [
        ("redirect_uri", "https://evil.example/"),
        ("purpose", "recover"),
        ("scope", "openid"),
        ("code_challenge_method", "plain"),
        ("client_id", "nameless"),
        ("nonce", MARK),
        ("state", MARK),
    ] {
        let proof = server.sign(&server.client_claims());
        let (status, body) = server.push_twice(&proof, (name, value)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{name}: {body}");
        assert_eq!(body["error"], "invalid_request", "{name}");
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn parameters_of_a_request_that_cannot_be_are_refused() {
    let target = Target::start().await;
    let before = target.rows();
    let long = "n".repeat(1025);
    for (name, value) in [
        ("redirect_uri", "https://portal.example/callback#x"),
        ("redirect_uri", "https://portal.example/callback?x"),
        (
            "redirect_uri",
            "https://portal.example/callback/../callback",
        ),
        ("redirect_uri", "https://portal.example:443/callback"),
        ("redirect_uri", "https://PORTAL.example/callback"),
        ("redirect_uri", "https://portal.example/callback\u{0}"),
        (
            "redirect_uri",
            "https://portal.example@evil.example/callback",
        ),
        ("redirect_uri", "http://portal.example/callback"),
        ("redirect_uri", "javascript:alert(1)"),
        ("response_mode", "form_post"),
        ("code_challenge_method", "s256"),
        ("code_challenge", &"A".repeat(44)),
        ("code_challenge", &"=".repeat(43)),
        ("purpose", "LINK"),
        ("purpose", "link view"),
        ("nonce", &long),
        ("state", &long),
        ("request", "e30.e30."),
        ("request_uri", "https://evil.example/request"),
    ] {
        let (status, body) = target.server.push(&[(name, value)]).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{name}={value}: {body}");
        assert!(body["request_uri"].is_null());
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn codes_and_code_verifiers_that_cannot_be_redeem_nothing() {
    let target = Target::start().await;
    let before = target.rows();
    let long = "x".repeat(50_000);
    for (code, verifier, error) in [
        ("", CODE_VERIFIER, "invalid_request"),
        (MARK, CODE_VERIFIER, "invalid_grant"),
        (long.as_str(), CODE_VERIFIER, "invalid_grant"),
        ("' OR 1=1 --", CODE_VERIFIER, "invalid_grant"),
        (MARK, "short", "invalid_request"),
        (MARK, &long[..129], "invalid_request"),
        (&target.ticket, CODE_VERIFIER, "invalid_grant"),
    ] {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", verifier),
        ];
        let proof = target.server.sign(&target.server.client_claims());
        let (status, body) = target.server.post("/oidc/token", &proof, &form).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(body["error"], error, "{body}");
    }
    for grant in [
        "",
        "password",
        "client_credentials",
        "refresh_token",
        "implicit",
    ] {
        let proof = target.server.sign(&target.server.client_claims());
        let form = [
            ("grant_type", grant),
            ("username", MARK),
            ("password", MARK),
        ];
        let (_, body) = target.server.post("/oidc/token", &proof, &form).await;
        assert_eq!(body["error"], "unsupported_grant_type", "{grant}");
    }
    target.assert_unharmed(&before).await;
}

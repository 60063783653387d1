//! The token endpoint, as far as it goes without an accepted tap.

use crate::harness::{CODE_VERIFIER, REDIRECT_URI, Server};
use reqwest::StatusCode;

#[tokio::test]
async fn a_token_request_that_is_not_what_it_must_be_is_refused() {
    let server = Server::start().await;
    let good = [
        ("grant_type", "authorization_code"),
        ("code", "unheard-of"),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", CODE_VERIFIER),
    ];
    for (leave_out, error) in [
        ("", "invalid_grant"),
        ("grant_type", "unsupported_grant_type"),
        ("code", "invalid_request"),
        ("redirect_uri", "invalid_request"),
        ("code_verifier", "invalid_request"),
    ] {
        let form: Vec<_> = good
            .iter()
            .copied()
            .filter(|(key, _)| *key != leave_out)
            .collect();
        let assertion = server.sign(&server.client_claims());
        let (status, body) = server.post("/oidc/token", &assertion, &form).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(body["error"], error, "without {leave_out:?}");
    }
    let (status, body) = server.post("/oidc/token", "a.b.c", &good).await;
    assert_eq!(
        (status, body["error"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("invalid_client"))
    );
}

//! `private_key_jwt`: who may speak for a relying party.

use crate::harness::Server;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_client_assertion_must_be_ours_fresh_and_new() {
    let server = Server::start().await;
    let now = server.now();
    for (claim, value) in [
        ("iss", json!("stranger")),
        ("sub", json!("nameless")),
        ("aud", json!("https://elsewhere.example")),
        ("aud", json!(["https://elsewhere.example", server.origin])),
        ("aud", json!(format!("{}/oidc/token", server.origin))),
        ("exp", json!(now - 60)),
        ("exp", json!(now + 3661)),
        ("iat", json!(now + 61)),
        ("nbf", json!(now + 61)),
        ("jti", json!("")),
        ("jti", json!("x".repeat(257))),
    ] {
        let mut claims = server.client_claims();
        claims[claim] = value;
        let (status, body) = server.post("/oidc/par", &server.sign(&claims), &[]).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{claim}");
        assert_eq!(body["error"], "invalid_client");
    }
    let once = server.sign(&server.client_claims());
    let (_, first) = server.post("/oidc/par", &once, &[]).await;
    assert_eq!(
        first["error"], "invalid_request",
        "the assertion was fine, the empty request not"
    );
    let (_, second) = server.post("/oidc/par", &once, &[]).await;
    assert_eq!(second["error"], "invalid_client");
}

#[tokio::test]
async fn an_altered_or_foreign_client_assertion_is_refused() {
    let server = Server::start().await;
    let other = Server::start().await;
    let good = server.sign(&server.client_claims());
    let foreign = other.sign(&server.client_claims());
    let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
    for assertion in ["", "a.b.c", &foreign, &unsigned] {
        let (status, _) = server.post("/oidc/par", assertion, &[]).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn an_assertion_that_is_said_to_be_of_another_kind_is_none() {
    let server = Server::start().await;
    let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    for kind in ["", saml] {
        let assertion = server.sign(&server.client_claims());
        let form = [
            ("client_assertion_type", kind),
            ("client_assertion", assertion.as_str()),
        ];
        let request = server.http.post(format!("{}/oidc/par", server.origin));
        let answer = request.form(&form).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{kind}");
    }
}

#[tokio::test]
async fn a_clock_may_be_a_minute_off() {
    let server = Server::start().await;
    let now = server.now();
    for (iat, exp) in [(now + 60, now + 120), (now - 119, now - 59)] {
        let mut claims = server.client_claims();
        (claims["iat"], claims["exp"]) = (json!(iat), json!(exp));
        let (_, body) = server.post("/oidc/par", &server.sign(&claims), &[]).await;
        assert_eq!(body["error"], "invalid_request", "only the form was wrong");
    }
}

#[tokio::test]
async fn an_assertion_that_was_used_is_refused_at_every_endpoint_as_long_as_it_lives() {
    let server = Server::start().await;
    let once = server.sign(&server.client_claims());
    server.post("/oidc/par", &once, &[]).await;
    for passed in [0, 60, 59] {
        server.pass(passed);
        let (status, _) = server.post("/oidc/token", &once, &[]).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn an_assertion_that_was_used_is_not_forgotten_before_it_ends() {
    let server = Server::start_with_tables("[lifetimes]\ntransaction = 100\n").await;
    let once = server.sign(&server.client_claims());
    server.post("/oidc/par", &once, &[]).await;
    server.begin(&[]).await;
    server.pass(119);
    // The transaction that ran out is counted once the server has tidied up.
    let tidied = async {
        let metrics = format!("{}/metrics", server.admin);
        let expired = "kazasu_transactions_total{state=\"expired\"} 1";
        let text = async || server.http.get(&metrics).send().await?.text().await;
        while !text().await.unwrap().contains(expired) {}
    };
    tokio::time::timeout(Duration::from_secs(30), tidied)
        .await
        .unwrap();
    let (status, _) = server.post("/oidc/token", &once, &[]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

/// A JWT with a header and a key of the attacker's choice.
fn forged(header: &Header, claims: &Value, key: &EncodingKey) -> String {
    jsonwebtoken::encode(header, claims, key).unwrap()
}

#[tokio::test]
async fn the_public_key_is_no_shared_secret_and_no_signature_is_not_one() {
    let server = Server::start().await;
    let jwk = server.public_jwk().to_string();
    for public in [jwk, json!({ "keys": [server.public_jwk()] }).to_string()] {
        let secret = EncodingKey::from_secret(public.as_bytes());
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let claims = server.client_claims();
            let assertion = forged(&Header::new(algorithm), &claims, &secret);
            let (status, _) = server.post("/oidc/par", &assertion, &[]).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{algorithm:?}");
        }
    }
    let good = server.sign(&server.client_claims());
    let (_, rest) = good.split_once('.').unwrap();
    // {"alg":"none"}, in three spellings.
    for header in [
        "eyJhbGciOiJub25lIn0",
        "eyJhbGciOiJOb25lIn0",
        "eyJhbGciOiIifQ",
    ] {
        let unsigned = format!("{header}.{}.", rest.split_once('.').unwrap().0);
        for assertion in [unsigned, format!("{header}.{rest}")] {
            let (status, _) = server.post("/oidc/par", &assertion, &[]).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED);
        }
    }
}

#[tokio::test]
async fn one_party_cannot_sign_for_another_that_has_no_key() {
    let server = Server::start().await;
    let assertion = server.sign(&server.client_claims_of("older"));
    let (status, body) = server.post("/oidc/par", &assertion, &[]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(body["error"], "invalid_client");
}

#[tokio::test]
async fn a_form_that_says_something_twice_is_refused_before_anything_else() {
    let server = Server::start().await;
    let assertion = server.sign(&server.client_claims());
    let twice = [("client_id", "portal"), ("client_id", "older")];
    let (status, body) = server.post("/oidc/par", &assertion, &twice).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(body["error"], "invalid_request");
    let (_, body) = server.post("/oidc/par", &assertion, &[]).await;
    assert_eq!(
        body["error"], "invalid_request",
        "the assertion was not used up"
    );
}

//! Client assertions that are none.

use crate::harness::Server;
use crate::target::{MARK, Target};
use base64::Engine as _;
use base64::prelude::{BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

fn b64(text: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// A request that is fine but for its client assertion.
async fn push(server: &Server, assertion: &str) -> (StatusCode, Value) {
    server.push_with(assertion, &[]).await
}

async fn assert_refused(server: &Server, assertion: &str, what: &str) {
    let (status, body) = push(server, assertion).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{what}: {body}");
    assert_eq!(body["error"], "invalid_client", "{what}");
    assert!(!body.to_string().contains(MARK), "{what}: {body}");
}

#[tokio::test]
async fn a_jwt_that_is_none_proves_nothing() {
    let target = Target::start().await;
    let before = target.rows();
    let server = &target.server;
    let good = server.sign(&server.client_claims());
    let parts: Vec<&str> = good.split('.').collect();
    let [head, body, signature] = parts[..] else {
        panic!("three parts")
    };
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    let none = b64(json!({ "alg": "none", "typ": "JWT" }).to_string());
    let upper = b64(json!({ "alg": "NONE" }).to_string());
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    for (assertion, what) in [
        (String::new(), "nothing"),
        (MARK.to_owned(), "a word"),
        (".".to_owned(), "one dot"),
        ("..".to_owned(), "two dots"),
        ("a.b.c".to_owned(), "three letters"),
        (format!("{head}.{body}"), "no signature"),
        (format!("{head}.{body}."), "an empty signature"),
        (format!("{head}..{signature}"), "no claims"),
        (format!("{good}.{signature}"), "four parts"),
        (format!("{head}.{body}.{signature}.."), "five parts"),
        (format!("{none}.{body}."), "alg none"),
        (format!("{upper}.{body}.{signature}"), "alg NONE"),
        (format!("{head}.{body}.{}", b64([0; 64])), "r = s = 0"),
        (
            format!("{head}.{body}.{}", b64([0xFF; 64])),
            "r = s = the most",
        ),
        (
            format!("{head}.{body}.{}", b64(&decoded[..63])),
            "a short signature",
        ),
        (
            format!("{head}.{body}.{}", b64([&decoded[..], &[0]].concat())),
            "a long one",
        ),
        (format!("{head}.{body}=.{signature}"), "padded claims"),
        (
            format!("{head}.{body}.{}", BASE64_URL_SAFE.encode(&decoded)),
            "padding",
        ),
        (format!("{head}.{body}.{signature}\n"), "a line end"),
        (format!(" {good}"), "a space before"),
        (format!("{head}.{}.{signature}", b64("{")), "half an object"),
        (
            format!("{head}.{}.{signature}", b64([0xFF, 0xFE])),
            "no text",
        ),
        (
            format!("{head}.{}.{signature}", b64(&deep)),
            "20,000 brackets",
        ),
        (
            format!("{}.{body}.{signature}", b64(&deep)),
            "brackets in the header",
        ),
        (
            format!("{}.{body}.{signature}", b64("null")),
            "a header that is null",
        ),
        (
            format!("{head}.{}.{signature}", b64(&good)),
            "a JWT in a JWT",
        ),
    ] {
        assert_refused(server, &assertion, what).await;
    }
    let (status, _) = push(server, &good).await;
    assert_eq!(
        status,
        StatusCode::CREATED,
        "none of that spent the good one"
    );
    let before = before.without(&["pushed_requests"]);
    let after = target.rows().without(&["pushed_requests"]);
    assert_eq!(after, before);
}

#[tokio::test]
async fn every_flipped_bit_of_a_client_assertion_makes_it_worthless() {
    let target = Target::start().await;
    let before = target.rows();
    let server = &target.server;
    let good = server.sign(&server.client_claims());
    // Every character would take a minute; every seventh meets each part many times.
    for at in (0..good.len()).step_by(7) {
        let mut bytes = good.clone().into_bytes();
        bytes[at] ^= 1 << (at % 7);
        let Ok(flipped) = String::from_utf8(bytes) else {
            continue;
        };
        // The last character's low bits are no part of the signature, and must be zero.
        assert_refused(server, &flipped, &format!("character {at}")).await;
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn the_public_key_is_no_secret_and_the_header_chooses_no_key() {
    let target = Target::start().await;
    let before = target.rows();
    let server = &target.server;
    let claims = server.client_claims();
    let jwk = server.public_jwk();
    let point = |name: &str| {
        BASE64_URL_SAFE_NO_PAD
            .decode(jwk[name].as_str().unwrap())
            .unwrap()
    };
    let point = [&[4][..], &point("x"), &point("y")].concat();
    // Forms in which a careless library may have the public key at hand as "the key".
    for public in [&point[..], &point[1..], jwk.to_string().as_bytes(), b""] {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let key = EncodingKey::from_secret(public);
            let forged = jsonwebtoken::encode(&Header::new(algorithm), &claims, &key).unwrap();
            assert_refused(server, &forged, "the public key as a secret").await;
        }
    }
    // The attacker's own key, offered in every way a header can.
    let attacker = Target::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lure = format!("http://{}/{MARK}", listener.local_addr().unwrap());
    for header in [
        json!({ "alg": "ES256", "jwk": attacker.server.public_jwk() }),
        json!({ "alg": "ES256", "jku": lure, "kid": MARK }),
        json!({ "alg": "ES256", "x5u": lure, "x5c": [MARK] }),
        json!({ "alg": "ES256", "kid": "../../../../dev/null" }),
        json!({ "alg": "ES256", "kid": "' OR 1=1 --" }),
    ] {
        let forged = attacker
            .server
            .sign_raw(&header.to_string(), &claims.to_string());
        assert_refused(server, &forged, &header.to_string()).await;
    }
    let asked = tokio::select! {
        biased;
        asked = listener.accept() => asked.is_ok(),
        () = std::future::ready(()) => false,
    };
    assert!(!asked, "nobody fetches a key from an address in a header");
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn headers_that_demand_or_confuse_are_refused_although_the_signature_is_right() {
    let target = Target::start().await;
    let before = target.rows();
    let server = &target.server;
    let claims = server.client_claims().to_string();
    for header in [
        r#"{"alg":"ES256","crit":["b64"],"b64":false}"#,
        r#"{"alg":"ES256","crit":[]}"#,
        r#"{"alg":"ES256","crit":["kanariya7391"]}"#,
        r#"{"alg":"ES384"}"#,
        r#"{"alg":"RS256"}"#,
        r#"{"alg":"PS256"}"#,
        r#"{"alg":"EdDSA"}"#,
        r#"{"alg":"es256"}"#,
        r#"{"alg":["ES256"]}"#,
        r#"{"alg":null}"#,
        r#"{"typ":"JWT"}"#,
        r#"{"alg":"none","alg":"ES256"}"#,
        r#"{"alg":"ES256","alg":"none"}"#,
    ] {
        let signed = server.sign_raw(header, &claims);
        assert_refused(server, &signed, header).await;
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn claims_out_of_all_bounds_are_refused_although_the_signature_is_right() {
    let target = Target::start().await;
    let before = target.rows();
    let server = &target.server;
    let us = server.origin.clone();
    for (claim, value) in [
        ("exp", json!(i64::MAX)),
        ("exp", json!(i64::MIN)),
        ("exp", json!(u64::MAX)),
        ("exp", json!(1e300)),
        ("exp", json!(-1)),
        ("exp", json!(0)),
        ("exp", json!("9999999999")),
        ("exp", json!(null)),
        ("iat", json!(i64::MAX)),
        ("nbf", json!(i64::MAX)),
        ("nbf", json!("soon")),
        ("iat", json!([1])),
        ("aud", json!([])),
        ("aud", json!([us, MARK])),
        ("aud", json!([us, us])),
        ("aud", json!([[us]])),
        ("aud", json!({ "aud": us })),
        ("aud", json!(format!("{us}/"))),
        ("aud", json!(us.to_uppercase())),
        ("aud", json!("")),
        ("aud", json!(null)),
        ("iss", json!("portal\u{0}")),
        ("iss", json!("Portal")),
        ("iss", json!(["portal"])),
        ("iss", json!(null)),
        ("sub", json!(null)),
        ("sub", json!("portal ")),
        ("jti", json!(null)),
        ("jti", json!(7)),
        ("jti", json!("x".repeat(257))),
    ] {
        let mut claims = server.client_claims();
        claims[claim] = value;
        assert_refused(server, &server.sign(&claims), &claims.to_string()).await;
    }
    for missing in ["iss", "sub", "aud", "exp", "jti"] {
        let mut claims = server.client_claims();
        claims.as_object_mut().unwrap().remove(missing);
        assert_refused(server, &server.sign(&claims), missing).await;
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn a_claim_said_twice_is_refused_whichever_is_right() {
    let target = Target::start().await;
    let before = target.rows();
    let server = &target.server;
    let header = r#"{"alg":"ES256"}"#;
    for (claim, other) in [
        ("iss", json!("nameless")),
        ("sub", json!("nameless")),
        ("aud", json!("https://elsewhere.example")),
        ("exp", json!(server.now() + 30)),
        ("jti", json!("another")),
    ] {
        let good = server.client_claims().to_string();
        let twice = format!("{{\"{claim}\":{other},{}", &good[1..]);
        assert_refused(server, &server.sign_raw(header, &twice), claim).await;
        let twice = format!("{},\"{claim}\":{other}}}", &good[..good.len() - 1]);
        assert_refused(server, &server.sign_raw(header, &twice), claim).await;
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn a_huge_client_assertion_is_refused_and_not_remembered() {
    let target = Target::start().await;
    let before = target.rows();
    let server = &target.server;
    let mut claims = server.client_claims();
    claims["more"] = json!(MARK.repeat(8_000));
    let (status, body) = push(server, &server.sign(&claims)).await;
    assert!(status.is_client_error(), "{status} {body}");
    target.assert_unharmed(&before).await;
}

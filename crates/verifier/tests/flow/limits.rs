//! Who asks too often is told so, in words of their own.

use crate::harness::{Browser, Server};
use kazasu_proto::companion::v1::ClaimTicketRequest;
use kazasu_proto::reason_of;
use kazasu_statement::Reason;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const THREE_AN_ADDRESS: &str = "[limits]\naddress = { per_minute = 1, burst = 3 }\n";
const BEHIND_A_PROXY: &str = "trusted_proxies = [\"127.0.0.1/32\"]";
const TWO_A_PARTY: &str = "[limits]\nrelying_party = { per_minute = 1, burst = 2 }\n";

#[tokio::test]
async fn an_address_that_asks_too_often_is_refused_in_the_words_of_whoever_asks() {
    let server = Server::start_with_tables(THREE_AN_ADDRESS).await;
    let page = format!("{}/tap/none", server.origin);
    for _ in 0..3 {
        assert_ne!(
            Browser::new(&server).get(&page).await.status,
            StatusCode::TOO_MANY_REQUESTS
        );
    }
    let answer = server.http.get(&page).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = answer.headers()[RETRY_AFTER]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(answer.text().await.unwrap().contains("rate_limited"));

    let (status, body) = server.push(&[]).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(body["error"], "temporarily_unavailable");

    let ticket = ClaimTicketRequest {
        ticket: "none".into(),
    };
    let refused = server.companion().await.claim_ticket(ticket).await;
    assert_eq!(reason_of(&refused.unwrap_err()), Some(Reason::RateLimited));
}

#[tokio::test]
async fn a_relying_party_uses_up_only_its_own() {
    let server = Server::start_with_tables(TWO_A_PARTY).await;
    let mut claims = server.client_claims();
    claims["aud"] = "https://elsewhere.example".into();
    for _ in 0..3 {
        let foreign = server.sign(&claims);
        let (status, _) = server.post("/oidc/par", &foreign, &[]).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    for _ in 0..2 {
        assert_eq!(server.push(&[]).await.0, StatusCode::CREATED);
    }
    let (status, body) = server.push(&[]).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(body["error"], "temporarily_unavailable");
    let nameless = server.sign(&server.client_claims_of("nameless"));
    let (status, _) = server.post("/oidc/token", &nameless, &[]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_forged_forwarded_address_buys_nothing() {
    let server = Server::start_with_tables(THREE_AN_ADDRESS).await;
    let ask = async |number: u8| {
        let request = server.http.get(format!("{}/tap/none", server.origin));
        let request = request.header("x-forwarded-for", format!("203.0.113.{number}"));
        request.send().await.unwrap().status()
    };
    for number in 0..3 {
        assert_ne!(ask(number).await, StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(ask(3).await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn whom_a_trusted_proxy_names_is_limited_and_not_the_proxy() {
    let server = Server::start_with_line(BEHIND_A_PROXY, THREE_AN_ADDRESS).await;
    let ask = async |number: u8| {
        let request = server.http.get(format!("{}/tap/none", server.origin));
        let request = request.header("x-forwarded-for", format!("203.0.113.{number}"));
        request.send().await.unwrap().status()
    };
    for number in [1, 2, 3, 4, 1, 1] {
        assert_ne!(ask(number).await, StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(ask(1).await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn one_address_has_as_many_connections_as_is_configured() {
    let server = Server::start_with_tables("[limits]\nconnections_per_address = 2\n").await;
    let address = server.origin.strip_prefix("http://").unwrap();
    let mut open = Vec::new();
    let mut answered = 0;
    for _ in 0..4 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let asked = format!("GET /tap/none HTTP/1.1\r\nHost: {address}\r\n\r\n");
        let sent = stream.write_all(asked.as_bytes()).await;
        let mut first = [0; 12];
        if sent.is_ok() && stream.read_exact(&mut first).await.is_ok() {
            answered += 1;
        }
        open.push(stream);
    }
    assert!((1..=2).contains(&answered), "{answered}");
}

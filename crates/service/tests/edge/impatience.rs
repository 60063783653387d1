//! Clients that are slow, silent or greedy.

use crate::harness::{LONG, PATIENT, SHORT, Served, read_to_end};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::routing::{get, post};
use kazasu_service::listener::{ConnectionLimits, Patience};
use std::convert::Infallible;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_stream::StreamExt as _;

/// How an HTTP/2 connection begins: RFC 9113 §3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// An empty SETTINGS frame: RFC 9113 §6.5.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

fn router() -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/echo", post(|body: Bytes| async { body }))
}

async fn serve(patience: Patience) -> Served {
    Served::start(router(), |listener| listener.with_patience(patience)).await
}

#[tokio::test]
async fn whoever_does_not_finish_a_header_is_cut_off_while_others_are_served() {
    let served = serve(Patience {
        headers: SHORT,
        ..PATIENT
    })
    .await;
    let beginnings: [&[u8]; 6] = [
        b"",
        b"P",
        b"PRI * HTTP/2.0\r\n",
        PREFACE,
        &[PREFACE, SETTINGS].concat(),
        b"GET / HTTP/1.1\r\nHost: a\r\nX: ",
    ];
    let mut slow = Vec::new();
    for beginning in beginnings {
        let mut stream = served.connect().await;
        stream.write_all(beginning).await.unwrap();
        slow.push(stream);
    }
    let answer = reqwest::get(served.url("/")).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "hello");
    for stream in slow {
        read_to_end(stream).await;
    }
}

#[tokio::test]
async fn dripping_bytes_do_not_buy_time() {
    let served = serve(Patience {
        headers: SHORT,
        ..PATIENT
    })
    .await;
    let mut stream = served.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
    let dripping = async {
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT / 20).await;
        }
    };
    tokio::time::timeout(LONG, dripping).await.unwrap();
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let served = serve(Patience {
        body: SHORT,
        ..PATIENT
    })
    .await;
    let mut stream = served.connect().await;
    stream
        .write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
        .await
        .unwrap();
    let answer = read_to_end(stream).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let whole = reqwest::Client::new()
        .post(served.url("/echo"))
        .body("whole");
    let answer = whole.send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "whole");
}

#[tokio::test]
async fn whoever_takes_nothing_of_what_is_sent_is_cut_off() {
    let (ended, mut end) = tokio::sync::mpsc::channel(1);
    let endless = get(move || async move {
        let (sender, stream) = tokio::sync::mpsc::channel(1);
        tokio::spawn(async move {
            let piece = Bytes::from_static(&[b'x'; 65_536]);
            while sender
                .send(Ok::<_, Infallible>(piece.clone()))
                .await
                .is_ok()
            {}
            ended.send(()).await.unwrap();
        });
        Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(stream))
    });
    let patience = Patience {
        stalled: SHORT,
        ..PATIENT
    };
    let served = Served::start(Router::new().route("/", endless), |listener| {
        listener.with_patience(patience)
    })
    .await;
    let mut stream = served.connect().await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    // Sent when the answer's body was dropped, which only a cut connection does.
    let ended = tokio::time::timeout(LONG, end.recv()).await;
    ended.unwrap().unwrap();
    drop(stream);
}

#[tokio::test]
async fn a_quiet_stream_outlives_every_limit() {
    let quiet = get(|| async {
        let stream = tokio_stream::iter(["early", "late"])
            .map(Ok::<_, Infallible>)
            .throttle(4 * SHORT);
        Body::from_stream(stream)
    });
    let impatient = Patience {
        handshake: SHORT,
        headers: SHORT,
        proxy: SHORT,
        body: SHORT,
        stalled: SHORT,
        ping: SHORT,
        drain: SHORT,
    };
    let served = Served::start(Router::new().route("/", quiet), |listener| {
        listener.with_patience(impatient)
    })
    .await;
    let http2 = reqwest::Client::builder().http2_prior_knowledge();
    for client in [reqwest::Client::new(), http2.build().unwrap()] {
        let began = Instant::now();
        let answer = client.get(served.url("/")).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "earlylate");
        assert!(began.elapsed() > 2 * SHORT);
    }
}

#[tokio::test]
async fn an_oversized_header_is_refused() {
    let served = serve(PATIENT).await;
    let long = "x".repeat(40_000);
    let answer = reqwest::Client::new()
        .get(served.url("/"))
        .header("x", &long)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    let http2 = reqwest::Client::builder().http2_prior_knowledge();
    let answer = http2
        .build()
        .unwrap()
        .get(served.url("/"))
        .header("x", &long);
    let refused = match answer.send().await {
        Ok(answer) => answer.status() == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        // The client itself keeps to what the server announced.
        Err(_) => true,
    };
    assert!(refused);
}

#[tokio::test]
async fn one_address_cannot_take_all_connections_and_the_next_client_is_served_again() {
    let limits = ConnectionLimits {
        all: 100,
        per_address: 2,
    };
    let served = Served::start(router(), |listener| listener.with_limits(limits)).await;
    let ask = |mut stream: tokio::net::TcpStream| async move {
        let sent = stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let mut first = [0; 12];
        let answered = sent.is_ok() && stream.read_exact(&mut first).await.is_ok();
        (answered, stream)
    };
    let (first, second) = (served.connect().await, served.connect().await);
    let ((first_answered, first), (second_answered, _second)) =
        (ask(first).await, ask(second).await);
    assert!(first_answered && second_answered);
    assert!(!ask(served.connect().await).await.0);
    let counted = served.metrics.text().unwrap();
    let line = "kazasu_connections_refused_total{limit=\"address\"} 1";
    assert!(counted.contains(line), "{counted}");

    drop(first);
    let freed = async { while !ask(served.connect().await).await.0 {} };
    tokio::time::timeout(Duration::from_secs(10), freed)
        .await
        .unwrap();
}

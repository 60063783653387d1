//! Clients that are slow, silent or greedy.

use crate::harness::{LONG, PATIENT, SHORT, Served, read_to_end};
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Router};
use kazasu_service::listener::{ClientAddress, ConnectionLimits, Patience};
use std::convert::Infallible;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
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
async fn whoever_was_answered_once_is_not_waited_for_any_longer() {
    let served = serve(Patience {
        headers: SHORT,
        ..PATIENT
    })
    .await;
    for next in [&b""[..], b"GET / HTTP/1.1\r\nX: "] {
        let mut stream = served.connect().await;
        ask(&mut stream).await;
        stream.write_all(next).await.unwrap();
        read_to_end(stream).await;
    }
}

/// Sends a request and reads its answer; the connection stays open.
async fn ask(stream: &mut TcpStream) {
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"hello") {
        answer.push(stream.read_u8().await.unwrap());
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
async fn a_body_that_drips_buys_no_time() {
    let served = serve(Patience {
        body: SHORT,
        ..PATIENT
    })
    .await;
    let (mut read, mut write) = served.connect().await.into_split();
    write
        .write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        .await
        .unwrap();
    let dripping = async {
        while write.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT / 20).await;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = [0; 12];
    tokio::select! {
        () = dripping => {}
        read = tokio::time::timeout(LONG, read.read_exact(&mut answer)) => {
            read.unwrap().unwrap();
        }
    }
    assert_eq!(&answer, b"HTTP/1.1 400");
}

#[tokio::test]
async fn whoever_answers_no_ping_is_gone() {
    let served = serve(Patience {
        ping: SHORT,
        ..PATIENT
    })
    .await;
    // A whole request (RFC 9113 §6.2, RFC 7541 appendix A): GET, /, http, and "a" as authority.
    let request = [0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x84, 0x86, 0x41, 1, b'a'];
    let mut stream = served.connect().await;
    let sent = [PREFACE, SETTINGS, &request].concat();
    stream.write_all(&sent).await.unwrap();
    let answer = read_to_end(stream).await;
    assert!(answer.contains("hello"), "{answer:?}");
}

#[tokio::test]
async fn a_handler_is_told_who_is_behind_a_trusted_proxy_and_no_other() {
    let client = |Extension(ClientAddress(address))| async move { format!("{address}") };
    for (proxy, expected) in [
        ("127.0.0.1/32", "203.0.113.9"),
        ("192.0.2.1/32", "127.0.0.1"),
    ] {
        let router = Router::new().route("/", get(client));
        let served = Served::start(router, |listener| {
            listener.with_trusted_proxies(&[proxy.parse().unwrap()])
        })
        .await;
        let request = reqwest::Client::new().get(served.url("/"));
        let request = request.header("x-forwarded-for", "198.51.100.7, 203.0.113.9");
        let answer = request.send().await.unwrap().text().await.unwrap();
        assert_eq!(answer, expected);
    }
}

#[tokio::test]
async fn a_trusted_proxy_may_keep_a_connection_for_later() {
    let patience = Patience {
        headers: SHORT,
        ..PATIENT
    };
    let served = Served::start(router(), |listener| {
        let proxies = ["127.0.0.1/32".parse().unwrap()];
        listener
            .with_patience(patience)
            .with_trusted_proxies(&proxies)
    })
    .await;
    let mut stream = served.connect().await;
    for _ in 0..2 {
        ask(&mut stream).await;
        tokio::time::sleep(3 * SHORT).await;
    }
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
async fn an_http_2_connection_carries_so_much_and_no_more() {
    let served = serve(PATIENT).await;
    let mut stream = served.connect().await;
    stream
        .write_all(&[PREFACE, SETTINGS].concat())
        .await
        .unwrap();
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    let mut settings = vec![0; usize::from(head[2])];
    stream.read_exact(&mut settings).await.unwrap();
    // RFC 9113 §6.5.2: MAX_CONCURRENT_STREAMS and MAX_HEADER_LIST_SIZE.
    for (identifier, limit) in [(3, 128_u32), (6, 32 * 1024)] {
        let limit = limit.to_be_bytes();
        let entry = [&[0, identifier], &limit[..]].concat();
        let found = settings.chunks(6).any(|setting| setting == entry);
        assert!(found, "{settings:?}");
    }
}

#[tokio::test]
async fn one_address_cannot_take_all_connections_and_the_next_client_is_served_again() {
    let limits = ConnectionLimits {
        all: 100,
        per_address: 2,
    };
    let served = Served::start(router(), |listener| listener.with_limits(limits)).await;
    let try_once = |mut stream: TcpStream| async move {
        let sent = stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let mut first = [0; 12];
        let answered = sent.is_ok() && stream.read_exact(&mut first).await.is_ok();
        (answered, stream)
    };
    let (first, second) = (served.connect().await, served.connect().await);
    let ((first_answered, first), (second_answered, _second)) =
        (try_once(first).await, try_once(second).await);
    assert!(first_answered && second_answered);
    assert!(!try_once(served.connect().await).await.0);
    let counted = served.metrics.text().unwrap();
    let line = "kazasu_connections_refused_total{limit=\"address\"} 1";
    assert!(counted.contains(line), "{counted}");

    drop(first);
    let freed = async { while !try_once(served.connect().await).await.0 {} };
    tokio::time::timeout(Duration::from_secs(10), freed)
        .await
        .unwrap();
}

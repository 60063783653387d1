//! More than any of ours is long, at every endpoint, with a length that is said and without.

use crate::grpc::{GRPC, METHODS, path};
use crate::target::{MARK, Target};
use crate::wire::{call, framed, status};
use axum::http::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;

/// More than any endpoint takes, and far more than a server may read of it.
const MEBIBYTE: usize = 1024 * 1024;

#[tokio::test]
async fn a_message_beyond_any_certificate_is_refused_by_every_method() {
    let target = Target::start().await;
    let before = target.rows();
    let channel = target.channel().await;
    for method in METHODS {
        for length in [33 * 1024, MEBIBYTE] {
            let message = [&[0x0A, 0x80, 0x80, 0x40][..], &vec![b'a'; length]].concat();
            let called = call(&channel, &path(method), &[GRPC], framed(&message)).await;
            assert_eq!(called.http, StatusCode::OK);
            assert_eq!(
                called.code(),
                Some(Code::OutOfRange),
                "{method}: {called:?}"
            );
        }
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn a_body_beyond_any_form_is_refused_at_every_address() {
    let target = Target::start().await;
    let before = target.rows();
    let host = target.address();
    let page = target.page.strip_prefix(&target.server.origin).unwrap();
    let mut paths: Vec<String> = ["start", "refresh", "pair", "cancel"]
        .map(|form| format!("/tap/unknown/{form}"))
        .into();
    paths.extend(["pair", "start"].map(|form| format!("{page}/{form}")));
    paths.extend(["/oidc/par", "/oidc/token", "/oidc/authorize", "/nothing"].map(str::to_owned));
    let cookie = target.browser.cookie.clone().unwrap();
    let origin = &target.server.origin;
    for path in paths {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nOrigin: {origin}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
        );
        let known = format!("{head}Content-Length: {MEBIBYTE}\r\n\r\n");
        let sent = pour(&target, known.as_bytes(), &[b'a'; 4096]).await;
        assert!(sent < MEBIBYTE, "{path}: {sent} bytes were taken");
        let unknown = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
        let chunk = [&b"1000\r\n"[..], &[b'a'; 4096], b"\r\n"].concat();
        let sent = pour(&target, unknown.as_bytes(), &chunk).await;
        assert!(sent < 16 * MEBIBYTE, "{path}: {sent} bytes were taken");
    }
    target.assert_unharmed(&before).await;
}

/// Sends `head` and then `piece` for as long as it is taken, until an answer is complete. Returns
/// how much was taken; the answer is a refusal.
async fn pour(target: &Target, head: &[u8], piece: &[u8]) -> usize {
    let stream = TcpStream::connect(target.address()).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    write.write_all(head).await.unwrap();
    let pouring = tokio::spawn({
        let piece = piece.to_vec();
        async move {
            let mut sent = 0;
            while sent < 32 * MEBIBYTE && write.write_all(&piece).await.is_ok() {
                sent += piece.len();
            }
            sent
        }
    });
    let mut answer = Vec::new();
    let read_all = read.read_to_end(&mut answer);
    let _ = tokio::time::timeout(std::time::Duration::from_secs(20), read_all).await;
    drop(read);
    let sent = pouring.await.unwrap();
    // An answer may be lost when the connection is cut under a sender that goes on.
    if let Some(status) = status(&answer) {
        let refused = (300..500).contains(&status);
        assert!(refused, "{}", String::from_utf8_lossy(&answer));
    }
    assert!(!String::from_utf8_lossy(&answer).contains(MARK));
    sent
}

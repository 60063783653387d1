//! Request lines, headers and addresses that no browser sends.

use crate::target::{MARK, Target};
use crate::wire::{exchange, rest, status};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// One answer, with a status of the fourth hundred, that repeats nothing; or none at all.
#[track_caller]
fn assert_refused(answer: &[u8], what: &str) {
    let text = String::from_utf8_lossy(answer);
    assert!(!text.contains(MARK), "{what}: {text}");
    assert!(!text.contains("panicked"), "{what}: {text}");
    if let Some(status) = status(answer) {
        assert!((400..500).contains(&status), "{what}: {text}");
    } else {
        assert!(answer.is_empty(), "{what}: {text}");
    }
}

#[tokio::test]
async fn addresses_that_are_none_are_refused() {
    let target = Target::start().await;
    let before = target.rows();
    let host = target.address();
    let long = "a".repeat(16_000);
    let longer = "a".repeat(100_000);
    let dots = "../".repeat(2000);
    let slashes = "/".repeat(5000);
    for path in [
        "/tap/%",
        "/tap/%z",
        "/tap/%zz",
        "/tap/%00",
        "/tap/%ff%fe",
        "/tap/%c0%ae%c0%ae/",
        "/tap/%2e%2e/oidc/par",
        "/tap/..%2f..%2fetc/passwd",
        "/tap/../../etc/passwd",
        "//tap//x",
        "/tap//x",
        "/./tap/x",
        "/tap/x/",
        "/tap/x/start/",
        "/TAP/x",
        "/tap",
        "/tap/",
        "/t",
        "/return",
        "/return/",
        "/return/%F0%9F%92%A3",
        "/return/a/b",
        "/oidc",
        "/oidc/authorize/x",
        "/oidc/authorize?client_id=%ff&request_uri=%ff",
        "/oidc/authorize?client_id=a&client_id=b&request_uri=c",
        "/oidc/authorize?%",
        "/oidc/authorize?request_uri=urn:ietf:params:oauth:request_uri:%00",
        "/oidc/authorize?&&&&====",
        "/.well-known/%2e%2e/x",
        "/.git/config",
        "/metrics",
        "/healthz",
        "/verifier.db",
        "/keys.toml",
        &format!("/{slashes}"),
        &format!("/{dots}"),
        &format!("/tap/{long}"),
        &format!("/return/{long}"),
        &format!("/oidc/authorize?request_uri={long}"),
        &format!("/tap/{longer}"),
    ] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Mark: {MARK}\r\nConnection: close\r\n\r\n"
        );
        let answer = exchange(target.address(), request.as_bytes()).await;
        assert_refused(&answer, &path[..path.len().min(60)]);
        assert!(!answer.is_empty(), "{}", &path[..path.len().min(60)]);
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn names_of_hosts_that_are_not_ours_are_not_answered_for() {
    let target = Target::start().await;
    let before = target.rows();
    let page = target.page.strip_prefix(&target.server.origin).unwrap();
    let cookie = target.browser.cookie.clone().unwrap();
    let good = target.address();
    for host in [
        MARK.to_owned(),
        String::new(),
        format!("{MARK}.example"),
        format!("{good}.{MARK}.example"),
        format!("{MARK}@{good}"),
        format!("{good}\r\nHost: {MARK}.example"),
        "a".repeat(10_000),
    ] {
        let request = format!(
            "GET {page} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
        );
        let answer = exchange(target.address(), request.as_bytes()).await;
        assert_refused(&answer, &host);
        assert!(!answer.is_empty(), "{host}");
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn methods_and_forms_of_address_that_nobody_uses_are_refused() {
    let target = Target::start().await;
    let before = target.rows();
    let host = target.address();
    let page = target.page.strip_prefix(&target.server.origin).unwrap();
    let cookie = target.browser.cookie.clone().unwrap();
    for method in [
        "BREW", "TRACE", "DELETE", "PATCH", "PUT", "PROPFIND", MARK, "get", "A",
    ] {
        for path in [page, "/oidc/par", "/oidc/token", "/oidc/jwks", "/nothing"] {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
            );
            let answer = exchange(target.address(), request.as_bytes()).await;
            assert_refused(&answer, &format!("{method} {path}"));
        }
    }
    for line in [
        "GET http://evil.example/tap/x HTTP/1.1",
        "GET https://kanariya7391@evil.example/ HTTP/1.1",
        "CONNECT evil.example:443 HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "GET * HTTP/1.1",
        "GET tap/x HTTP/1.1",
        "GET \\tap\\x HTTP/1.1",
        "GET /tap/x HTTP/9.9",
        "GET /tap/x HTTP/1.1 HTTP/1.1",
        "GET  /tap/x HTTP/1.1",
        "GET /tap/\u{0}x HTTP/1.1",
        "GET /tap/\u{7f}\u{1}x HTTP/1.1",
        "GET /tap/日本 HTTP/1.1",
        "GET /tap/x",
        " GET /tap/x HTTP/1.1",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}",
    ] {
        let request = format!("{line}\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert_refused(&exchange(target.address(), request.as_bytes()).await, line);
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn headers_that_are_malformed_or_too_many_are_refused() {
    let target = Target::start().await;
    let before = target.rows();
    let host = target.address();
    let many = format!("X-Many: {MARK}\r\n").repeat(300);
    let huge = format!("X-Huge: {}\r\n", MARK.repeat(60_000));
    for (headers, what) in [
        ("X-No-Colon\r\n", "no colon"),
        ("X Space: a\r\n", "a space in the name"),
        (": nothing\r\n", "no name"),
        ("X-Nul: a\u{0}b\r\n", "a NUL"),
        ("Content-Length: -1\r\n", "less than no content"),
        (
            "Content-Length: 18446744073709551616\r\n",
            "more than can be counted",
        ),
        ("Content-Length: 1, 2\r\n", "two lengths in one"),
        ("Content-Length: 5\r\nContent-Length: 6\r\n", "two lengths"),
        ("Content-Length: 0x10\r\n", "a hexadecimal length"),
        ("Transfer-Encoding: kanariya7391\r\n", "an unknown encoding"),
        (
            "Transfer-Encoding: chunked, identity\r\n",
            "chunked not last",
        ),
        (many.as_str(), "three hundred headers"),
        (huge.as_str(), "a header of 700 kB"),
    ] {
        let request = format!(
            "POST /oidc/par HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n"
        );
        let answer = exchange(target.address(), request.as_bytes()).await;
        assert_refused(&answer, what);
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn a_length_and_chunks_at_once_smuggle_no_second_request() {
    let target = Target::start().await;
    let before = target.rows();
    let host = target.address();
    let page = target.page.strip_prefix(&target.server.origin).unwrap();
    let cookie = target.browser.cookie.clone().unwrap();
    let origin = &target.server.origin;
    let smuggled = format!(
        "POST {page}/cancel HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nOrigin: {origin}\r\nContent-Length: 0\r\n\r\n"
    );
    for head in [
        format!(
            "Content-Length: {}\r\nTransfer-Encoding: chunked\r\n",
            smuggled.len() + 5
        ),
        format!(
            "Transfer-Encoding: chunked\r\nContent-Length: {}\r\n",
            smuggled.len() + 5
        ),
    ] {
        // By its chunks the first request ends before the second; by its length it does not.
        let request = format!(
            "POST /oidc/par HTTP/1.1\r\nHost: {host}\r\n{head}Connection: close\r\n\r\n0\r\n\r\n{smuggled}"
        );
        let answer = exchange(target.address(), request.as_bytes()).await;
        assert_refused(&answer, &head);
        let text = String::from_utf8_lossy(&answer);
        assert!(text.matches("HTTP/1.1 ").count() <= 1, "{text}");
    }
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn cookies_that_are_none_are_no_cookie() {
    let target = Target::start().await;
    let before = target.rows();
    let host = target.address();
    let page = target.page.strip_prefix(&target.server.origin).unwrap();
    let own = target.browser.cookie.clone().unwrap();
    let long = format!("__Host-kazasu={}", "A".repeat(30_000));
    let many = "a=b; ".repeat(4_000) + "c=d";
    for cookie in [
        "",
        "=",
        ";;;;",
        "__Host-kazasu",
        "__Host-kazasu=",
        "__Host-kazasu=\"\"",
        "__Host-kazasu=%00",
        "__Host-kazasu=kanariya7391",
        &format!("{own}="),
        &format!("{own}A"),
        &own[..own.len() - 1],
        &own.to_uppercase(),
        &format!("{own}; {own}"),
        &long,
        &many,
    ] {
        let mut stream = TcpStream::connect(target.address()).await.unwrap();
        let request =
            format!("GET {page} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nCookie: ");
        let bytes = [request.as_bytes(), cookie.as_bytes(), b"\r\n\r\n"].concat();
        stream.write_all(&bytes).await.unwrap();
        let answer = rest(&mut stream).await;
        assert_eq!(
            status(&answer),
            Some(403),
            "{}",
            &cookie[..cookie.len().min(60)]
        );
        let text = String::from_utf8_lossy(&answer);
        assert!(text.contains("cookies_required"), "{text}");
        assert!(!text.contains(MARK) && !text.contains(&target.ticket));
    }
    target.assert_unharmed(&before).await;
}

//! Clients that take for ever, by fault or by intent.

use crate::target::Target;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

#[tokio::test]
async fn two_hundred_clients_that_never_finish_hinder_nobody() {
    let mut target = Target::start().await;
    let before = target.rows();
    let host = target.address();
    let page = target.page.strip_prefix(&target.server.origin).unwrap();
    let cookie = target.browser.cookie.clone().unwrap();
    let beginnings = [
        String::new(),
        "G".to_owned(),
        format!("GET /oidc/jwks HTTP/1.1\r\nHost: {host}\r\nX-Slow: "),
        format!("POST {page}/cancel HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n"),
        format!(
            "POST /oidc/par HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ncli"
        ),
        format!(
            "POST /oidc/token HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n5\r\nab"
        ),
        // HTTP/2's preface: whole, and half.
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n".to_owned(),
    ];
    let mut slow = Vec::new();
    for beginning in beginnings.iter().cycle().take(200) {
        let mut stream = TcpStream::connect(target.address()).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    assert_eq!(target.rows(), before);
    let served = tokio::time::timeout(std::time::Duration::from_secs(10), target.serves());
    served.await.expect("others are served meanwhile");
    drop(slow);
}

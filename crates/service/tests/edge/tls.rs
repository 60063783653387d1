//! TLS, and a certificate that is replaced.

use crate::harness::{LONG, PATIENT, SHORT, Served, read_to_end};
use axum::Router;
use axum::routing::get;
use kazasu_service::listener::Patience;
use kazasu_service::tls::{Tls, TlsError, TlsFiles};
use reqwest::{Certificate, Client, Version};
use std::path::Path;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

const NAME: &str = "server.example";

/// Writes a fresh certificate for [`NAME`] and its key; returns what a client has to trust.
fn write_pair(folder: &Path) -> Certificate {
    let pair = rcgen::generate_simple_self_signed([NAME.to_owned()]).unwrap();
    // The key first: between the two the pair does not fit, which must do no harm.
    std::fs::write(folder.join("key.pem"), pair.signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.join("certificate.pem"), pair.cert.pem()).unwrap();
    Certificate::from_der(pair.cert.der()).unwrap()
}

fn files(folder: &TempDir) -> TlsFiles {
    TlsFiles {
        certificate: "certificate.pem".into(),
        key: "key.pem".into(),
    }
    .in_folder(folder.path())
}

async fn serve(tls: &Tls) -> Served {
    let router = Router::new().route("/", get(|| async { "hello" }));
    Served::start(router, |listener| listener.with_tls(Some(tls.clone()))).await
}

fn client(served: &Served, trusted: Certificate) -> reqwest::ClientBuilder {
    Client::builder()
        .tls_certs_only([trusted])
        .resolve(NAME, served.address)
}

async fn ask(client: &Client, served: &Served) -> reqwest::Result<Version> {
    let url = format!("https://{NAME}:{}/", served.address.port());
    let response = client.get(url).send().await?;
    let version = response.version();
    assert_eq!(response.text().await?, "hello");
    Ok(version)
}

#[tokio::test]
async fn clients_choose_between_http_2_and_http_1() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = write_pair(folder.path());
    let served = serve(&Tls::read(files(&folder)).unwrap()).await;
    let any = client(&served, trusted.clone()).build().unwrap();
    assert_eq!(ask(&any, &served).await.unwrap(), Version::HTTP_2);
    let old = client(&served, trusted).http1_only().build().unwrap();
    assert_eq!(ask(&old, &served).await.unwrap(), Version::HTTP_11);
}

#[tokio::test]
async fn tls_1_2_is_served_and_plain_http_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = write_pair(folder.path());
    let served = serve(&Tls::read(files(&folder)).unwrap()).await;
    let old = client(&served, trusted)
        .tls_version_max(reqwest::tls::Version::TLS_1_2)
        .build()
        .unwrap();
    ask(&old, &served).await.unwrap();
    assert!(reqwest::get(served.url("/")).await.is_err());
}

#[tokio::test]
async fn whoever_does_not_finish_a_handshake_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    write_pair(folder.path());
    let tls = Tls::read(files(&folder)).unwrap();
    let patience = Patience {
        handshake: SHORT,
        ..PATIENT
    };
    let served = Served::start(Router::new(), |listener| {
        listener.with_tls(Some(tls)).with_patience(patience)
    })
    .await;
    // Nothing, and the beginning of a handshake record: RFC 8446 §5.1.
    for beginning in [&b""[..], &[22, 3, 1]] {
        let mut stream = served.connect().await;
        stream.write_all(beginning).await.unwrap();
        read_to_end(stream).await;
    }
}

#[tokio::test]
async fn a_new_certificate_is_for_new_connections_and_open_ones_live_on() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_pair(folder.path());
    let tls = Tls::read(files(&folder)).unwrap();
    let served = serve(&tls).await;
    let early = client(&served, first.clone()).build().unwrap();
    ask(&early, &served).await.unwrap();

    let second = write_pair(folder.path());
    tls.reload().unwrap();
    ask(&early, &served).await.unwrap();
    let late = client(&served, second).build().unwrap();
    ask(&late, &served).await.unwrap();
    // The early one asked again over the connection it had.
    assert_eq!(metric(&served, "kazasu_connections"), "2");
    let too_late = client(&served, first).build().unwrap();
    assert!(ask(&too_late, &served).await.is_err());
}

/// The value of a metric without labels.
fn metric(served: &Served, name: &str) -> String {
    let text = served.metrics.text().unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap().to_owned()
}

#[tokio::test]
async fn a_pair_that_cannot_be_used_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = write_pair(folder.path());
    let tls = Tls::read(files(&folder)).unwrap();
    let served = serve(&tls).await;
    let other = tempfile::tempdir().unwrap();
    write_pair(other.path());
    std::fs::copy(other.path().join("key.pem"), folder.path().join("key.pem")).unwrap();
    assert!(matches!(tls.reload(), Err(TlsError::Pair(_))));
    std::fs::write(folder.path().join("certificate.pem"), "nothing").unwrap();
    assert!(matches!(tls.reload(), Err(TlsError::Empty(_))));
    std::fs::remove_file(folder.path().join("certificate.pem")).unwrap();
    assert!(matches!(tls.reload(), Err(TlsError::File { .. })));
    let client = client(&served, trusted).build().unwrap();
    ask(&client, &served).await.unwrap();
}

#[tokio::test]
async fn a_hangup_reads_the_files_again() {
    let folder = tempfile::tempdir().unwrap();
    write_pair(folder.path());
    let tls = Tls::read(files(&folder)).unwrap();
    let served = serve(&tls).await;
    let second = write_pair(folder.path());
    let new = client(&served, second).build().unwrap();
    // So seldom that only the signal can be why the new certificate is served.
    let mut fresh = Box::pin(kazasu_service::tls::keep_fresh(Some(tls), 100 * LONG));
    let asked = async {
        // Polled once before, so that the process takes note of the signal instead of ending.
        tokio::task::yield_now().await;
        nix::sys::signal::raise(nix::sys::signal::Signal::SIGHUP).unwrap();
        while ask(&new, &served).await.is_err() {}
    };
    tokio::select! {
        biased;
        _ = &mut fresh => panic!("it ended"),
        done = tokio::time::timeout(LONG, asked) => done.unwrap(),
    }
}

#[tokio::test]
async fn changed_files_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    write_pair(folder.path());
    let tls = Tls::read(files(&folder)).unwrap();
    let served = serve(&tls).await;
    let fresh = tokio::spawn(kazasu_service::tls::keep_fresh(Some(tls.clone()), SHORT));
    let second = write_pair(folder.path());
    let new = client(&served, second).build().unwrap();
    let seen = async { while ask(&new, &served).await.is_err() {} };
    tokio::time::timeout(LONG, seen).await.unwrap();
    assert!(!tls.reload_if_changed().unwrap());
    fresh.abort();
}

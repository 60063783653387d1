//! The authority behind its HTTP router, on loopback.

use crate::witness::{Bench, openssl_in, system_now};
use kazasu_emulator::authority::{
    Authority, AuthorityOptions, KeyAlgorithm, Outage, RevocationReason, router, system_clock,
};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

struct Served {
    authority: Arc<Mutex<Authority>>,
    address: String,
    directory: TempDir,
}

impl Served {
    /// Serves an authority with one card, whose files are `ca.pem` and `leaf.pem`.
    async fn new() -> Self {
        let now = system_now();
        let bench = Bench::with_card(AuthorityOptions::default(), KeyAlgorithm::Rsa2048, now);
        let directory = tempfile::tempdir().unwrap();
        for file in ["ca.pem", "leaf.pem"] {
            std::fs::write(directory.path().join(file), bench.read(file)).unwrap();
        }
        let authority = Arc::new(Mutex::new(bench.authority));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let routes = router(Arc::clone(&authority), system_clock());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self {
            authority,
            address,
            directory,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn authority(&self) -> std::sync::MutexGuard<'_, Authority> {
        self.authority.lock().unwrap()
    }

    async fn openssl(&self, arguments: String) -> String {
        let directory: PathBuf = self.directory.path().to_owned();
        let run = move || openssl_in(&directory, &arguments).text;
        tokio::task::spawn_blocking(run).await.unwrap()
    }

    /// `openssl ocsp -url`, which sends a nonce and wants it back.
    async fn ask_ocsp(&self) -> String {
        let url = self.url("/ocsp");
        self.openssl(format!(
            "ocsp -issuer ca.pem -cert leaf.pem -CAfile ca.pem -url {url}"
        ))
        .await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openssl_asks_the_responder_itself_with_a_nonce() {
    let served = Served::new().await;
    let good = served.ask_ocsp().await;
    assert!(
        good.contains("Response verify OK") && good.contains("leaf.pem: good"),
        "{good}"
    );
    assert!(!good.to_lowercase().contains("nonce"), "{good}");

    served.authority().hold("taro", system_now()).unwrap();
    let held = served.ask_ocsp().await;
    assert!(
        held.contains("Response verify OK") && held.contains("certificateHold"),
        "{held}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_crl_and_the_ca_certificate_are_served_for_each_generation() {
    let served = Served::new().await;
    let crl = reqwest::get(served.url("/crl/1.crl")).await.unwrap();
    assert_eq!(crl.headers()["content-type"], "application/pkix-crl");
    std::fs::write(
        served.directory.path().join("1.crl"),
        crl.bytes().await.unwrap(),
    )
    .unwrap();
    let said = served
        .openssl("crl -inform DER -in 1.crl -CAfile ca.pem -noout".to_owned())
        .await;
    assert!(said.contains("verify OK"), "{said}");

    let ca = reqwest::get(served.url("/ca/1.der")).await.unwrap();
    assert_eq!(ca.headers()["content-type"], "application/pkix-cert");
    let expected = served.authority().ca_certificate(1).unwrap().to_vec();
    assert_eq!(ca.bytes().await.unwrap(), expected);

    for path in [
        "/crl/2.crl",
        "/crl/1",
        "/crl/x.crl",
        "/ca/2.der",
        "/ca/999.der",
        "/ca/1.crl",
    ] {
        let missing = reqwest::get(served.url(path)).await.unwrap();
        assert_eq!(missing.status(), 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lineage_answers_in_the_documented_json() {
    let served = Served::new().await;
    let now = system_now();
    let key_id = {
        let text = served.openssl("x509 -in ca.pem -noout -ext subjectKeyIdentifier".to_owned());
        let text = text.await;
        text.lines()
            .nth(1)
            .unwrap()
            .trim()
            .replace(':', "")
            .to_lowercase()
    };
    let serial = |text: String| text.trim().strip_prefix("serial=").unwrap().to_lowercase();
    let old = serial(
        served
            .openssl("x509 -in leaf.pem -noout -serial".to_owned())
            .await,
    );
    let card = served
        .authority()
        .reissue("taro", RevocationReason::CessationOfOperation, now)
        .unwrap();
    std::fs::write(
        served.directory.path().join("new.der"),
        &card.auth_certificate_der,
    )
    .unwrap();
    let new = serial(
        served
            .openssl("x509 -inform DER -in new.der -noout -serial".to_owned())
            .await,
    );

    let ask = async |serial: &str| -> serde_json::Value {
        let request = serde_json::json!({ "issuer_key_id": key_id, "serial": serial });
        let client = reqwest::Client::new();
        let response = client
            .post(served.url("/lineage"))
            .json(&request)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    };
    // openssl writes whole bytes; the protocol leaves out leading zero bytes, and there are none.
    let expected = serde_json::json!({ "predecessors": [{
        "issuer_key_id": key_id,
        "serial": old,
        "status": "revoked",
        "reason": "cessation_of_operation",
    }]});
    assert_eq!(ask(&new).await, expected);
    assert_eq!(ask(&old).await, serde_json::json!({ "predecessors": [] }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_service_can_be_out_of_order_alone() {
    let served = Served::new().await;
    let client = reqwest::Client::new();
    let statuses = async || {
        let ocsp = client
            .post(served.url("/ocsp"))
            .header("content-type", "application/ocsp-request")
            .body("not a request");
        let lineage = client
            .post(served.url("/lineage"))
            .json(&serde_json::json!({ "issuer_key_id": "00", "serial": "01" }));
        [
            ocsp.send().await.unwrap().status().as_u16(),
            client
                .get(served.url("/crl/1.crl"))
                .send()
                .await
                .unwrap()
                .status()
                .as_u16(),
            lineage.send().await.unwrap().status().as_u16(),
        ]
    };
    assert_eq!(statuses().await, [200, 200, 200]);
    for (outage, expected) in [
        (
            Outage {
                ocsp: true,
                ..Outage::default()
            },
            [503, 200, 200],
        ),
        (
            Outage {
                crl: true,
                ..Outage::default()
            },
            [200, 503, 200],
        ),
        (
            Outage {
                lineage: true,
                ..Outage::default()
            },
            [200, 200, 503],
        ),
        (Outage::default(), [200, 200, 200]),
    ] {
        served.authority().set_outage(outage);
        assert_eq!(statuses().await, expected, "{outage:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_not_of_the_protocol_is_refused() {
    let served = Served::new().await;
    let client = reqwest::Client::new();
    let unlabelled = client
        .post(served.url("/ocsp"))
        .body("x")
        .send()
        .await
        .unwrap();
    assert_eq!(unlabelled.status(), 415);
    for body in [
        "",
        "{}",
        r#"{"issuer_key_id":"00","serial":"01","name":"x"}"#,
        r#"{"serial":1}"#,
    ] {
        let request = client
            .post(served.url("/lineage"))
            .header("content-type", "application/json");
        let refused = request.body(body).send().await.unwrap();
        assert!(
            refused.status().is_client_error(),
            "{body}: {}",
            refused.status()
        );
    }
}

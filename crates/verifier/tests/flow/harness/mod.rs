//! A verifier in this process, with its clock in the test's hands, and the three who talk to it:
//! a relying party, a browser and a companion.

pub(crate) mod browser;
mod client;
mod configuration;

pub(crate) use browser::Browser;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use configuration::configuration;
use jsonwebtoken::EncodingKey;
use kazasu_demo::postgres::test_database;
use kazasu_proto::companion::v1::companion_service_client::CompanionServiceClient;
use kazasu_verifier::{Keys, Settings, Verifier};
use reqwest::{Client, StatusCode};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

/// When every test begins: inside the published test card's validity.
pub(crate) const START: i64 = 1_780_272_000;

/// What the relying party sends as code verifier, and its S256 challenge.
pub(crate) const CODE_VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CODE_CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) const REDIRECT_URI: &str = "https://portal.example/callback";

/// An older client, `older`: where it is answered, its secret, and what is configured of that.
pub(crate) const OLDER_REDIRECT_URI: &str = "https://older.example/callback?of=module";
pub(crate) const OLDER_SECRET: &str =
    "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
pub(crate) const OLDER_SECRET_SHA256: &str =
    "331ab04caa328927f706627b812f4139f9ec42a6d61f17e468a70c41a48d8f67";

/// Whose certificates a verifier accepts, and whom it asks about them.
#[derive(Clone)]
pub(crate) struct Trust {
    /// CA certificates, DER.
    pub(crate) anchors: Vec<PathBuf>,
    /// The origin of OCSP responder and lineage service.
    pub(crate) authority: String,
    /// Further settings about revocation, each behind a comma.
    pub(crate) revocation: String,
    /// Further lines of the configuration's top.
    pub(crate) more: &'static str,
}

impl Trust {
    /// The published test CA, and nobody to ask.
    fn in_published_test_card() -> Self {
        let anchor = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../assertion/testdata/test-card/jpki-auth-ca-cert.der"
        );
        Self {
            anchors: vec![anchor.into()],
            authority: "http://127.0.0.1:1".into(),
            revocation: String::new(),
            more: "",
        }
    }
}

pub(crate) struct Server {
    pub(crate) origin: String,
    /// The origin of its second port.
    pub(crate) admin: String,
    pub(crate) http: Client,
    pub(crate) folder: Arc<TempDir>,
    pub(crate) database: String,
    trust: Trust,
    clock: Arc<AtomicI64>,
    key: EncodingKey,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        Self::start_with(Trust::in_published_test_card(), clock).await
    }

    /// With further tables in its configuration.
    pub(crate) async fn start_with_tables(tables: &'static str) -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        let change = |configuration| configuration + tables;
        Self::start_as(Trust::in_published_test_card(), clock, change).await
    }

    /// With a further line at the top of its configuration, and further tables.
    pub(crate) async fn start_with_line(line: &'static str, tables: &'static str) -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        let change = |configuration| format!("{line}\n{configuration}{tables}");
        Self::start_as(Trust::in_published_test_card(), clock, change).await
    }

    pub(crate) async fn start_with(trust: Trust, clock: Arc<AtomicI64>) -> Self {
        Self::start_as(trust, clock, |configuration| configuration).await
    }

    /// With a configuration that somebody changed.
    pub(crate) async fn start_as(
        trust: Trust,
        clock: Arc<AtomicI64>,
        change: impl FnOnce(String) -> String,
    ) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Keys::create(&folder.path().join("keys.toml")).unwrap();
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let key = EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref());
        let database = test_database().await.unwrap();
        Self::start_in(folder, database, trust, key, clock, change).await
    }

    /// Stops it and starts another on the same database and keys, at another port.
    pub(crate) async fn restart(self) -> Self {
        self.restart_with(|configuration| configuration).await
    }

    /// As [`Server::restart`], after somebody changed the configuration.
    pub(crate) async fn restart_with(self, change: impl FnOnce(String) -> String) -> Self {
        self.stop.send(()).unwrap();
        self.served.await.unwrap().unwrap();
        let (database, trust) = (self.database, self.trust);
        Self::start_in(self.folder, database, trust, self.key, self.clock, change).await
    }

    /// Another on the same database and keys, beside it.
    pub(crate) async fn another(&self) -> Self {
        Self::start_in(
            self.folder.clone(),
            self.database.clone(),
            self.trust.clone(),
            self.key.clone(),
            self.clock.clone(),
            |configuration| configuration,
        )
        .await
    }

    async fn start_in(
        folder: Arc<TempDir>,
        database: String,
        trust: Trust,
        key: EncodingKey,
        clock: Arc<AtomicI64>,
        change: impl FnOnce(String) -> String,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let configuration = change(configuration(port, &database, &trust, &key));
        let settings = Settings::parse(&configuration, folder.path()).unwrap();
        let keys = Keys::load(&settings.keys).unwrap();
        let time = clock.clone();
        let now = Arc::new(move || time.load(Ordering::SeqCst));
        let admin = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let admin_origin = format!("http://{}", admin.local_addr().unwrap());
        let verifier = Verifier::new(settings, keys, now)
            .await
            .unwrap()
            .with_admin(admin);
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(verifier.serve(listener, async move {
            // A dropped sender ends the server too.
            let _ = stopped.await;
        }));
        let no_redirects = reqwest::redirect::Policy::none();
        Self {
            origin: format!("http://127.0.0.1:{port}"),
            admin: admin_origin,
            http: Client::builder()
                .redirect(no_redirects)
                .resolve("localhost", ([127, 0, 0, 1], port).into())
                .build()
                .unwrap(),
            folder,
            database,
            trust,
            clock,
            key,
            stop,
            served,
        }
    }

    pub(crate) fn ticket_origin(&self) -> String {
        self.origin.replace("127.0.0.1", "localhost")
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.load(Ordering::SeqCst)
    }

    pub(crate) async fn companion(&self) -> CompanionServiceClient<Channel> {
        CompanionServiceClient::connect(self.origin.clone())
            .await
            .unwrap()
    }

    /// The authorization URL of a fresh request.
    pub(crate) async fn authorization(&self, changes: &[(&str, &str)]) -> String {
        self.authorization_as("portal", changes).await
    }

    async fn authorization_as(&self, party: &str, changes: &[(&str, &str)]) -> String {
        let (status, body) = self.push_as(party, changes).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        let request_uri = body["request_uri"].as_str().unwrap();
        let origin = &self.origin;
        format!("{origin}/oidc/authorize?client_id={party}&request_uri={request_uri}")
    }

    /// A browser on the start page of a fresh transaction; the second is the page's URL.
    pub(crate) async fn begin(&self, changes: &[(&str, &str)]) -> (Browser, String) {
        self.begin_as("portal", changes).await
    }

    /// As [`Server::begin`], of any relying party.
    pub(crate) async fn begin_as(
        &self,
        party: &str,
        changes: &[(&str, &str)],
    ) -> (Browser, String) {
        let mut browser = Browser::new(self);
        let page = browser
            .get(&self.authorization_as(party, changes).await)
            .await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        (browser, page.location.unwrap())
    }

    /// A browser that shows a ticket, the page's URL, and the ticket.
    pub(crate) async fn ticket(&self, mode: &str) -> (Browser, String, String) {
        let (mut browser, page) = self.begin(&[]).await;
        browser
            .post(&format!("{page}/start"), &[("mode", mode)])
            .await;
        let ticket = browser.get(&page).await.ticket();
        (browser, page, ticket)
    }
}

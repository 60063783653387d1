//! A portal in this process, with its clock in the test's hands, its directory full of people, and
//! the two OpenID Providers that it asks.

mod browser;
mod configuration;
mod notices;
mod people;
mod provider;
mod steps;
mod words;

pub(crate) use browser::{Browser, Page, path_of};
pub(crate) use people::*;
pub(crate) use provider::{Answer, Provider, Signature};
pub(crate) use words::text;

use kazasu_demo::postgres::test_database;
use kazasu_portal::account::AccountId;
use kazasu_portal::directory::builtin;
use kazasu_portal::{Keys, Portal, Settings, open_database};
use kazasu_service::secret::SecretText;
use kazasu_service::store::{FromValue, Schema, Store, Value};
use kazasu_service::values;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// When every test begins.
pub(crate) const START: i64 = 1_793_747_100;
/// What each procedure wants a tap for.
pub(crate) const PURPOSES: [(&str, &str); 4] = [
    ("link", "link"),
    ("state", "view"),
    ("unlink", "unlink"),
    ("recover", "recover"),
];

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 24 * HOUR;

/// What takes longer than this never happens.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Site {
    /// What browsers find in their address bar.
    pub(crate) origin: String,
    /// Where this node listens: another node has the same origin.
    pub(crate) address: String,
    pub(crate) http: reqwest::Client,
    pub(crate) verifier: Arc<Provider>,
    pub(crate) sign_in: Arc<Provider>,
    /// The same database.
    pub(crate) store: Arc<Store>,
    clock: Arc<AtomicI64>,
    folder: Arc<TempDir>,
    configuration: String,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// With further tables of TOML.
    pub(crate) async fn start_with(tables: &str) -> Self {
        Self::start_at(&test_database().await.unwrap(), tables).await
    }

    /// On this database.
    pub(crate) async fn start_at(database: &str, tables: &str) -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let path = folder.path().join("keys.toml");
        Keys::create(&path).unwrap();
        let jwks = Keys::load(&SecretText::File(path)).unwrap().jwks();
        let verifier = Arc::new(Provider::start("portal", &jwks, clock.clone()).await);
        let sign_in = Arc::new(Provider::start("kazasu-portal", &jwks, clock.clone()).await);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let issuers = [&verifier, &sign_in].map(|provider| provider.issuer.as_str());
        let configuration = configuration::configuration(&origin, database, issuers) + tables;
        let settings = Settings::parse(&configuration, folder.path()).unwrap();
        let store = open_database(&settings.database, Schema::Migrate).unwrap();
        builtin::import(&store, PEOPLE, None, START - 100 * DAY)
            .await
            .unwrap();
        let store = Arc::new(store);
        let parts = (clock, folder, store, [verifier, sign_in]);
        Self::serve(listener, origin, configuration, parts)
    }

    fn serve(
        listener: TcpListener,
        origin: String,
        configuration: String,
        (clock, folder, store, [verifier, sign_in]): Parts,
    ) -> Self {
        let address = format!("http://{}", listener.local_addr().unwrap());
        let settings = Settings::parse(&configuration, folder.path()).unwrap();
        let keys = Keys::load(&settings.keys).unwrap();
        let time = clock.clone();
        let now = Arc::new(move || time.load(Ordering::SeqCst));
        let portal = Portal::new(settings, keys, now).unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(portal.serve(listener, async move {
            // A dropped sender ends the server too.
            let _ = stopped.await;
        }));
        let no_redirects = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().redirect(no_redirects);
        Self {
            origin,
            address,
            http: http.build().unwrap(),
            verifier,
            sign_in,
            store,
            clock,
            folder,
            configuration,
            stop,
            served,
        }
    }

    /// Another node at the same database, of the same origin.
    pub(crate) async fn another(&self) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (origin, configuration) = (self.origin.clone(), self.configuration.clone());
        Self::serve(listener, origin, configuration, self.parts())
    }

    /// Stops it and starts it again with other settings.
    pub(crate) async fn restart_with(self, change: impl FnOnce(String) -> String) -> Self {
        let parts = self.parts();
        self.stop.send(()).unwrap();
        self.served.await.unwrap().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::serve(listener, self.origin, change(self.configuration), parts)
    }

    fn parts(&self) -> Parts {
        let providers = [self.verifier.clone(), self.sign_in.clone()];
        let (clock, folder) = (self.clock.clone(), self.folder.clone());
        (clock, folder, self.store.clone(), providers)
    }

    /// Time goes on, or back.
    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.load(Ordering::SeqCst)
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self)
    }

    /// The verifier's part of a tap with `card`: where the browser goes with its answer.
    pub(crate) fn answer_tap(&self, request: &str, card: &Card) -> String {
        self.verifier.answer(request, self.tap_of(request, card))
    }

    /// What the verifier says of a tap with `card`.
    pub(crate) fn tap_of(&self, request: &str, card: &Card) -> Answer {
        let purpose = self.verifier.asked(request)["purpose"].clone();
        Answer::saying(json!({
            "sub": card.ppid, "name": card.name, "name_assurance": "companion",
            "purpose": purpose, "mode": "same-phone", "amr": ["sc", "pin"],
            "auth_time": self.now(),
        }))
    }

    /// What the sign-in says of somebody who did both steps.
    pub(crate) fn sign_in_to(&self, account: &str) -> Answer {
        Answer::saying(json!({
            "sub": format!("subject of {account}"), "preferred_username": account,
            "auth_time": self.now(), "acr": "urn:mfa",
        }))
    }

    /// Runs a statement in the portal's database.
    pub(crate) async fn execute(&self, sql: &'static str, values: &[Value]) -> u64 {
        let values = values.to_vec();
        let done = self.store.write(move |c| c.execute(sql, &values));
        done.await.unwrap()
    }

    /// The column `value` of every row that a statement finds.
    pub(crate) async fn query<T>(&self, sql: &'static str, values: &[Value]) -> Vec<T>
    where
        T: FromValue + Send + 'static,
    {
        let values = values.to_vec();
        let found = self
            .store
            .read(move |c| c.query(sql, &values, |row| row.get("value")));
        found.await.unwrap()
    }

    /// Brings the directory to what these lines say, now.
    pub(crate) async fn import(&self, lines: &str) {
        builtin::import(&self.store, lines, None, self.now())
            .await
            .unwrap();
    }

    /// The directory locks an account by itself.
    pub(crate) async fn lock(&self, account: &str) {
        let lock = "UPDATE directory_accounts SET locked = 1 WHERE id = ?1";
        assert_eq!(self.execute(lock, values![account]).await, 1);
    }

    pub(crate) async fn unlock(&self, account: &str) {
        let id = AccountId::parse(account, None).unwrap();
        assert!(builtin::unlock(&self.store, &id, self.now()).await.unwrap());
    }

    /// The directory forgets an account.
    pub(crate) async fn remove_account(&self, account: &str) {
        let remove = "DELETE FROM directory_accounts WHERE id = ?1";
        assert_eq!(self.execute(remove, values![account]).await, 1);
    }

    /// A table is gone, and whatever needs it fails.
    pub(crate) async fn take_away(&self, table: &str) {
        self.execute(renaming(table).0, &[]).await;
    }

    pub(crate) async fn bring_back(&self, table: &str) {
        self.execute(renaming(table).1, &[]).await;
    }

    /// The identifier of the procedure that was started last.
    pub(crate) async fn newest_procedure(&self) -> String {
        let newest = "SELECT id AS value FROM procedures ORDER BY started_at DESC LIMIT 1";
        self.query::<String>(newest, &[]).await.remove(0)
    }

    /// What was asked of the directory: kind and state of each operation, in the order of the
    /// alphabet.
    pub(crate) async fn operations(&self) -> Vec<String> {
        let all = "SELECT kind || ' ' || state AS value FROM operations ORDER BY 1";
        self.query(all, &[]).await
    }

    pub(crate) async fn is_frozen(&self, account: &str) -> bool {
        let frozen = "SELECT account AS value FROM freezes WHERE account = ?1";
        !self
            .query::<String>(frozen, values![account])
            .await
            .is_empty()
    }

    /// What the directory says of an account's state.
    pub(crate) async fn state_of(&self, account: &str) -> &'static str {
        let id = AccountId::parse(account, None).unwrap();
        let shown = builtin::show(&self.store, &id, self.now()).await.unwrap();
        shown.unwrap().state
    }

    /// Whether somebody can sign in to an account with this secret.
    pub(crate) async fn opens(&self, account: &str, secret: &str) -> bool {
        let id = AccountId::parse(account, None).unwrap();
        let secret = zeroize::Zeroizing::new(secret.to_owned());
        builtin::sign_in(&self.store, &id, secret, self.now())
            .await
            .is_ok()
    }

    /// Waits for what the server does by itself.
    pub(crate) async fn until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        let start = Instant::now();
        while !is_so().await {
            assert!(start.elapsed() < PATIENCE, "never happened: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// How a table goes, and how it comes back.
fn renaming(table: &str) -> (&'static str, &'static str) {
    match table {
        "directory_accounts" => (
            "ALTER TABLE directory_accounts RENAME TO away",
            "ALTER TABLE away RENAME TO directory_accounts",
        ),
        "directory_operations" => (
            "ALTER TABLE directory_operations RENAME TO away",
            "ALTER TABLE away RENAME TO directory_operations",
        ),
        "sessions" => (
            "ALTER TABLE sessions RENAME TO away",
            "ALTER TABLE away RENAME TO sessions",
        ),
        "notices" => (
            "ALTER TABLE notices RENAME TO away",
            "ALTER TABLE away RENAME TO notices",
        ),
        other => panic!("nobody takes {other} away"),
    }
}

type Parts = (Arc<AtomicI64>, Arc<TempDir>, Arc<Store>, [Arc<Provider>; 2]);

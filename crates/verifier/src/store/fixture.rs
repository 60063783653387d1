//! For the tests of this folder: a real database with one transaction. Each test has its own, and
//! says what time it is.

use super::acceptance::{Acceptance, accept};
use super::oidc::{self, PushedRequest, Redemption};
use super::transactions::{
    NewTicket, NewTransaction, Pairing, begin, by_id, claim, mint, pair, start_pairing,
};
use crate::transaction::Transaction;
use kazasu_demo::postgres::test_database;
use kazasu_service::audit::Details;
use kazasu_service::store::{Connection, Location, Row, Schema, SqlError, Store};
use kazasu_statement::{Language, Mode, Purpose};
use tempfile::TempDir;

pub(super) const BROWSER: [u8; 32] = [1; 32];
pub(super) const COMPANION: [u8; 32] = [2; 32];
pub(super) const TICKET: [u8; 32] = [3; 32];
pub(super) const RETURN: [u8; 32] = [4; 32];
pub(super) const CODE: [u8; 32] = [5; 32];
pub(super) const OTHER: [u8; 32] = [9; 32];

/// A database with the transaction "T", which lives from second 0 to second 600.
pub(super) struct Fixture {
    pub(super) store: Store,
    _folder: TempDir,
}

impl Fixture {
    pub(super) async fn new() -> Self {
        let (store, folder) = empty_store().await;
        let fixture = Self {
            store,
            _folder: folder,
        };
        let begun = fixture
            .run(|c| {
                oidc::push(c, &[0; 32], &request(), 60)?;
                begin(c, &new_transaction())
            })
            .await;
        assert!(begun);
        fixture
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Connection<'_>) -> Result<T, SqlError> + Send + 'static,
    ) -> T {
        self.store.write(change).await.unwrap()
    }

    pub(super) async fn minted(mode: Mode) -> Self {
        let fixture = Self::new().await;
        assert!(
            fixture
                .run(move |c| mint(c, "T", &ticket(mode, 0, TICKET), 0))
                .await
        );
        fixture
    }

    pub(super) async fn claimed(mode: Mode) -> Self {
        let fixture = Self::minted(mode).await;
        assert!(
            fixture
                .run(|c| claim(c, &TICKET, &COMPANION, 1))
                .await
                .is_ok()
        );
        fixture
    }

    pub(super) async fn with_digits() -> Self {
        let fixture = Self::claimed(Mode::OtherDevice).await;
        let started = fixture
            .run(|c| start_pairing(c, &COMPANION, "012345", 122, 2))
            .await;
        assert!(started.is_ok());
        fixture
    }

    pub(super) async fn accepted(mode: Mode) -> Self {
        let fixture = match mode {
            Mode::OtherDevice => Self::with_digits().await,
            _ => Self::claimed(mode).await,
        };
        if mode == Mode::OtherDevice {
            assert_eq!(fixture.pair("012345", 3).await, Pairing::Paired);
        }
        assert_eq!(fixture.run(|c| accept(c, &acceptance(10))).await, Ok(()));
        fixture
    }

    pub(super) async fn pair(&self, digits: &'static str, now: i64) -> Pairing {
        self.run(move |c| pair(c, "T", &BROWSER, digits, now)).await
    }

    pub(super) async fn at(&self, now: i64) -> Transaction {
        self.run(move |c| by_id(c, "T", now)).await.unwrap()
    }

    pub(super) async fn code_issued(&self, now: i64) -> bool {
        self.run(move |c| oidc::issue_code(c, &CODE, "T", now + 60, now))
            .await
    }

    pub(super) async fn events(&self) -> Vec<(String, Option<String>)> {
        let read = |row: &Row<'_>| Ok((row.get("kind")?, row.get::<String>("details")?));
        let events: Vec<(String, String)> = self
            .run(move |c| {
                c.query(
                    "SELECT kind, details FROM audit_events ORDER BY sequence",
                    &[],
                    read,
                )
            })
            .await;
        let reason = |details: &str| -> Option<String> {
            let details: serde_json::Value = serde_json::from_str(details).unwrap();
            details["reason"].as_str().map(str::to_owned)
        };
        let with_reason = events.into_iter();
        with_reason
            .map(|(kind, details)| (kind, reason(&details)))
            .collect()
    }
}

/// An empty database of the engine that the tests are run on. The folder goes with it.
pub(super) async fn empty_store() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let text = test_database().await.unwrap();
    let location = Location::parse(&text, folder.path())
        .unwrap()
        .with_connections(2);
    let store = super::open(&location, Schema::Migrate).unwrap();
    (store, folder)
}

pub(super) fn request() -> PushedRequest {
    PushedRequest {
        relying_party: "portal".into(),
        redirect_uri: "https://portal.example/callback".into(),
        request_state: Some("state".into()),
        nonce: "nonce".into(),
        code_challenge: "challenge".into(),
        purpose: Purpose::Link,
        wants_name: true,
        language: None,
        prompt_none: false,
    }
}

pub(super) fn new_transaction() -> NewTransaction {
    NewTransaction {
        id: "T".into(),
        request_hash: [0; 32],
        language: Language::Japanese,
        browser_hash: BROWSER,
        browser: String::new(),
        created_at: 0,
        expires_at: 600,
        delete_after: 86_400,
    }
}

pub(super) fn ticket(mode: Mode, after: u32, hash: [u8; 32]) -> NewTicket {
    NewTicket {
        mode,
        after,
        hash,
        expires_at: 120,
    }
}

pub(super) fn acceptance(now: i64) -> Acceptance {
    Acceptance {
        transaction_id: "T".into(),
        companion_hash: COMPANION,
        assertion_hash: [6; 32],
        credential: [7; 32],
        predecessors: Some(Vec::new()),
        new_subject: [8; 16],
        pairwise_version: 1,
        sealed_name: Some(vec![1]),
        return_hash: Some(RETURN),
        now,
        expires_at: now + 120,
        details: Details::default(),
    }
}

pub(super) fn redemption() -> Redemption {
    Redemption {
        code_hash: CODE,
        relying_party: "portal".into(),
        redirect_uri: "https://portal.example/callback".into(),
        code_challenge: "challenge".into(),
    }
}

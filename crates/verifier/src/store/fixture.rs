//! For the tests of this folder: a real database with one transaction. Each test has its own, and
//! says what time it is.

use super::Store;
use super::acceptance::{Acceptance, accept};
use super::oidc::{self, PushedRequest, Redemption};
use super::transactions::{
    NewTicket, NewTransaction, Pairing, begin, by_id, claim, mint, pair, start_pairing,
};
use crate::transaction::Transaction;
use kazasu_statement::{Language, Mode, Purpose};
use rusqlite::Connection;
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
    folder: TempDir,
}

impl Fixture {
    pub(super) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("verifier.db")).unwrap();
        let fixture = Self { store, folder: dir };
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
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
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

    pub(super) fn at(&self, now: i64) -> Transaction {
        self.store.read(|c| by_id(c, "T", now)).unwrap().unwrap()
    }

    pub(super) async fn code_issued(&self, now: i64) -> bool {
        self.run(move |c| oidc::issue_code(c, &CODE, "T", now + 60, now))
            .await
    }

    /// Whether the database or its log has these bytes.
    pub(super) fn files_contain(&self, bytes: &[u8]) -> bool {
        std::fs::read_dir(self.folder.path()).unwrap().any(|entry| {
            let content = std::fs::read(entry.unwrap().path()).unwrap();
            content.windows(bytes.len()).any(|window| window == bytes)
        })
    }

    pub(super) fn events(&self) -> Vec<(String, Option<String>)> {
        self.store
            .read(|c| {
                c.prepare("SELECT kind, reason FROM events ORDER BY sequence")?
                    .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect()
            })
            .unwrap()
    }
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

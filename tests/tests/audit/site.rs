//! A database with some events, its audit key, and an export.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use kazasu_demo::postgres::Postgres;
use kazasu_service::audit::{
    Details, Finding, Head, Report, SCHEMA, SealError, Sealer, record, verify,
};
use kazasu_service::store::{Engine, Location, Migration, Schema, Store};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

const MIGRATIONS: &[Migration] = &[&[SCHEMA]];

/// Seconds since the epoch at which everything happens.
pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) struct Site {
    pub(crate) store: Store,
    location: Location,
    key: Arc<Ed25519KeyPair>,
    folder: TempDir,
}

pub(crate) struct Node {
    store: Store,
    sealer: Sealer,
}

impl Node {
    pub(crate) async fn seal(&self, now: i64) -> Result<Option<Head>, SealError> {
        self.sealer.seal(&self.store, now).await
    }
}

/// An empty site for each engine.
pub(crate) async fn sites() -> Vec<Site> {
    let folder = TempDir::new().unwrap();
    let sqlite = Location::parse("audit.db", folder.path()).unwrap();
    let mut sites = vec![Site::new(sqlite, folder)];
    match Postgres::shared().await {
        Ok(server) => {
            static NUMBER: AtomicU32 = AtomicU32::new(1);
            let name = format!("audit{}", NUMBER.fetch_add(1, Ordering::Relaxed));
            let address = server.database(&name).await.unwrap();
            let location = Location::parse(&address, Path::new("/")).unwrap();
            sites.push(Site::new(location, TempDir::new().unwrap()));
        }
        Err(error) if std::env::var_os("CI").is_none() => {
            eprintln!("NOT RUN on PostgreSQL: {error:#}");
        }
        Err(error) => panic!("no PostgreSQL: {error:#}"),
    }
    sites
}

impl Site {
    fn new(location: Location, folder: TempDir) -> Self {
        let location = location.with_connections(4);
        Self {
            store: Store::open(&location, MIGRATIONS, Schema::Migrate).unwrap(),
            location,
            key: Arc::new(Ed25519KeyPair::generate().unwrap()),
            folder,
        }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.store.engine() == Engine::Sqlite
    }

    pub(crate) fn export(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Another process that seals, with its own connections.
    pub(crate) fn sealer(&self, export: &str) -> Node {
        let store = Store::open(&self.location, MIGRATIONS, Schema::Check).unwrap();
        let key = self.key.clone();
        let sign = move |message: &[u8]| key.sign(message).as_ref().try_into().unwrap();
        let sealer = Sealer::new(Arc::new(sign), Some(self.export(export)));
        Node { store, sealer }
    }

    pub(crate) async fn record(&self, word: &'static str) {
        let details = Details::default().with("word", word);
        let written = self
            .store
            .write(move |c| record(c, NOW, "tested", &details));
        written.await.unwrap();
    }

    /// Three seals of two events each, exported to `heads`.
    pub(crate) async fn fill(&self) {
        let sealer = self.sealer("heads");
        for (first, second) in [("a", "b"), ("c", "d"), ("e", "f")] {
            self.record(first).await;
            self.record(second).await;
            let head = sealer.seal(NOW + 1).await.unwrap().unwrap();
            assert_eq!(head.events, 2);
        }
    }

    pub(crate) async fn tamper(&self, sql: &'static str) {
        let changed = self
            .store
            .write(move |c| c.execute(sql, &[]))
            .await
            .unwrap();
        assert!(changed > 0, "{sql} changes nothing");
    }

    pub(crate) async fn verify(&self, export: Option<&str>) -> Report {
        let key = self.key.public_key().as_ref().try_into().unwrap();
        let export = export.map(|name| self.export(name));
        verify(&self.store, &[[7; 32], key], export.as_deref())
            .await
            .unwrap()
    }

    pub(crate) async fn findings(&self, export: Option<&str>) -> Vec<Finding> {
        self.verify(export).await.findings
    }
}

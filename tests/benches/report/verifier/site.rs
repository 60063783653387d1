//! A verifier with as many people in its database as an institution has.

use crate::verifier::load::Companions;
use anyhow::{Context, Result};
use kazasu_demo::relying_party::Registration;
use kazasu_demo::verifier::{Setup, Verifier};
use kazasu_proto::companion::v1 as pb;
use kazasu_tests::cluster::{FAR_LIMITS, Trusted};
use kazasu_tests::engine::{Database, Engine};
use kazasu_tests::taps::Stand;
use std::sync::Arc;
use std::time::Instant;
use tempfile::TempDir;

/// Long enough that nothing prepared runs out before it is timed.
const LIFETIMES: &str = "transaction = 7200\nticket = 7200\nchallenge = 7200\naccepted = 7200";

/// A running verifier whose cards have all been seen once.
pub(crate) struct Site {
    pub(crate) verifier: Verifier,
    pub(crate) companions: Companions,
    stand: Arc<Stand>,
    database: Database,
    /// Memory in use once it was ready, MiB.
    pub(crate) idle: f64,
    pub(crate) folder: TempDir,
}

impl Site {
    /// Starts a verifier with `stored` credentials, put there directly and in bulk.
    ///
    /// # Errors
    /// If it does not start, or refuses a card.
    pub(crate) async fn start(trusted: &Trusted, engine: Engine, stored: u64) -> Result<Self> {
        let folder = TempDir::new()?;
        let database = Database::new(engine, folder.path()).await?;
        let parties = [Registration::new(
            "portal",
            "https://portal.example/callback",
        )?];
        let mut verifier = Verifier::start_with(Setup {
            name: "verifier",
            authority: &trusted.address,
            anchor: &trusted.anchor,
            relying_parties: &parties,
            folder: folder.path(),
            database: &database.configured(),
            origin: None,
            log: "info",
            revocation: "",
            tables: FAR_LIMITS,
            lifetimes: LIFETIMES,
        })
        .await?;
        // The first start makes the tables; the next finds them full.
        verifier.halt().await?;
        database.execute(&credentials(engine, stored)).await?;
        verifier.resume().await?;
        let idle = resident(&verifier)?;
        let [party] = parties;
        let stand = Arc::new(Stand {
            party: party.connect(&verifier.origin).await?,
            origin: verifier.origin.clone(),
            cards: trusted.cards.clone(),
        });
        let site = Self {
            companions: Companions::connect(&verifier.origin).await?,
            verifier,
            stand,
            database,
            idle,
            folder,
        };
        let first = site.taps(trusted.cards.len()).await?;
        site.companions.submit_all(&Arc::new(first)).await?;
        Ok(site)
    }

    /// Prepares so many taps.
    ///
    /// # Errors
    /// If one is refused.
    pub(crate) async fn taps(&self, count: usize) -> Result<Vec<pb::SubmitAssertionRequest>> {
        let ready = self.stand.prepare(count).await?;
        Ok(ready.into_iter().map(|tap| tap.submission).collect())
    }

    /// How many acceptances the events tell of.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(crate) async fn accepted(&self) -> Result<usize> {
        Ok(self.database.accepted().await?.len())
    }

    /// Stops the verifier and starts it again; how long the start took, in milliseconds.
    ///
    /// # Errors
    /// If it does not stop or start.
    pub(crate) async fn start_up(&mut self) -> Result<f64> {
        self.verifier.halt().await?;
        let start = Instant::now();
        self.verifier.resume().await?;
        Ok(start.elapsed().as_secs_f64() * 1000.0)
    }

    /// Memory in use, MiB.
    ///
    /// # Errors
    /// Where the system does not tell.
    pub(crate) fn resident(&self) -> Result<f64> {
        resident(&self.verifier)
    }
}

/// Statements that store so many people with one card each.
fn credentials(engine: Engine, stored: u64) -> String {
    match engine {
        Engine::Sqlite => format!(
            "PRAGMA synchronous = OFF;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {stored})
               INSERT INTO subjects (id, pairwise_version, lineage_broken, created_at)
               SELECT randomblob(16), 1, 0, 0 FROM n;
             INSERT INTO credentials (credential_index, subject, created_at)
               SELECT randomblob(32) AS i, id, 0 FROM subjects ORDER BY i;
             PRAGMA wal_checkpoint(TRUNCATE);"
        ),
        // Ten million references need not be looked up one by one: no trigger runs.
        Engine::Postgres => format!(
            "SET session_replication_role = replica;
             INSERT INTO subjects (id, pairwise_version, lineage_broken, created_at)
               SELECT uuid_send(gen_random_uuid()), 1, 0, 0 FROM generate_series(1, {stored});
             INSERT INTO credentials (credential_index, subject, created_at)
               SELECT sha256(id) AS i, id, 0 FROM subjects ORDER BY i;
             ANALYZE"
        ),
    }
}

fn resident(verifier: &Verifier) -> Result<f64> {
    let process = verifier.process_id().context("it runs")?;
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kib.context("VmRSS")?.parse::<f64>()? / 1024.0)
}

//! What a process itself tells the audit, and the sealing beside its work.

use super::{Details, Sealer, Sign, record};
use crate::Clock;
use crate::metrics::Metrics;
use crate::store::Store;
use prometheus::IntGauge;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// An event is sealed about this long after it happened.
const SEAL: Duration = Duration::from_secs(1);

/// Failures that anybody can cause are told together, so that nobody fills the audit.
const TELL_FAILURES: Duration = Duration::from_secs(60);

const ONCE: &str = "registered once, with a name that Prometheus allows";

/// What a process needs to look after its audit.
pub struct Auditor {
    sealer: Sealer,
    sealed_at: IntGauge,
    failures: Mutex<BTreeMap<&'static str, u64>>,
}

impl Auditor {
    /// The auditor of a process that counts in `metrics`: one for each. Heads are signed with
    /// `sign` and appended to the file `export`.
    pub fn new(sign: Sign, export: Option<PathBuf>, metrics: &Metrics) -> Self {
        let sealed_at = IntGauge::new(
            "kazasu_audit_sealed_timestamp_seconds",
            "When every event was sealed and exported for the last time, since the Unix epoch.",
        );
        let sealed_at = sealed_at.expect(ONCE);
        let registered = metrics.registry().register(Box::new(sealed_at.clone()));
        registered.expect(ONCE);
        Self {
            sealer: Sealer::new(sign, export),
            sealed_at,
            failures: Mutex::default(),
        }
    }

    /// Counts a failure that anybody can cause. Once a minute an event of `kind` says how many
    /// there were.
    pub fn failed(&self, kind: &'static str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        *failures.entry(kind).or_default() += 1;
    }

    /// Seals, as long as the process serves.
    pub async fn keep_sealing(&self, store: &Store, clock: &Clock) -> Infallible {
        let mut seals = interval(SEAL);
        seals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failures = interval(TELL_FAILURES);
        loop {
            tokio::select! {
                _ = seals.tick() => self.seal(store, clock()).await,
                _ = failures.tick() => self.tell_failures(store, clock()).await,
            }
        }
    }

    /// The process, of this version, began to serve.
    pub async fn started(&self, store: &Store, now: i64, version: &str) {
        let details = Details::default().with("version", version);
        note(store, now, "started", details).await;
    }

    /// The process ends; what it did is sealed before.
    pub async fn ended(&self, store: &Store, now: i64) {
        self.tell_failures(store, now).await;
        note(store, now, "ended", Details::default()).await;
        self.seal(store, now).await;
    }

    async fn tell_failures(&self, store: &Store, now: i64) {
        let failures = {
            let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *failures)
        };
        for (kind, number) in failures {
            let details = Details::default().with("failures", number.to_string().as_str());
            note(store, now, kind, details).await;
        }
    }

    async fn seal(&self, store: &Store, now: i64) {
        match self.sealer.seal(store, now).await {
            Ok(head) => {
                self.sealed_at.set(now);
                // The log is another place that a copy of the head is safe in.
                if let Some(head) = head {
                    let hash = hex::encode(head.hash);
                    tracing::info!(number = head.number, hash, "audit sealed");
                }
            }
            Err(error) => {
                let source = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(%error, source, "audit not sealed");
            }
        }
    }
}

async fn note(store: &Store, now: i64, kind: &'static str, details: Details) {
    let written = store.write(move |c| record(c, now, kind, &details)).await;
    // Serving does not wait for the database to come back, and neither does ending.
    if let Err(error) = written {
        tracing::error!(%error, kind, "an event of the process could not be recorded");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{AuditKey, SCHEMA, events_after, verify};
    use crate::store::{Location, Migration, Schema};
    use std::sync::Arc;

    const TABLES: Migration = &[SCHEMA];

    #[tokio::test]
    async fn failures_are_told_together_and_all_is_sealed_when_a_process_ends() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("audit.db"));
        let store = Store::open(&location, &[TABLES], Schema::Migrate).unwrap();
        let key = AuditKey::from_seed(1, &[7; 32]);
        let public = key.public();
        let metrics = Metrics::new();
        let sign = Arc::new(move |message: &[u8]| key.sign(message));
        let auditor = Auditor::new(sign, None, &metrics);
        auditor.started(&store, 10, "1.2.3").await;
        for kind in ["wrong", "late", "wrong", "wrong"] {
            auditor.failed(kind);
        }
        auditor.tell_failures(&store, 70).await;
        auditor.tell_failures(&store, 130).await;
        auditor.failed("wrong");
        auditor.ended(&store, 140).await;

        let events = store.read(|c| events_after(c, 0, 10)).await.unwrap();
        let told = events.iter().map(|e| (e.at, &*e.kind, &*e.details));
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                (10, "started", r#"{"version":"1.2.3"}"#),
                (70, "late", r#"{"failures":"1"}"#),
                (70, "wrong", r#"{"failures":"3"}"#),
                (140, "wrong", r#"{"failures":"1"}"#),
                (140, "ended", "{}"),
            ]
        );
        let report = verify(&store, &[public], None).await.unwrap();
        assert_eq!((report.findings.len(), report.unsealed), (0, 0));
        assert_eq!(report.events, 5);
        let gauge = "kazasu_audit_sealed_timestamp_seconds 140";
        assert!(metrics.text().unwrap().contains(gauge));
    }
}

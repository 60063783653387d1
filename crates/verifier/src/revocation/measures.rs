//! What is counted about revocation. Times are Unix timestamps, as Prometheus wants them: an age is
//! `time() - …`.

use kazasu_assertion::revocation::{RevocationList, Status};
use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

/// What a certificate was judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// A good answer so young that nobody was asked.
    Cache,
    Responder,
    /// The responder's last word, while it has no usable answer.
    LastWord,
    List,
    Nothing,
}

/// Counters and gauges.
pub(super) struct Measures {
    checks: IntCounterVec,
    responder_answered_at: IntGauge,
    fetches: IntCounterVec,
    issued_at: IntGaugeVec,
    due_at: IntGaugeVec,
}

const ONCE: &str = "each is registered once, with a name that Prometheus allows";

impl Measures {
    /// Nothing counted yet, shown by this registry.
    pub(super) fn new(registry: &Registry) -> Self {
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels).expect(ONCE);
            registry.register(Box::new(counter.clone())).expect(ONCE);
            counter
        };
        let gauges = |name: &str, help: &str| {
            let gauges = IntGaugeVec::new(Opts::new(name, help), &["issuer"]).expect(ONCE);
            registry.register(Box::new(gauges.clone())).expect(ONCE);
            gauges
        };
        let responder_answered_at = IntGauge::new(
            "kazasu_ocsp_last_answer_timestamp_seconds",
            "When the OCSP responder last gave a usable answer.",
        );
        let responder_answered_at = responder_answered_at.expect(ONCE);
        let shown = Box::new(responder_answered_at.clone());
        registry.register(shown).expect(ONCE);
        Self {
            checks: counter(
                "kazasu_revocation_checks_total",
                "Certificates judged, by what they were judged by and what came of it.",
                &["source", "status"],
            ),
            responder_answered_at,
            fetches: counter(
                "kazasu_crl_fetches_total",
                "Revocation lists asked for, by what came of it.",
                &["outcome"],
            ),
            issued_at: gauges(
                "kazasu_crl_issued_timestamp_seconds",
                "thisUpdate of the revocation list at hand, by the authority's key identifier.",
            ),
            due_at: gauges(
                "kazasu_crl_next_update_timestamp_seconds",
                "nextUpdate of the revocation list at hand: from then on it is void.",
            ),
        }
    }

    pub(super) fn count(&self, source: Source, status: Status) {
        let source = match source {
            Source::Cache => "cache",
            Source::Responder => "ocsp",
            Source::LastWord => "last_word",
            Source::List => "crl",
            Source::Nothing => "nothing",
        };
        let status = match status {
            Status::Good => "good",
            Status::Unknown => "unknown",
            Status::OnHold { .. } => "on_hold",
            Status::Revoked { .. } => "revoked",
        };
        self.checks.with_label_values(&[source, status]).inc();
    }

    pub(super) fn responder_answered(&self, now: i64) {
        self.responder_answered_at.set(now);
    }

    pub(super) fn list_fetched(&self, usable: bool) {
        let outcome = if usable { "usable" } else { "failed" };
        self.fetches.with_label_values(&[outcome]).inc();
    }

    pub(super) fn list_taken(&self, list: &RevocationList) {
        let issuer = hex::encode(list.issuer_key_id());
        self.issued_at
            .with_label_values(&[&issuer])
            .set(list.this_update());
        self.due_at
            .with_label_values(&[&issuer])
            .set(list.next_update());
    }
}

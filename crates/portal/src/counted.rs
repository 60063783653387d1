//! What a portal counts besides its requests and its mails.

use crate::procedure::ProcedureKind;
use crate::store::holdings::Holdings;
use crate::store::operations::{OperationState, Recorded};
use prometheus::{IntCounterVec, IntGauge, Opts, Registry};

/// Procedures by the steps they reached here, operations by what became of them, refusals by why.
/// Another node counts its own; the sum is what happened. The gauges are the database's, the same on
/// every node.
pub(crate) struct Counted {
    procedures: IntCounterVec,
    operations: IntCounterVec,
    refusals: IntCounterVec,
    operations_open: IntGauge,
    operations_oldest: IntGauge,
    links: IntGauge,
    frozen: IntGauge,
}

/// How far a procedure got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Started,
    Tapped,
    SignedIn,
    /// Name, account or link do not allow what was wanted.
    Stopped,
    /// What was confirmed is done. What a recovery issues counts as an operation.
    Done,
}

impl Step {
    const ALL: [Self; 5] = [
        Self::Started,
        Self::Tapped,
        Self::SignedIn,
        Self::Stopped,
        Self::Done,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Tapped => "tapped",
            Self::SignedIn => "signed_in",
            Self::Stopped => "stopped",
            Self::Done => "done",
        }
    }
}

const ONCE: &str = "each is registered once, with a name that Prometheus allows";

impl Counted {
    /// Nothing counted yet, shown by this registry.
    pub(crate) fn new(registry: &Registry) -> Self {
        let counter = |name, help, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels).expect(ONCE);
            registry.register(Box::new(counter.clone())).expect(ONCE);
            counter
        };
        let gauge = |name, help| {
            let gauge = IntGauge::new(name, help).expect(ONCE);
            registry.register(Box::new(gauge.clone())).expect(ONCE);
            gauge
        };
        let counted = Self {
            procedures: counter(
                "kazasu_procedures_total",
                "Procedures that reached a step.",
                &["kind", "step"],
            ),
            operations: counter(
                "kazasu_operations_total",
                "What the directory was asked to change, by what became of it.",
                &["kind", "outcome"],
            ),
            refusals: counter(
                "kazasu_refusals_total",
                "Pages that said no or that something does not answer, by why.",
                &["reason"],
            ),
            operations_open: gauge(
                "kazasu_operations_open",
                "Operations of which it is not known yet whether the directory made them.",
            ),
            operations_oldest: gauge(
                "kazasu_operations_oldest_seconds",
                "For how long the oldest of them has been open.",
            ),
            links: gauge("kazasu_links_active", "Links that are active."),
            frozen: gauge(
                "kazasu_accounts_frozen",
                "Accounts whose person said \"this was not me\".",
            ),
        };
        // There from the start, so that the first one is seen as an increase.
        for kind in ProcedureKind::ALL {
            for step in Step::ALL {
                counted.of(kind, step);
            }
        }
        counted
    }

    pub(crate) fn procedure(&self, kind: ProcedureKind, step: Step) {
        self.of(kind, step).inc();
    }

    fn of(&self, kind: ProcedureKind, step: Step) -> prometheus::IntCounter {
        let labels = [kind.as_str(), step.as_str()];
        self.procedures.with_label_values(&labels)
    }

    pub(crate) fn operation(&self, recorded: &Recorded, outcome: OperationState) {
        let labels = [recorded.operation.kind.as_str(), outcome.as_str()];
        self.operations.with_label_values(&labels).inc();
    }

    pub(crate) fn refusal(&self, reason: &str) {
        self.refusals.with_label_values(&[reason]).inc();
    }

    pub(crate) fn holds(&self, holdings: &Holdings, now: i64) {
        self.operations_open.set(holdings.operations_open);
        let oldest = holdings.operations_oldest.map_or(0, |at| now - at);
        self.operations_oldest.set(oldest);
        self.links.set(holdings.links);
        self.frozen.set(holdings.frozen);
    }
}

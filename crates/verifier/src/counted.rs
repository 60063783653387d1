//! What a verifier counts besides its requests.

use crate::transaction::State;
use kazasu_statement::Reason;
use prometheus::{IntCounterVec, Opts, Registry};

/// Assertions by what became of them, transactions by the states they reached here. Another node
/// counts its own; the sum is what happened.
pub(crate) struct Counted {
    assertions: IntCounterVec,
    transactions: IntCounterVec,
}

impl Counted {
    pub(crate) fn new(registry: &Registry) -> Self {
        let counter = |name, help, label| {
            const ONCE: &str = "each is registered once, with a name that Prometheus allows";
            let counter = IntCounterVec::new(Opts::new(name, help), &[label]).expect(ONCE);
            registry.register(Box::new(counter.clone())).expect(ONCE);
            counter
        };
        Self {
            assertions: counter(
                "kazasu_assertions_total",
                "Assertions judged: accepted, or the reason why not.",
                "outcome",
            ),
            transactions: counter(
                "kazasu_transactions_total",
                "Transactions that reached a state.",
                "state",
            ),
        }
    }

    pub(crate) fn assertion(&self, refused: Option<Reason>) {
        let outcome = refused.map_or("accepted".into(), |reason| reason.to_string());
        self.assertions.with_label_values(&[outcome.as_str()]).inc();
    }

    pub(crate) fn transaction(&self, state: State) {
        self.transactions.with_label_values(&[state.as_str()]).inc();
    }
}

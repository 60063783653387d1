//! What waits for the database, counted.

use prometheus::{Histogram, HistogramOpts, IntGauge, Registry};
use std::time::Instant;

/// Bounds of the buckets, in seconds: usually nothing waits; a group of writes takes as long as the
/// disk needs for one.
const BUCKETS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

const ONCE: &str = "each is registered once, with a name that Prometheus allows";

/// The queue of an engine. A clone counts the same.
#[derive(Clone)]
pub(super) struct Queue {
    waiting: IntGauge,
    seconds: Histogram,
}

impl Queue {
    pub(super) fn new() -> Self {
        let waiting = IntGauge::new(
            "kazasu_store_waiting",
            "What waits for SQLite's writer, or for a connection to PostgreSQL.",
        );
        let seconds = HistogramOpts::new(
            "kazasu_store_wait_seconds",
            "How long it waited before it began.",
        );
        Self {
            waiting: waiting.expect(ONCE),
            seconds: Histogram::with_opts(seconds.buckets(BUCKETS.to_vec())).expect(ONCE),
        }
    }

    pub(super) fn register(&self, registry: &Registry) {
        let waiting = registry.register(Box::new(self.waiting.clone()));
        let seconds = registry.register(Box::new(self.seconds.clone()));
        waiting.and(seconds).expect(ONCE);
    }

    pub(super) fn enter(&self) -> Place {
        self.waiting.inc();
        Place {
            queue: self.clone(),
            since: Instant::now(),
        }
    }
}

/// A place in the queue, left when it is dropped: a caller may go away before its turn.
pub(super) struct Place {
    queue: Queue,
    since: Instant,
}

impl Place {
    /// Its turn has come.
    pub(super) fn begin(self) {
        self.queue
            .seconds
            .observe(self.since.elapsed().as_secs_f64());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.queue.waiting.dec();
    }
}

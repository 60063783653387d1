//! What is counted about mails.

use super::Kind;
use super::outbox::GivenUp;
use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts, Registry};

/// Counters and gauges.
pub(super) struct Measures {
    waiting: IntGauge,
    oldest: IntGauge,
    sent: IntCounterVec,
    put_off: IntCounter,
    troubles: IntCounter,
    given_up: IntCounterVec,
}

const ONCE: &str = "each is registered once, with a name that Prometheus allows";

impl Measures {
    /// Nothing counted yet, shown by this registry.
    pub(super) fn new(registry: &Registry) -> Self {
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help).expect(ONCE);
            registry.register(Box::new(gauge.clone())).expect(ONCE);
            gauge
        };
        let counter = |name: &str, help: &str| {
            let counter = IntCounter::new(name, help).expect(ONCE);
            registry.register(Box::new(counter.clone())).expect(ONCE);
            counter
        };
        let counters = |name: &str, help: &str, label: &str, words: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), &[label]).expect(ONCE);
            registry.register(Box::new(counters.clone())).expect(ONCE);
            // There from the start, so that the first one is seen as an increase.
            for word in words {
                counters.with_label_values(&[*word]);
            }
            counters
        };
        Self {
            waiting: gauge("kazasu_mail_waiting", "Mails that wait to be sent."),
            oldest: gauge(
                "kazasu_mail_oldest_seconds",
                "For how long the oldest of them has waited.",
            ),
            sent: counters(
                "kazasu_mail_sent_total",
                "Mails that the mail server took, by what they tell.",
                "notice",
                &Kind::ALL.map(Kind::as_str),
            ),
            put_off: counter(
                "kazasu_mail_put_off_total",
                "Times that a mail was put off by its recipient's side.",
            ),
            troubles: counter(
                "kazasu_mail_server_troubles_total",
                "Times that the mail server could not be used at all.",
            ),
            given_up: counters(
                "kazasu_mail_given_up_total",
                "Mails that are not tried any more, by why.",
                "reason",
                &GivenUp::ALL.map(GivenUp::as_str),
            ),
        }
    }

    pub(super) fn waiting(&self, number: i64, oldest: i64) {
        self.waiting.set(number);
        self.oldest.set(oldest);
    }

    pub(super) fn sent(&self, kind: &str) {
        self.sent.with_label_values(&[kind]).inc();
    }

    pub(super) fn put_off(&self) {
        self.put_off.inc();
    }

    pub(super) fn trouble(&self) {
        self.troubles.inc();
    }

    pub(super) fn given_up(&self, why: GivenUp) {
        self.given_up.with_label_values(&[why.as_str()]).inc();
    }
}

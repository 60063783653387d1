//! How many connections there may be.

use super::client::network;
use crate::metrics::Metrics;
use crate::settings::Problems;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

/// How many connections a listener keeps open at the same time. One more is closed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Of everybody.
    pub all: usize,
    /// Of one IPv4 address or one IPv6 /64 network.
    pub per_address: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            all: 4096,
            // A whole campus may be behind one address.
            per_address: 512,
        }
    }
}

impl ConnectionLimits {
    /// Notes if nobody could be served. The numbers belong to the table `[limits]`.
    pub fn check(self, problems: &mut Problems) {
        if self.all == 0 || self.per_address == 0 {
            problems.add("limits: without connections nobody is served");
        }
    }
}

/// The connections that are open.
#[derive(Clone)]
pub(super) struct Admissions {
    limits: ConnectionLimits,
    open: Arc<Mutex<Open>>,
    metrics: Metrics,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// A connection's place, free again when dropped.
pub(super) struct Admission {
    admissions: Admissions,
    network: Option<IpAddr>,
}

const NO_PANIC: &str = "nothing panics while it counts connections";

impl Admissions {
    pub(super) fn new(limits: ConnectionLimits, metrics: Metrics) -> Self {
        Self {
            limits,
            open: Arc::default(),
            metrics,
        }
    }

    /// A place for a connection from `peer`; `None` if there is none, which is counted.
    pub(super) fn admit(&self, peer: IpAddr, is_proxy: bool) -> Option<Admission> {
        let network = (!is_proxy).then(|| network(peer));
        let mut open = self.open.lock().expect(NO_PANIC);
        let of_network = network.and_then(|network| open.by_network.get(&network));
        if open.all >= self.limits.all {
            self.metrics.connection_refused("all");
            return None;
        }
        if of_network.is_some_and(|open| *open >= self.limits.per_address) {
            self.metrics.connection_refused("address");
            return None;
        }
        open.all += 1;
        if let Some(network) = network {
            *open.by_network.entry(network).or_default() += 1;
        }
        self.metrics.connection_opened();
        Some(Admission {
            admissions: self.clone(),
            network,
        })
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut open = self.admissions.open.lock().expect(NO_PANIC);
        open.all -= 1;
        if let Some(network) = self.network
            && let Some(count) = open.by_network.get_mut(&network)
        {
            *count -= 1;
            if *count == 0 {
                open.by_network.remove(&network);
            }
        }
        self.admissions.metrics.connection_closed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admissions(all: usize, per_address: usize) -> Admissions {
        Admissions::new(ConnectionLimits { all, per_address }, Metrics::new())
    }

    #[test]
    fn a_network_gets_its_share_and_a_closed_connection_frees_its_place() {
        let admissions = admissions(10, 2);
        let admit = |address: &str| admissions.admit(address.parse().unwrap(), false);
        let (first, second) = (admit("2001:db8::1"), admit("2001:db8::2"));
        assert!(first.is_some() && second.is_some());
        assert!(admit("2001:db8::3").is_none());
        assert!(admit("2001:db8:0:1::3").is_some());
        drop(first);
        let third = admit("2001:db8::3");
        assert!(third.is_some());
        assert!(admit("2001:db8::4").is_none());
        drop((second, third));
        assert!(admissions.open.lock().unwrap().by_network.is_empty());
    }

    #[test]
    fn a_proxy_has_no_share_but_the_end_is_the_end_for_all() {
        let admissions = admissions(2, 1);
        let proxy = "192.0.2.1".parse().unwrap();
        let places = [admissions.admit(proxy, true), admissions.admit(proxy, true)];
        assert!(places.iter().all(Option::is_some));
        assert!(admissions.admit(proxy, true).is_none());
        assert!(
            admissions
                .admit("192.0.2.2".parse().unwrap(), false)
                .is_none()
        );
    }
}

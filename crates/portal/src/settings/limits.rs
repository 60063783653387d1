//! `[limits]`: how often somebody may do something.

use kazasu_service::limits::Quota;
use kazasu_service::listener::ConnectionLimits;
use kazasu_service::settings::Problems;
use serde::Deserialize;
use std::num::NonZeroU32;

/// How often somebody may do something. A quota of zero a minute is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests of one IPv4 address or IPv6 /64.
    pub address: Quota,
    /// Procedures started from one IPv4 address or IPv6 /64: each writes to the database.
    pub start: Quota,
    /// Connections open at the same time.
    pub connections: usize,
    /// Connections of one IPv4 address or IPv6 /64 that is no trusted proxy.
    pub connections_per_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let quota = |per_minute, burst| Quota {
            per_minute,
            burst: NonZeroU32::new(burst).expect("each below is more than zero"),
        };
        let ConnectionLimits { all, per_address } = ConnectionLimits::default();
        Self {
            // A whole campus may be behind one address.
            address: quota(3000, 1000),
            start: quota(300, 100),
            connections: all,
            connections_per_address: per_address,
        }
    }
}

impl Limits {
    pub(super) fn check(&self, problems: &mut Problems) {
        self.connections().check(problems);
    }

    /// How many connections are allowed.
    pub(crate) fn connections(&self) -> ConnectionLimits {
        ConnectionLimits {
            all: self.connections,
            per_address: self.connections_per_address,
        }
    }
}

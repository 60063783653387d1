//! What a directory is asked to change: recorded before, completed after, and finished by whoever
//! comes next where a crash or an outage came between.

mod issue;
mod reconcile;

pub(crate) use issue::{Issue, Issued, IssuedSecret, Issuing, NotIssued, Wanted, issue, note};
pub(crate) use reconcile::{NOT_DONE, keep_reconciling};

use std::time::Duration;

/// Seconds in which whoever works on an operation is left alone. They say again and again that they
/// still do, so that nobody is at it any more when it is taken over.
pub(crate) const LEASE: i64 = 15;
/// How often they say so.
pub(crate) const RENEW: Duration = Duration::from_secs(3);

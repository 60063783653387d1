//! What a directory is asked to change: recorded before, completed after, and finished by whoever
//! comes next where a crash or an outage came between.

mod issue;
mod reconcile;

pub(crate) use issue::{Issue, Issued, Issuing, NotIssued, Wanted, issue};
pub(crate) use reconcile::keep_reconciling;

/// Seconds in which whoever works on an operation is left alone: longer than any directory is
/// waited for, so that nobody is at it any more when it is taken over.
pub(crate) const LEASE: i64 = 60;

//! `[lifetimes]`: how long things live.

use kazasu_service::settings::Problems;

/// How long things live, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs)] // the names say it
pub struct Lifetimes {
    pub pushed_request: i64,
    pub transaction: i64,
    pub ticket: i64,
    pub pairing: i64,
    pub challenge: i64,
    pub accepted: i64,
    pub code: i64,
    pub id_token: i64,
    pub row: i64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            pushed_request: 60,
            transaction: 600,
            ticket: 120,
            pairing: 120,
            challenge: 180,
            accepted: 120,
            code: 60,
            id_token: 300,
            row: 86_400,
        }
    }
}

pub(super) fn check(problems: &mut Problems, lifetimes: &Lifetimes) {
    let Lifetimes {
        pushed_request,
        transaction,
        ticket,
        pairing,
        challenge,
        accepted,
        code,
        id_token,
        row,
    } = *lifetimes;
    let all = [
        pushed_request,
        transaction,
        ticket,
        pairing,
        challenge,
        accepted,
        code,
        id_token,
        row,
    ];
    if all
        .iter()
        .any(|seconds| !(1..=7 * 86_400).contains(seconds))
    {
        problems.add("lifetimes: each must be between one second and a week");
    }
    // The row remembers that its pushed request was used, and whose tap is under way.
    if row < pushed_request.max(transaction.saturating_add(accepted)) {
        problems.add("lifetimes.row: must outlast pushed_request, and transaction with accepted");
    }
}

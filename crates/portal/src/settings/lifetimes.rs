//! `[lifetimes]` and `[retention]`: how long things live, and how long what is over is kept.

use kazasu_service::settings::Problems;
use serde::Deserialize;

const DAY: i64 = 86_400;

/// How long things live, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lifetimes {
    /// A browser's session, from its first procedure on.
    pub session: i64,
    /// A procedure, from start to end.
    pub procedure: i64,
    /// What a tap or a sign-in opens.
    pub evidence: i64,
    /// Until a new link can be used to recover. In this time the earlier card, or whoever is told
    /// about it, can object.
    pub maturity: i64,
    /// For so long prior contacts are told, too, and "this was not me" works.
    pub objection: i64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            session: 3600,
            procedure: 1800,
            evidence: 600,
            maturity: DAY,
            objection: 30 * DAY,
        }
    }
}

/// How long what is over is kept, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Links that ended, and what was issued.
    pub history: i64,
    /// How often contacts of linked accounts are read anew.
    pub contacts_refresh: i64,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            history: 180 * DAY,
            contacts_refresh: DAY,
        }
    }
}

impl Lifetimes {
    pub(super) fn check(&self, problems: &mut Problems) {
        let short = [
            ("session", self.session),
            ("procedure", self.procedure),
            ("evidence", self.evidence),
        ];
        for (key, seconds) in short {
            if !(1..=DAY).contains(&seconds) {
                problems.add(format!("lifetimes.{key}: must be one second to one day"));
            }
        }
        if !(0..=30 * DAY).contains(&self.maturity) {
            problems.add("lifetimes.maturity: must be at most 30 days");
        }
        if self.maturity == 0 {
            problems.warn("lifetimes.maturity: nobody can object to a link before it is used");
        }
        if !(DAY..=366 * DAY).contains(&self.objection) || self.objection < self.maturity {
            problems.add("lifetimes.objection: must be one day to a year, and outlast maturity");
        }
    }
}

impl Retention {
    pub(super) fn check(&self, problems: &mut Problems, lifetimes: &Lifetimes) {
        if self.history < lifetimes.objection {
            problems.add("retention.history: must outlast lifetimes.objection");
        }
        if !(60..=7 * DAY).contains(&self.contacts_refresh) {
            problems.add("retention.contacts_refresh: must be one minute to a week");
        }
    }
}

//! `[lineage]`: where renewed certificates find their predecessors.

use super::revocation::timeout;
use kazasu_service::settings::{Problems, web};
use serde::Deserialize;
use std::time::Duration;
use url::Url;

/// Where lineage is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// The lineage service.
    pub url: Url,
    /// How long it may take.
    pub timeout: Duration,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LineageTable {
    url: Option<Url>,
    timeout_ms: u64,
}

impl Default for LineageTable {
    fn default() -> Self {
        Self {
            url: None,
            timeout_ms: 3000,
        }
    }
}

impl LineageTable {
    pub(super) fn check(self, problems: &mut Problems) -> Option<Lineage> {
        let timeout = timeout(problems, "lineage", self.timeout_ms);
        let url = problems.required("lineage.url", self.url)?;
        // An answer is only as good as the connection it came over.
        if !web::is_web(&url) {
            problems.add("lineage.url: must be https, or http on loopback");
        }
        web::warn_of_placeholder(problems, "lineage.url", &url);
        Some(Lineage { url, timeout })
    }
}

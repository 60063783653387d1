//! `[revocation]`: where revocation is asked.

use kazasu_service::settings::Problems;
use serde::Deserialize;
use std::time::Duration;
use url::Url;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RevocationTable {
    ocsp_url: Option<Url>,
    timeout_ms: u64,
}

impl Default for RevocationTable {
    fn default() -> Self {
        Self {
            ocsp_url: None,
            timeout_ms: 3000,
        }
    }
}

impl RevocationTable {
    /// The responder's address, and how long an answer may take.
    pub(super) fn check(self, problems: &mut Problems) -> Option<(Url, Duration)> {
        let url = problems.required("revocation.ocsp_url", self.ocsp_url)?;
        // Its answers are signed, so that plain http will do.
        if !matches!(url.scheme(), "https" | "http") {
            problems.add("revocation.ocsp_url: must be https or http");
        }
        Some((url, Duration::from_millis(self.timeout_ms)))
    }
}

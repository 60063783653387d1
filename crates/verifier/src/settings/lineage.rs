//! `[lineage]`: where renewed certificates find their predecessors.

use kazasu_service::settings::{Problems, web};
use serde::Deserialize;
use url::Url;

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LineageTable {
    url: Option<Url>,
}

impl LineageTable {
    pub(super) fn check(self, problems: &mut Problems) -> Option<Url> {
        let url = problems.required("lineage.url", self.url)?;
        // An answer is only as good as the connection it came over.
        if !web::is_web(&url) {
            problems.add("lineage.url: must be https, or http on loopback");
        }
        Some(url)
    }
}

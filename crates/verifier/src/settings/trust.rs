//! `[trust]`: whose certificates are accepted.

use kazasu_service::settings::Problems;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Whose certificates are accepted; the two never mix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// The embedded JPKI anchors.
    Production,
    /// Test anchors, DER.
    Test(Vec<Vec<u8>>),
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TrustTable {
    hierarchy: Option<Hierarchy>,
    test_anchors: Vec<PathBuf>,
}

#[derive(Deserialize, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Hierarchy {
    Production,
    Test,
}

impl TrustTable {
    pub(super) fn check(self, problems: &mut Problems, folder: &Path) -> Option<Trust> {
        match problems.required("trust.hierarchy", self.hierarchy)? {
            Hierarchy::Production if self.test_anchors.is_empty() => Some(Trust::Production),
            Hierarchy::Production => {
                problems.add("trust.test_anchors: only with hierarchy = \"test\"");
                None
            }
            Hierarchy::Test => {
                problems.warn(
                    "trust.hierarchy = \"test\": anybody can make such cards; for trials only",
                );
                if self.test_anchors.is_empty() {
                    problems.add("trust.test_anchors: name at least one file");
                }
                Some(Trust::Test(read_all(problems, &self.test_anchors, folder)))
            }
        }
    }
}

fn read_all(problems: &mut Problems, paths: &[PathBuf], folder: &Path) -> Vec<Vec<u8>> {
    let mut anchors = Vec::new();
    for path in paths {
        match std::fs::read(folder.join(path)) {
            Ok(der) => anchors.push(der),
            Err(error) => problems.add(format!("trust.test_anchors: {}: {error}", path.display())),
        }
    }
    anchors
}

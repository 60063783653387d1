//! `[audit]`: who tampers with events is seen.

use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Where the audit's heads go besides the database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditSettings {
    /// The file signed heads are appended to.
    pub export: Option<PathBuf>,
}

/// `[audit]`.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct AuditTable {
    export: Option<PathBuf>,
}

impl AuditTable {
    /// A relative path starts at `folder`.
    pub fn check(self, folder: &Path) -> AuditSettings {
        AuditSettings {
            export: self.export.map(|path| folder.join(path)),
        }
    }
}

//! Settings: one TOML file, overlaid by environment variables, checked as a whole before anything
//! starts, so that one attempt shows everything that is wrong.
//!
//! A table is a struct with `#[serde(default, deny_unknown_fields)]`. What must be there is an
//! `Option` that [`Problems::required`] unwraps; a required field without `Option` works too, but
//! ends the search for further problems when it is missing.

mod audit;
mod layers;
mod listening;
mod pages;
mod problems;
#[cfg(test)]
mod tests;
pub mod web;

pub use audit::{AuditSettings, AuditTable};
pub use layers::Layers;
pub use listening::{AdminTable, Listening, ListeningTables};
pub use pages::PagesTable;
pub use problems::{Checked, Problems};

use std::path::PathBuf;

/// Why settings are refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("{path} cannot be read")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The text is not TOML, or says what cannot be; everything that was found.
    #[error("the settings cannot be used:\n{}", .0.iter().map(|p| format!("  - {p}")).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<String>),
}

//! The commands that every server has beside serving. What a person reads goes to standard output,
//! what went wrong to standard error; `--json` writes one JSON document for programs instead.
//!
//! A command is a struct for clap, with the program's own arguments that say which configuration in
//! it, `C`. The program reads its settings, and hands over what the command works on.

mod audit;
mod backup;
mod check_config;
mod documents;
pub mod init;
mod migrate;
pub mod serve;

pub use audit::{Audit, AuditCommand, Export, HeadError, HeadOf, Verify};
pub use backup::{Backup, Restore};
pub use check_config::{CheckConfig, Findings};
pub use documents::{Completions, Man};
pub use migrate::Migrate;

use crate::settings::Checked;
use std::time::{SystemTime, UNIX_EPOCH};

/// The settings; warnings go to standard error.
pub fn with_warnings_told<T>(checked: Checked<T>) -> T {
    for warning in &checked.warnings {
        eprintln!("warning: {warning}");
    }
    checked.settings
}

/// Seconds since the Unix epoch.
pub fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("this year is after 1970");
    i64::try_from(since.as_secs()).expect("seconds fit for a long time")
}

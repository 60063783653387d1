//! `check-config`.

use crate::settings::{Checked, SettingsError};
use clap::Args;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Say everything that is wrong with a configuration and its keys, without starting anything.
#[derive(Args)]
pub struct CheckConfig<C: Args> {
    #[command(flatten)]
    #[allow(missing_docs)] // its own arguments say it
    pub config: C,
    /// Write {"problems": […], "warnings": […]}.
    #[arg(long)]
    json: bool,
}

impl<C: Args> CheckConfig<C> {
    /// Says what was wrong when the file at `path` was `read`. If it can be used, `further` looks
    /// at what it names, such as keys, and returns the problems.
    ///
    /// # Errors
    /// [`SettingsError::File`]: nothing could be checked.
    pub fn run<T>(
        self,
        path: &Path,
        read: Result<Checked<T>, SettingsError>,
        further: impl FnOnce(&T) -> Vec<String>,
    ) -> Result<ExitCode, SettingsError> {
        let (problems, warnings) = match read {
            Ok(checked) => (further(&checked.settings), checked.warnings),
            Err(SettingsError::Invalid(problems)) => (problems, Vec::new()),
            Err(error) => return Err(error),
        };
        if self.json {
            println!("{}", json!({ "problems": problems, "warnings": warnings }));
        } else {
            for problem in &problems {
                println!("problem: {problem}");
            }
            for warning in &warnings {
                println!("warning: {warning}");
            }
            if problems.is_empty() {
                println!("{}: can be used", path.display());
            }
        }
        Ok(match problems.is_empty() {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        })
    }
}

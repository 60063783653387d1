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

/// What was found, a sentence each.
#[derive(Default)]
pub struct Findings {
    /// With these the server does not start, or not as it should.
    pub problems: Vec<String>,
    /// What is probably not meant, or not so now.
    pub warnings: Vec<String>,
}

impl<C: Args> CheckConfig<C> {
    /// Says what was wrong when the file at `path` was `read`. If it can be used, `further` looks
    /// at what it names, such as keys.
    ///
    /// # Errors
    /// [`SettingsError::File`]: nothing could be checked.
    pub fn run<T>(
        self,
        path: &Path,
        read: Result<Checked<T>, SettingsError>,
        further: impl FnOnce(&T) -> Findings,
    ) -> Result<ExitCode, SettingsError> {
        let Findings { problems, warnings } = match read {
            Ok(checked) => {
                let mut found = further(&checked.settings);
                found.warnings.splice(..0, checked.warnings);
                found
            }
            Err(SettingsError::Invalid(problems)) => Findings {
                problems,
                ..Findings::default()
            },
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

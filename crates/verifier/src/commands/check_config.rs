//! `check-config`.

use super::Config;
use anyhow::Context as _;
use clap::Args;
use kazasu_verifier::{Keys, Settings, SettingsError};
use serde_json::json;
use std::process::ExitCode;

/// Say everything that is wrong with a configuration and its keys, without starting anything.
#[derive(Args)]
pub(crate) struct CheckConfig {
    #[command(flatten)]
    config: Config,
    /// Write {"problems": […], "warnings": […]}.
    #[arg(long)]
    json: bool,
}

impl CheckConfig {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let path = &self.config.config;
        let (problems, warnings) = match Settings::read(path, std::env::vars_os()) {
            Ok(checked) => (keys_problem(&checked.settings), checked.warnings),
            Err(SettingsError::Invalid(problems)) => (problems, Vec::new()),
            Err(error) => return Err(error).context("nothing could be checked"),
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

fn keys_problem(settings: &Settings) -> Vec<String> {
    let problem = |error: anyhow::Error| format!("keys: {error:#}");
    let loaded = Keys::load(&settings.keys).map_err(anyhow::Error::from);
    loaded.err().map(problem).into_iter().collect()
}

//! `check-config`, with the verifier's keys.

use super::Config;
use anyhow::Context as _;
use kazasu_service::commands::{CheckConfig, Findings};
use kazasu_verifier::{Keys, Settings};
use std::process::ExitCode;

pub(crate) fn run(command: CheckConfig<Config>) -> anyhow::Result<ExitCode> {
    let path = command.config.config.clone();
    let read = Settings::read(&path, std::env::vars_os());
    command
        .run(&path, read, keys_problem)
        .context("nothing could be checked")
}

fn keys_problem(settings: &Settings) -> Findings {
    let problem = |error: anyhow::Error| format!("keys: {error:#}");
    let loaded = Keys::load(&settings.keys).map_err(anyhow::Error::from);
    Findings {
        problems: loaded.err().map(problem).into_iter().collect(),
        ..Findings::default()
    }
}

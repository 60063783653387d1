//! `check-config`, with the portal's keys.

use super::Config;
use anyhow::Context as _;
use kazasu_portal::{Keys, Settings};
use kazasu_service::commands::CheckConfig;
use std::process::ExitCode;

pub(crate) fn run(command: CheckConfig<Config>) -> anyhow::Result<ExitCode> {
    let path = command.config.config.clone();
    let read = Settings::read(&path, std::env::vars_os());
    command
        .run(&path, read, keys_problem)
        .context("nothing could be checked")
}

fn keys_problem(settings: &Settings) -> Vec<String> {
    let problem = |error: anyhow::Error| format!("keys: {error:#}");
    let loaded = Keys::load(&settings.keys).map_err(anyhow::Error::from);
    loaded.err().map(problem).into_iter().collect()
}

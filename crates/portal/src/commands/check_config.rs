//! `check-config`, with the portal's keys and the secrets that its settings name.

use super::Config;
use anyhow::Context as _;
use kazasu_portal::{Keys, Settings};
use kazasu_service::commands::CheckConfig;
use std::process::ExitCode;

pub(crate) fn run(command: CheckConfig<Config>) -> anyhow::Result<ExitCode> {
    let path = command.config.config.clone();
    let read = Settings::read(&path, std::env::vars_os());
    command
        .run(&path, read, secrets)
        .context("nothing could be checked")
}

fn secrets(settings: &Settings) -> Vec<String> {
    let keys = Keys::load(&settings.keys).map(drop);
    let keys = keys.map_err(|error| ("keys", anyhow::Error::from(error)));
    let others = settings.secrets().into_iter().map(|(place, secret)| {
        let read = secret.read().map(drop);
        read.map_err(|error| (place, anyhow::Error::from(error)))
    });
    std::iter::once(keys)
        .chain(others)
        .filter_map(Result::err)
        .map(|(place, error)| format!("{place}: {error:#}"))
        .collect()
}

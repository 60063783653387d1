//! `check-config`, with the portal's keys, the secrets that its settings name, and an LDAP server.

use super::Config;
use anyhow::Context as _;
use kazasu_portal::directory::ldap::Ldap;
use kazasu_portal::directory::{Directory as _, DirectoryError};
use kazasu_portal::{DirectorySettings, Keys, Settings};
use kazasu_service::commands::{CheckConfig, Findings};
use std::process::ExitCode;

pub(crate) fn run(command: CheckConfig<Config>) -> anyhow::Result<ExitCode> {
    let path = command.config.config.clone();
    let read = Settings::read(&path, std::env::vars_os());
    command
        .run(&path, read, look)
        .context("nothing could be checked")
}

fn look(settings: &Settings) -> Findings {
    let mut found = Findings {
        problems: secrets(settings),
        ..Findings::default()
    };
    let told = |error: anyhow::Error| format!("directory: {error:#}");
    if let DirectorySettings::Ldap(ldap) = &settings.directory {
        match Ldap::new((**ldap).clone()) {
            Err(error) => found.problems.push(told(error.into())),
            // Without the bind password there is no need to ask.
            Ok(ldap) if found.problems.is_empty() => {
                // The portal starts without it, and it may be back by then.
                let away = ask(&ldap).err();
                found.warnings.extend(away.map(|error| told(error.into())));
            }
            Ok(_) => {}
        }
    }
    found
}

#[tokio::main(flavor = "current_thread")]
async fn ask(ldap: &Ldap) -> Result<(), DirectoryError> {
    ldap.check().await
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

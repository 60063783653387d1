//! The commands beside serving. What a person reads goes to standard output, what went wrong to
//! standard error; `--json` writes one JSON document for programs instead.

pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod check_config;
pub(crate) mod documents;
pub(crate) mod erase;
pub(crate) mod init;
pub(crate) mod keys;
pub(crate) mod migrate;
pub(crate) mod notify;
pub(crate) mod relying_party;

use clap::Args;
use kazasu_verifier::{Settings, SettingsError};
use std::path::PathBuf;

/// Which configuration.
#[derive(Args)]
pub(crate) struct Config {
    /// The configuration, TOML. Environment variables such as KAZASU_VERIFIER__LISTEN overlay it.
    #[arg(long, value_name = "FILE", default_value = "/etc/kazasu/verifier.toml")]
    pub(crate) config: PathBuf,
}

impl Config {
    /// The settings; warnings go to standard error.
    pub(crate) fn read(&self) -> Result<Settings, SettingsError> {
        let checked = Settings::read(&self.config, std::env::vars_os())?;
        for warning in &checked.warnings {
            eprintln!("warning: {warning}");
        }
        Ok(checked.settings)
    }
}

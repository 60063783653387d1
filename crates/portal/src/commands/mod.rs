//! The commands beside serving: those that only the portal has, and what it hands to those that
//! every server has.

pub(crate) mod audit;
pub(crate) mod check_config;
pub(crate) mod database;
pub(crate) mod directory;
pub(crate) mod init;
pub(crate) mod jwks;
pub(crate) mod unfreeze;

use clap::Args;
use kazasu_portal::{Settings, SettingsError};
use kazasu_service::commands::with_warnings_told;
use std::path::PathBuf;

/// Which configuration.
#[derive(Args)]
pub(crate) struct Config {
    /// The configuration, TOML. Environment variables such as KAZASU_PORTAL__LISTEN overlay it.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "/etc/kazasu-portal/portal.toml"
    )]
    pub(crate) config: PathBuf,
}

impl Config {
    /// The settings; warnings go to standard error.
    pub(crate) fn read(&self) -> Result<Settings, SettingsError> {
        Settings::read(&self.config, std::env::vars_os()).map(with_warnings_told)
    }
}

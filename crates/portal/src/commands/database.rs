//! `migrate`, `backup` and `restore`, on the portal's database.

use super::Config;
use kazasu_portal::MIGRATIONS;
use kazasu_service::commands::{Backup, Migrate, Restore, now};
use std::process::ExitCode;

/// Whose backups these are.
const PROGRAM: &str = env!("CARGO_PKG_NAME");

pub(crate) fn migrate(command: Migrate<Config>) -> anyhow::Result<ExitCode> {
    let settings = command.config.read()?;
    Ok(command.run(&settings.database, MIGRATIONS)?)
}

pub(crate) fn backup(command: Backup<Config>) -> anyhow::Result<ExitCode> {
    let settings = command.config.read()?;
    Ok(command.run(&settings.database, PROGRAM, now())?)
}

pub(crate) fn restore(command: Restore<Config>) -> anyhow::Result<ExitCode> {
    let settings = command.config.read()?;
    Ok(command.run(&settings.database, MIGRATIONS, PROGRAM, now())?)
}

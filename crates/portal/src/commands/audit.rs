//! `audit`, on the portal's database and keys.

use super::Config;
use kazasu_portal::{Keys, Settings, open_database};
use kazasu_service::commands::{Audit, AuditCommand, now};
use kazasu_service::store::{Schema, Store};
use std::process::ExitCode;

#[tokio::main]
pub(crate) async fn run(command: Audit<Config>) -> anyhow::Result<ExitCode> {
    Ok(match command.command {
        AuditCommand::Verify(command) => {
            let (settings, store) = open(&command.config)?;
            let keys = Keys::load(&settings.keys)?.audit_public_keys();
            let export = settings.audit.export;
            command.run(&store, &keys, export, now()).await?
        }
        AuditCommand::Head(command) => {
            let (_, store) = open(&command.config)?;
            command.run(&store).await?
        }
        AuditCommand::Export(command) => {
            let (_, store) = open(&command.config)?;
            command.run(&store).await?
        }
    })
}

fn open(config: &Config) -> anyhow::Result<(Settings, Store)> {
    let settings = config.read()?;
    let store = open_database(&settings.database, Schema::Check)?;
    Ok((settings, store))
}

//! `backup` and `restore`.

use super::Config;
use clap::Args;
use kazasu_service::audit::{self, Details};
use kazasu_service::store::{Schema, backup};
use kazasu_verifier::{MIGRATIONS, open_database};
use std::path::PathBuf;
use std::process::ExitCode;

/// Whose backups these are.
const PROGRAM: &str = env!("CARGO_PKG_NAME");

/// Write everything in the database, as it is at one moment, to a new file. The server may run.
///
/// The file is the same for SQLite and PostgreSQL. The keys are not in it: they are backed up apart
/// from it, because both together tell who is who.
#[derive(Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    config: Config,
    /// Where to; an existing file is never overwritten.
    file: PathBuf,
}

/// Fill an empty database from a backup. The server must not run.
#[derive(Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    config: Config,
    /// The backup.
    file: PathBuf,
}

impl Backup {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.config.read()?;
        let rows = backup::backup(&settings.database, PROGRAM, crate::now(), &self.file)?;
        println!("{rows} rows written to {}", self.file.display());
        Ok(ExitCode::SUCCESS)
    }
}

impl Restore {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.config.read()?;
        let (header, rows) = backup::restore(&settings.database, MIGRATIONS, PROGRAM, &self.file)?;
        let store = open_database(&settings.database, Schema::Check)?;
        let made_at = header.created_at.to_string();
        let details = Details::default().with("backup_made_at", made_at.as_str());
        let recorded = store.write(move |c| audit::record(c, crate::now(), "restored", &details));
        tokio::runtime::Runtime::new()?.block_on(recorded)?;
        println!("{rows} rows restored from {}", self.file.display());
        Ok(ExitCode::SUCCESS)
    }
}

//! `backup` and `restore`.

use crate::audit::{self, Details};
use crate::store::backup::{self, BackupError};
use crate::store::{Location, Migration, Schema, Store};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Write everything in the database, as it is at one moment, to a new file. The server may run.
///
/// The file is the same for SQLite and PostgreSQL. The keys are not in it: they are backed up apart
/// from it, because both together tell who is who.
#[derive(Args)]
pub struct Backup<C: Args> {
    #[command(flatten)]
    #[allow(missing_docs)] // its own arguments say it
    pub config: C,
    /// Where to; an existing file is never overwritten.
    file: PathBuf,
}

/// Fill an empty database from a backup. The server must not run.
#[derive(Args)]
pub struct Restore<C: Args> {
    #[command(flatten)]
    #[allow(missing_docs)] // its own arguments say it
    pub config: C,
    /// The backup.
    file: PathBuf,
}

impl<C: Args> Backup<C> {
    /// Writes it, as one of `program`. Blocks, and must not be called from within an asynchronous
    /// task.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn run(
        self,
        database: &Location,
        program: &str,
        now: i64,
    ) -> Result<ExitCode, BackupError> {
        let rows = backup::backup(database, program, now, &self.file)?;
        println!("{rows} rows written to {}", self.file.display());
        Ok(ExitCode::SUCCESS)
    }
}

impl<C: Args> Restore<C> {
    /// Fills the database from a backup of `program`, and records that. Blocks, and must not be
    /// called from within an asynchronous task.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn run(
        self,
        database: &Location,
        migrations: &'static [Migration],
        program: &str,
        now: i64,
    ) -> Result<ExitCode, BackupError> {
        let (header, rows) = backup::restore(database, migrations, program, &self.file)?;
        let store = Store::open(database, migrations, Schema::Check)?;
        let made_at = header.created_at.to_string();
        let details = Details::default().with("backup_made_at", made_at.as_str());
        let recorded = store.write(move |c| audit::record(c, now, "restored", &details));
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        // The store's own threads do what has to wait.
        let runtime = runtime.expect("without timers and sockets there is nothing to fail");
        runtime.block_on(recorded)?;
        println!("{rows} rows restored from {}", self.file.display());
        Ok(ExitCode::SUCCESS)
    }
}

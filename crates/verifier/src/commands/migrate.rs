//! `migrate`.

use super::Config;
use clap::Args;
use kazasu_service::store::Schema;
use kazasu_verifier::open_database;
use std::process::ExitCode;

/// Bring the database's schema up to date, or make a new database. Stop older versions of the
/// server first.
#[derive(Args)]
pub(crate) struct Migrate {
    #[command(flatten)]
    config: Config,
    /// Only say whether it is up to date.
    #[arg(long)]
    check: bool,
}

impl Migrate {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.config.read()?;
        let schema = if self.check {
            Schema::Check
        } else {
            Schema::Migrate
        };
        drop(open_database(&settings.database, schema)?);
        println!("the database is up to date");
        Ok(ExitCode::SUCCESS)
    }
}

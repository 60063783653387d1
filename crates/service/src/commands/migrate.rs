//! `migrate`.

use crate::store::{Location, Migration, Schema, Store, StoreError};
use clap::Args;
use std::process::ExitCode;

/// Bring the database's schema up to date, or make a new database. Stop older versions of the
/// server first.
#[derive(Args)]
pub struct Migrate<C: Args> {
    #[command(flatten)]
    #[allow(missing_docs)] // its own arguments say it
    pub config: C,
    /// Only say whether it is up to date.
    #[arg(long)]
    check: bool,
}

impl<C: Args> Migrate<C> {
    /// Brings it to the newest of `migrations`. Blocks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn run(
        self,
        database: &Location,
        migrations: &'static [Migration],
    ) -> Result<ExitCode, StoreError> {
        let schema = if self.check {
            Schema::Check
        } else {
            Schema::Migrate
        };
        drop(Store::open(database, migrations, schema)?);
        println!("the database is up to date");
        Ok(ExitCode::SUCCESS)
    }
}

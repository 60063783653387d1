//! `unfreeze`.

use super::Config;
use anyhow::{Context as _, ensure};
use clap::Args;
use kazasu_portal::account::AccountId;
use kazasu_portal::{lift_freeze, open_database};
use kazasu_service::commands::now;
use kazasu_service::store::Schema;
use std::process::ExitCode;

/// Let an account's procedures go on after its person has proven who they are at a counter.
///
/// A directory that locked the account keeps it locked: unlock it there, too.
#[derive(Args)]
pub(crate) struct Unfreeze {
    #[command(flatten)]
    config: Config,
    /// The account.
    account: String,
}

impl Unfreeze {
    #[tokio::main]
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.config.read()?;
        let account = AccountId::parse(&self.account, settings.accounts.domain.as_deref());
        let account = account.context("this is no account's name")?;
        let store = open_database(&settings.database, Schema::Check)?;
        let lifted = lift_freeze(&store, account, now()).await?;
        ensure!(lifted, "the account is not on hold");
        println!("the account's procedures can go on");
        Ok(ExitCode::SUCCESS)
    }
}

//! `directory`.

use super::Config;
use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use kazasu_portal::account::AccountId;
use kazasu_portal::directory::builtin;
use kazasu_portal::{DirectorySettings, Settings, open_database, remove_account};
use kazasu_service::commands::now;
use kazasu_service::store::{Schema, Store};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Subcommand)]
pub(crate) enum DirectoryCommand {
    Import(Import),
    List(List),
    Show(Show),
    Unlock(Unlock),
    Remove(Remove),
}

/// Add or change accounts: a file of JSON lines, as docs/directories.md describes. All of it, or
/// nothing.
#[derive(Args)]
pub(crate) struct Import {
    #[command(flatten)]
    config: Config,
    /// The file; `-` for standard input.
    file: PathBuf,
}

/// Write every account, a line of JSON each.
#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    config: Config,
}

/// Write all there is about an account, as JSON.
#[derive(Args)]
pub(crate) struct Show {
    #[command(flatten)]
    config: Config,
    /// The account.
    account: String,
}

/// Let an account be used again that was locked, after its person has proven who they are at a
/// counter. Its password stays worthless: import a new one, or `unfreeze` it for a recovery.
#[derive(Args)]
pub(crate) struct Unlock {
    #[command(flatten)]
    config: Config,
    /// The account.
    account: String,
}

/// Remove an account and everything the directory knows about it, and end its link.
#[derive(Args)]
pub(crate) struct Remove {
    #[command(flatten)]
    config: Config,
    /// The account.
    account: String,
}

#[tokio::main]
pub(crate) async fn run(command: DirectoryCommand) -> anyhow::Result<ExitCode> {
    match command {
        DirectoryCommand::Import(command) => {
            let (settings, store) = open(&command.config)?;
            let lines = read(&command.file)?;
            let domain = settings.accounts.domain.as_deref();
            let imported = builtin::import(&store, &lines, domain, now()).await?;
            println!("{} added, {} updated", imported.added, imported.updated);
        }
        DirectoryCommand::List(command) => {
            let (_, store) = open(&command.config)?;
            for account in builtin::list(&store, now()).await? {
                println!("{}", serde_json::to_string(&account)?);
            }
        }
        DirectoryCommand::Show(command) => {
            let (settings, store) = open(&command.config)?;
            let account = parse(&settings, &command.account)?;
            let shown = builtin::show(&store, &account, now()).await?;
            let shown = shown.context("there is no such account")?;
            println!("{}", serde_json::to_string_pretty(&shown)?);
        }
        DirectoryCommand::Unlock(command) => {
            let (settings, store) = open(&command.config)?;
            let account = parse(&settings, &command.account)?;
            let unlocked = builtin::unlock(&store, &account, now()).await?;
            ensure!(unlocked, "there is no such account");
            println!("the account can be used");
        }
        DirectoryCommand::Remove(command) => {
            let (settings, store) = open(&command.config)?;
            let account = parse(&settings, &command.account)?;
            let removed = remove_account(&store, account, now()).await?;
            ensure!(removed, "there is no such account");
            println!("the account is gone");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn open(config: &Config) -> anyhow::Result<(Settings, Store)> {
    let settings = config.read()?;
    let is_builtin = matches!(settings.directory, DirectorySettings::Builtin { .. });
    ensure!(
        is_builtin,
        "the configured directory is not the built-in one"
    );
    let store = open_database(&settings.database, Schema::Check)?;
    Ok((settings, store))
}

fn parse(settings: &Settings, account: &str) -> anyhow::Result<AccountId> {
    let account = AccountId::parse(account, settings.accounts.domain.as_deref());
    account.context("this is no account's name")
}

fn read(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}

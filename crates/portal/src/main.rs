//! `kazasu-portal`: the account portal as a process.

mod commands;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use commands::Config;
use commands::directory::DirectoryCommand;
use commands::init::Init;
use commands::jwks::Jwks;
use commands::unfreeze::Unfreeze;
use kazasu_portal::{Keys, Portal, Settings};
use kazasu_service::commands::{
    Audit, Backup, CheckConfig, Completions, Man, Migrate, Restore, now, serve,
};
use kazasu_service::telemetry::Telemetry;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The account portal of Kazasu: link a card to an account, and get the account back with it.
///
/// Exits with 0 if it did what was asked, 1 if it could not, 2 if it was asked wrongly, and 3 if
/// `audit verify` found that somebody tampered with the audit.
#[derive(Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    subcommand_required = false
)]
struct Arguments {
    #[command(flatten)]
    serve: Option<Serve>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
struct Serve {
    /// The configuration, TOML. Environment variables such as KAZASU_PORTAL__LISTEN overlay it.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until SIGTERM or SIGINT; so does `--config` alone.
    Serve(Serve),
    Init(Init),
    CheckConfig(CheckConfig<Config>),
    Migrate(Migrate<Config>),
    Jwks(Jwks),
    /// Work on the built-in directory.
    Directory {
        #[command(subcommand)]
        command: DirectoryCommand,
    },
    Unfreeze(Unfreeze),
    Audit(Audit<Config>),
    Backup(Backup<Config>),
    Restore(Restore<Config>),
    Completions(Completions),
    Man(Man),
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("kazasu-portal: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let serve_alone = arguments.serve.map(Command::Serve);
    let command = arguments.command.or(serve_alone);
    match command.expect("clap requires one of the two") {
        Command::Serve(Serve { config }) => serve_until_told(config)?,
        Command::Init(command) => return command.run(),
        Command::CheckConfig(command) => return commands::check_config::run(command),
        Command::Migrate(command) => return commands::database::migrate(command),
        Command::Jwks(command) => return command.run(),
        Command::Directory { command } => return commands::directory::run(command),
        Command::Unfreeze(command) => return command.run(),
        Command::Audit(command) => return commands::audit::run(command),
        Command::Backup(command) => return commands::database::backup(command),
        Command::Restore(command) => return commands::database::restore(command),
        Command::Completions(command) => return Ok(command.run(Arguments::command())),
        Command::Man(command) => return Ok(command.run(Arguments::command())?),
    }
    Ok(ExitCode::SUCCESS)
}

#[tokio::main]
async fn serve_until_told(config: PathBuf) -> anyhow::Result<()> {
    let checked = Settings::read(&config, std::env::vars_os())?;
    let settings = checked.settings;
    let telemetry = Telemetry::start(&settings.listening.telemetry, env!("CARGO_PKG_NAME"))?;
    for warning in &checked.warnings {
        tracing::warn!("{warning}");
    }
    let keys = Keys::load(&settings.keys)?;
    let listener = serve::bind(settings.listening.address).await?;
    let admin = match settings.listening.admin {
        Some(address) => Some(serve::bind(address).await?),
        None => None,
    };
    let address = listener.local_addr()?;
    let admin_address = admin.as_ref().map(TcpListener::local_addr).transpose()?;
    let mut portal = Portal::new(settings, keys, Arc::new(now))?;
    if let Some(admin) = admin {
        portal = portal.with_admin(admin);
    }
    let shutdown = serve::told_to_end()?;
    serve::ready(address, admin_address);
    let served = portal.serve(listener, shutdown).await;
    telemetry.end().await;
    Ok(served?)
}

//! `kazasu-verifier`: the verification backend as a process.

mod commands;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use commands::Config;
use commands::erase::Erase;
use commands::init::Init;
use commands::keys::KeysCommand;
use commands::relying_party::RelyingParties;
use kazasu_service::commands::{
    Audit, Backup, CheckConfig, Completions, Man, Migrate, Restore, now, serve,
};
use kazasu_service::telemetry::Telemetry;
use kazasu_verifier::{Keys, Settings, Verifier};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The verification backend of Kazasu.
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
    /// The configuration, TOML. Environment variables such as KAZASU_VERIFIER__LISTEN overlay it.
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
    Rp(RelyingParties),
    /// Work on the keys.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    Erase(Erase),
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
            eprintln!("kazasu-verifier: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let serve_alone = arguments.serve.map(Command::Serve);
    let command = arguments.command.or(serve_alone);
    match command.expect("clap requires one of the two") {
        Command::Serve(Serve { config }) => serve_until_told(config)?,
        Command::Keys { command } => return commands::keys::run(command, now()),
        Command::Erase(command) => return command.run(),
        Command::Init(command) => return command.run(),
        Command::CheckConfig(command) => return commands::check_config::run(command),
        Command::Migrate(command) => return commands::database::migrate(command),
        Command::Rp(command) => return command.run(),
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
    let mut verifier = Verifier::new(settings, keys, Arc::new(now)).await?;
    if let Some(admin) = admin {
        verifier = verifier.with_admin(admin);
    }
    let shutdown = serve::told_to_end()?;
    serve::ready(address, admin_address);
    let served = verifier.serve(listener, shutdown).await;
    telemetry.end().await;
    Ok(served?)
}

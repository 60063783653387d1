//! `kazasu-verifier`: the verification backend as a process.

mod commands;

use anyhow::Context as _;
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use commands::audit::Audit;
use commands::backup::{Backup, Restore};
use commands::check_config::CheckConfig;
use commands::documents::{Completions, Man};
use commands::erase::Erase;
use commands::init::Init;
use commands::keys::KeysCommand;
use commands::migrate::Migrate;
use commands::relying_party::RelyingParties;
use kazasu_service::telemetry::Telemetry;
use kazasu_verifier::{Keys, Settings, Verifier};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

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
    CheckConfig(CheckConfig),
    Migrate(Migrate),
    Rp(RelyingParties),
    /// Work on the keys.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    Erase(Erase),
    Audit(Audit),
    Backup(Backup),
    Restore(Restore),
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
        Command::Serve(Serve { config }) => serve(config)?,
        Command::Keys { command } => return commands::keys::run(command, now()),
        Command::Erase(command) => return command.run(),
        Command::Init(command) => return command.run(),
        Command::CheckConfig(command) => return command.run(),
        Command::Migrate(command) => return command.run(),
        Command::Rp(command) => return command.run(),
        Command::Audit(command) => return command.run(),
        Command::Backup(command) => return command.run(),
        Command::Restore(command) => return command.run(),
        Command::Completions(command) => return Ok(command.run(Arguments::command())),
        Command::Man(command) => return command.run(Arguments::command()),
    }
    Ok(ExitCode::SUCCESS)
}

#[tokio::main]
async fn serve(config: PathBuf) -> anyhow::Result<()> {
    let checked = Settings::read(&config, std::env::vars_os())?;
    let settings = checked.settings;
    let telemetry = Telemetry::start(&settings.listening.telemetry, env!("CARGO_PKG_NAME"))?;
    for warning in &checked.warnings {
        tracing::warn!("{warning}");
    }
    let keys = Keys::load(&settings.keys)?;
    let listener = bind(settings.listening.address).await?;
    let admin = match settings.listening.admin {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let mut ready = serde_json::json!({ "ready": true, "listen": listener.local_addr()? });
    let mut verifier = Verifier::new(settings, keys, Arc::new(now)).await?;
    if let Some(admin) = admin {
        ready["admin"] = serde_json::json!(admin.local_addr()?);
        verifier = verifier.with_admin(admin);
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            // An error means that there is no such signal to wait for; SIGTERM remains.
            Ok(()) = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("ending after the requests under way");
    };
    println!("{ready}");
    commands::notify::ready();
    let served = verifier.serve(listener, shutdown).await;
    telemetry.end().await;
    Ok(served?)
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))
}

fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("this year is after 1970");
    i64::try_from(since.as_secs()).expect("seconds fit for a long time")
}

//! `kazasu-verifier`: the verification backend as a process.

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use kazasu_verifier::{Keys, Settings, Verifier};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// The verification backend of Kazasu.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(flatten)]
    serve: Option<Serve>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
struct Serve {
    /// The configuration, TOML. Serves until SIGTERM or SIGINT.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Work on the keys file.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Write fresh keys to a new file that only its owner can read.
    New {
        /// Where; an existing file is never overwritten.
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kazasu-verifier: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    match (arguments.command, arguments.serve) {
        (
            Some(Command::Keys {
                command: KeysCommand::New { file },
            }),
            _,
        ) => Ok(Keys::create(&file)?),
        (None, Some(Serve { config })) => serve(config),
        (None, None) => anyhow::bail!("name a configuration: --config FILE"),
    }
}

#[tokio::main]
async fn serve(config: PathBuf) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let checked = Settings::read(&config, std::env::vars_os())?;
    for warning in &checked.warnings {
        tracing::warn!("{warning}");
    }
    let settings = checked.settings;
    let keys = Keys::load(&settings.keys)?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    let address = listener.local_addr()?;
    let verifier = Verifier::new(settings, keys, Arc::new(now))?;
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            // An error means that there is no such signal to wait for; SIGTERM remains.
            Ok(()) = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("ending after the requests under way");
    };
    println!("{{\"ready\":true,\"listen\":\"{address}\"}}");
    verifier
        .serve(listener, shutdown)
        .await
        .context("the listener failed")
}

fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("this year is after 1970");
    i64::try_from(since.as_secs()).expect("seconds fit for a long time")
}

//! `kazasu-emulator`: a My Number card, its readers and its authority, in one process.

use anyhow::{Context, bail};
use clap::Parser;
use kazasu_emulator::authority::{self, Authority, AuthorityOptions};
use kazasu_emulator::control::{self, Emulator};
use kazasu_emulator::holder::{Holder, HolderError};
use kazasu_emulator::reader::{VirtualPn532, VpcdCard, VpcdMode};
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Where vpcd listens unless told otherwise (vsmartcard's default port, 0x8C7B).
const VPCD_DEFAULT: &str = "127.0.0.1:35963";

/// A My Number card, its readers and its certificate authority in software.
#[derive(Parser)]
#[command(name = "kazasu-emulator", version)]
struct Arguments {
    /// A holder file; may be given several times. Without one, the two samples are used.
    #[arg(long, value_name = "FILE")]
    holder: Vec<PathBuf>,
    /// Puts this holder's card into the field at the start. Without --control it is the first.
    #[arg(long, value_name = "ID")]
    present: Option<String>,
    /// Serves a PN532 for libnfc at this path.
    #[arg(long, value_name = "PATH")]
    pn532: Option<PathBuf>,
    /// Connects to a vpcd that listens.
    #[arg(long, value_name = "HOST:PORT", num_args = 0..=1, default_missing_value = VPCD_DEFAULT)]
    vpcd: Option<String>,
    /// Listens for a vpcd that connects.
    #[arg(long, value_name = "HOST:PORT")]
    vpcd_listen: Option<String>,
    /// Serves OCSP, CRLs, CA certificates and lineage over HTTP.
    #[arg(long, value_name = "HOST:PORT")]
    authority: Option<String>,
    /// Serves the control interface over HTTP.
    #[arg(long, value_name = "HOST:PORT")]
    control: Option<String>,
    /// Keeps the authority in this directory.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Ends when standard input does.
    #[arg(long)]
    exit_with_stdin: bool,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .init();
    let runtime = tokio::runtime::Runtime::new().expect("a process can have one runtime");
    let outcome = runtime.block_on(run(Arguments::parse()));
    // Not waited for: a read of standard input may still be under way, and never end.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kazasu-emulator: {error:#}");
            // Clap, too, ends with 2 when what it was given cannot be used.
            let unusable = error.chain().any(|cause| cause.is::<HolderError>());
            ExitCode::from(if unusable { 2 } else { 1 })
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    // Before anything else, so that a signal during the start also ends in order.
    let mut terminate = signal(SignalKind::terminate())?;
    let emulator = start_emulator(&arguments)?;
    present_first(&arguments, &emulator)?;

    let authority = match &arguments.authority {
        Some(address) => {
            let router = authority::router(emulator.authority().clone(), emulator.clock().clone());
            Some(serve(address, router).await.context("--authority")?)
        }
        None => None,
    };
    let control = match &arguments.control {
        Some(address) => {
            let router = control::router(emulator.clone());
            Some(serve(address, router).await.context("--control")?)
        }
        None => None,
    };
    let pn532 = match &arguments.pn532 {
        Some(path) => Some(
            VirtualPn532::open(path, emulator.field().clone())
                .with_context(|| format!("cannot make the PN532 at {}", path.display()))?,
        ),
        None => None,
    };
    let vpcd = start_vpcd(&arguments, &emulator).await?;

    announce(&json!({
        "ready": true,
        "authority": authority.map(|address| format!("http://{address}")),
        "control": control.map(|address| format!("http://{address}")),
        "pn532": pn532.as_ref().map(|pn532| pn532.path()),
        "vpcd": vpcd.iter().map(|card| card.address().to_string()).collect::<Vec<_>>(),
    }))?;
    tokio::select! {
        _ = terminate.recv() => {}
        result = tokio::signal::ctrl_c() => result?,
        () = stdin_ends(), if arguments.exit_with_stdin => {}
    }
    Ok(())
}

fn start_emulator(arguments: &Arguments) -> anyhow::Result<Emulator> {
    let holders = load_holders(&arguments.holder)?;
    let clock = authority::system_clock();
    let options = AuthorityOptions::default();
    let loaded = match &arguments.state {
        Some(directory) => {
            std::fs::create_dir_all(directory)
                .with_context(|| format!("cannot make {}", directory.display()))?;
            Authority::load(directory, options.clone())?
        }
        None => None,
    };
    let authority = match loaded {
        Some(authority) => authority,
        None => Authority::new(options, clock())?,
    };
    Ok(Emulator::new(
        holders,
        authority,
        clock,
        arguments.state.clone(),
    )?)
}

fn load_holders(files: &[PathBuf]) -> anyhow::Result<Vec<Holder>> {
    if files.is_empty() {
        return Ok(Holder::samples());
    }
    files
        .iter()
        .map(|file| Holder::load(file).with_context(|| format!("--holder {}", file.display())))
        .collect()
}

fn present_first(arguments: &Arguments, emulator: &Emulator) -> anyhow::Result<()> {
    let first = emulator.first_holder();
    match (&arguments.present, &arguments.control, first) {
        (Some(id), _, _) => emulator.present(id).context("--present"),
        // Nobody could present a card later.
        (None, None, Some(id)) => emulator.present(id).context("the first holder"),
        _ => Ok(()),
    }
}

async fn start_vpcd(arguments: &Arguments, emulator: &Emulator) -> anyhow::Result<Vec<VpcdCard>> {
    let mut modes = Vec::new();
    if let Some(address) = &arguments.vpcd {
        modes.push(VpcdMode::Connect(loopback(address).context("--vpcd")?));
    }
    if let Some(address) = &arguments.vpcd_listen {
        modes.push(VpcdMode::Listen(
            loopback(address).context("--vpcd-listen")?,
        ));
    }
    let mut cards = Vec::new();
    for mode in modes {
        cards.push(VpcdCard::start(mode, emulator.field().clone()).await?);
    }
    Ok(cards)
}

/// Serves in the background; returns the address that was bound.
async fn serve(address: &str, router: axum::Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(loopback(address)?).await?;
    let bound = listener.local_addr()?;
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the server stopped");
        }
    });
    Ok(bound)
}

fn loopback(address: &str) -> anyhow::Result<SocketAddr> {
    let resolved = address
        .to_socket_addrs()
        .with_context(|| format!("{address} is not HOST:PORT"))?
        .next()
        .with_context(|| format!("{address} has no address"))?;
    if !resolved.ip().is_loopback() {
        bail!("{address} is not on this machine's loopback interface");
    }
    Ok(resolved)
}

fn announce(ready: &Value) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{ready}")?;
    stdout.flush()?;
    Ok(())
}

async fn stdin_ends() {
    let mut sink = tokio::io::sink();
    // An error also means that nothing more will come.
    let _ = tokio::io::copy(&mut tokio::io::stdin(), &mut sink).await;
}

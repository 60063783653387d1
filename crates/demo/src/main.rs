//! `./dev demo`: one tap, end to end, told on the terminal.

mod chapters;
mod narrator;
mod world;

use anyhow::{Context, Result};
use clap::Parser;
use narrator::Narrator;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use world::World;

/// Tells the story of a tap with the real binaries, on loopback and without hardware.
#[derive(Parser)]
struct Arguments {
    /// Keep databases, configuration and logs in this folder
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let temporary = tempfile::tempdir()?;
    let folder = match &arguments.keep {
        Some(folder) => {
            std::fs::create_dir_all(folder).context("--keep")?;
            folder.canonicalize()?
        }
        None => temporary.path().to_owned(),
    };
    let mut narrator = Narrator::new();
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    // Dropping the story stops every process it started.
    let outcome = tokio::select! {
        outcome = tell(&mut narrator, &folder) => outcome,
        _ = interrupted.recv() => Err(anyhow::anyhow!("interrupted")),
        _ = terminated.recv() => Err(anyhow::anyhow!("terminated")),
    };
    if let Err(error) = &outcome {
        println!("the demo could not go on: {error:#}");
    }
    if arguments.keep.is_some() {
        println!("kept in {}", folder.display());
    }
    Ok(narrator.close(outcome.is_ok()))
}

async fn tell(narrator: &mut Narrator, folder: &std::path::Path) -> Result<()> {
    narrator.chapter("Starting: emulator (cards, PN532, authority), verifier, two relying parties");
    let mut world = World::start(folder).await?;
    narrator.chapter("One person, one pseudonym for each service");
    let first = chapters::identities(narrator, &mut world).await?;
    narrator.chapter("What can happen at the card");
    chapters::at_the_card(narrator, &mut world, &first).await;
    narrator.chapter("What is refused, and why");
    chapters::refusals(narrator, &mut world).await;
    narrator.chapter("Certificates over time");
    chapters::over_time(narrator, &mut world, &first).await;
    world.stop().await
}

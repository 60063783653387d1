//! `./dev demo`: one tap, end to end, told on the terminal. With `--web`: the whole system, to try
//! in a browser.

mod chapters;
mod narrator;
mod world;

use anyhow::{Context, Result};
use clap::Parser;
use kazasu_demo::web::Web;
use narrator::Narrator;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{Signal, SignalKind, signal};
use world::World;

/// Tells the story of a tap with the real binaries, on loopback and without hardware.
#[derive(Parser)]
struct Arguments {
    /// Start everything for a browser instead, and keep it running until Ctrl-C
    #[arg(long)]
    web: bool,
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
    if arguments.web {
        return in_a_browser(&folder, arguments.keep.is_some()).await;
    }
    let mut narrator = Narrator::new();
    let mut told = Told::new()?;
    // Dropping the story stops every process it started.
    let outcome = tokio::select! {
        outcome = tell(&mut narrator, &folder) => outcome,
        () = told.end() => Err(anyhow::anyhow!("interrupted")),
    };
    if let Err(error) = &outcome {
        println!("the demo could not go on: {error:#}");
    }
    if arguments.keep.is_some() {
        println!("kept in {}", folder.display());
    }
    Ok(narrator.close(outcome.is_ok()))
}

/// Runs everything until somebody ends it.
async fn in_a_browser(folder: &std::path::Path, keep: bool) -> Result<ExitCode> {
    let mut told = Told::new()?;
    println!("Starting. The first time, links that people made before are made now.");
    // Dropping it half way stops every process it started.
    let web = tokio::select! {
        web = Web::start(folder) => web?,
        () = told.end() => return Ok(ExitCode::FAILURE),
    };
    println!("\nEverything runs on this machine. Begin here; Ctrl-C ends it.\n");
    for (name, address) in [
        ("start", &web.front),
        ("portal", &web.portal),
        ("phone", &web.phone),
        ("sign-in", &web.sign_in),
        ("verifier", &web.verifier),
    ] {
        println!("  {name:9} {address}/");
    }
    for (name, path) in [
        ("people", "people"),
        ("mailbox", "mail"),
        ("counters", "desk"),
    ] {
        println!("  {name:9} {}/{path}", web.front);
    }
    told.end().await;
    web.stop().await?;
    if keep {
        // The terminal may be what went away.
        let _ = writeln!(std::io::stdout(), "kept in {}", folder.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// The ways in which somebody ends this: by Ctrl-C, by asking, by closing the terminal. What was
/// started takes the last for a wish to read its files again, so it has to be stopped.
struct Told([Signal; 3]);

impl Told {
    fn new() -> Result<Self> {
        Ok(Self([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ]))
    }

    async fn end(&mut self) {
        let [interrupted, terminated, hung_up] = &mut self.0;
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
            _ = hung_up.recv() => {}
        }
    }
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

//! `audit`.

use super::Config;
use clap::{Args, Subcommand};
use kazasu_service::audit::{Report, events_after, newest, verify};
use kazasu_service::store::{Schema, Store};
use kazasu_verifier::{Keys, Settings, open_database};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// `audit verify` found something.
const TAMPERED: u8 = 3;

/// Events read at once.
const BATCH: i64 = 1000;

/// Look at the audit.
#[derive(Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Subcommand)]
enum AuditCommand {
    Verify(Verify),
    Head(HeadOf),
    Export(Export),
}

/// Compute the whole chain of events anew and compare it with the exported heads. Exits with 3 if
/// anything was changed, taken out or put in.
#[derive(Args)]
struct Verify {
    #[command(flatten)]
    config: Config,
    /// The export to compare with, best a copy kept elsewhere; otherwise the configured one.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// Write one JSON object.
    #[arg(long)]
    json: bool,
}

/// Write the newest signed head, a line of JSON.
#[derive(Args)]
struct HeadOf {
    #[command(flatten)]
    config: Config,
}

/// Write every event, a line of JSON each, in the order of the chain.
#[derive(Args)]
struct Export {
    #[command(flatten)]
    config: Config,
}

impl Audit {
    #[tokio::main]
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            AuditCommand::Verify(command) => command.run().await,
            AuditCommand::Head(command) => command.run().await,
            AuditCommand::Export(command) => command.run().await,
        }
    }
}

fn open(config: &Config) -> anyhow::Result<(Settings, Store)> {
    let settings = config.read()?;
    let store = open_database(&settings.database, Schema::Check)?;
    Ok((settings, store))
}

impl Verify {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let (settings, store) = open(&self.config)?;
        let keys = Keys::load(&settings.keys)?.audit_public_keys();
        // A server that has not sealed anything yet has no export.
        let configured = settings.audit.export.filter(|path| path.exists());
        let export = self.export.or(configured);
        let report = verify(&store, &keys, export.as_deref()).await?;
        let findings: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
        if self.json {
            println!("{}", as_json(&report, &findings));
        } else {
            for finding in &findings {
                println!("{finding}");
            }
            println!("{}", summary(&report));
        }
        Ok(match findings.is_empty() {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(TAMPERED),
        })
    }
}

fn as_json(report: &Report, findings: &[String]) -> serde_json::Value {
    json!({
        "findings": findings,
        "seals": report.seals,
        "events": report.events,
        "exported": report.exported,
        "head": report.head,
        "unsealed": report.unsealed,
        "unsealed_seconds": report.unsealed_since.map(|since| crate::now() - since),
    })
}

fn summary(report: &Report) -> String {
    let mut text = format!(
        "{} events under {} seals, {} exported heads compared, {} findings",
        report.events,
        report.seals,
        report.exported,
        report.findings.len()
    );
    if let Some(since) = report.unsealed_since {
        let age = crate::now() - since;
        text += &format!(
            "; {} events not sealed yet, the oldest {age} seconds old",
            report.unsealed
        );
    }
    text
}

impl HeadOf {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let (_, store) = open(&self.config)?;
        match store.read(newest).await? {
            Some(head) => println!("{}", serde_json::to_string(&head)?),
            None => anyhow::bail!("nothing was sealed yet"),
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Export {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let (_, store) = open(&self.config)?;
        let mut after = 0;
        loop {
            let events = store.read(move |c| events_after(c, after, BATCH)).await?;
            let Some(newest) = events.last() else { break };
            after = newest.sequence;
            for event in &events {
                println!("{}", serde_json::to_string(event)?);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

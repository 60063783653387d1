//! `audit`.

use crate::audit::{Report, VerifyError, events_after, newest, verify};
use crate::store::{Store, StoreError};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// `audit verify` found something.
const TAMPERED: u8 = 3;

/// Events read at once.
const BATCH: i64 = 1000;

/// Look at the audit.
#[derive(Args)]
pub struct Audit<C: Args> {
    /// At what of it.
    #[command(subcommand)]
    pub command: AuditCommand<C>,
}

#[derive(Subcommand)]
#[allow(missing_docs)] // the commands say it
pub enum AuditCommand<C: Args> {
    Verify(Verify<C>),
    Head(HeadOf<C>),
    Export(Export<C>),
}

/// Compute the whole chain of events anew and compare it with the exported heads. Exits with 3 if
/// anything was changed, taken out or put in.
#[derive(Args)]
pub struct Verify<C: Args> {
    #[command(flatten)]
    #[allow(missing_docs)] // its own arguments say it
    pub config: C,
    /// The export to compare with, best a copy kept elsewhere; otherwise the configured one.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// Write one JSON object.
    #[arg(long)]
    json: bool,
}

/// Write the newest signed head, a line of JSON.
#[derive(Args)]
pub struct HeadOf<C: Args> {
    #[command(flatten)]
    #[allow(missing_docs)] // its own arguments say it
    pub config: C,
}

/// Write every event, a line of JSON each, in the order of the chain.
#[derive(Args)]
pub struct Export<C: Args> {
    #[command(flatten)]
    #[allow(missing_docs)] // its own arguments say it
    pub config: C,
}

/// Why there is no head to write.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is none.
    #[error("nothing was sealed yet")]
    Nothing,
}

impl<C: Args> Verify<C> {
    /// Verifies with the public audit `keys` of every version. `configured` is where a server
    /// exports its heads.
    ///
    /// # Errors
    /// [`VerifyError`]: nothing is known then.
    pub async fn run(
        self,
        store: &Store,
        keys: &[[u8; 32]],
        configured: Option<PathBuf>,
        now: i64,
    ) -> Result<ExitCode, VerifyError> {
        // A server that has not sealed anything yet has no export.
        let configured = configured.filter(|path| path.exists());
        let export = self.export.or(configured);
        let report = verify(store, keys, export.as_deref()).await?;
        let findings: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
        let unsealed_seconds = report.unsealed_since.map(|since| now - since);
        if self.json {
            println!("{}", as_json(&report, &findings, unsealed_seconds));
        } else {
            for finding in &findings {
                println!("{finding}");
            }
            println!("{}", summary(&report, unsealed_seconds));
        }
        Ok(match findings.is_empty() {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(TAMPERED),
        })
    }
}

fn as_json(
    report: &Report,
    findings: &[String],
    unsealed_seconds: Option<i64>,
) -> serde_json::Value {
    json!({
        "findings": findings,
        "seals": report.seals,
        "events": report.events,
        "exported": report.exported,
        "head": report.head,
        "unsealed": report.unsealed,
        "unsealed_seconds": unsealed_seconds,
    })
}

fn summary(report: &Report, unsealed_seconds: Option<i64>) -> String {
    let mut text = format!(
        "{} events under {} seals, {} exported heads compared, {} findings",
        report.events,
        report.seals,
        report.exported,
        report.findings.len()
    );
    if let Some(age) = unsealed_seconds {
        text += &format!(
            "; {} events not sealed yet, the oldest {age} seconds old",
            report.unsealed
        );
    }
    text
}

impl<C: Args> HeadOf<C> {
    /// Writes it.
    ///
    /// # Errors
    /// [`HeadError`].
    pub async fn run(self, store: &Store) -> Result<ExitCode, HeadError> {
        let head = store.read(newest).await?.ok_or(HeadError::Nothing)?;
        println!("{}", line(&head));
        Ok(ExitCode::SUCCESS)
    }
}

impl<C: Args> Export<C> {
    /// Writes them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn run(self, store: &Store) -> Result<ExitCode, StoreError> {
        let mut after = 0;
        loop {
            let events = store.read(move |c| events_after(c, after, BATCH)).await?;
            let Some(newest) = events.last() else { break };
            after = newest.sequence;
            for event in &events {
                println!("{}", line(event));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn line(what: &impl Serialize) -> String {
    serde_json::to_string(what).expect("numbers and texts are JSON")
}

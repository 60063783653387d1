//! The verifier as a process, with a configuration written for it.

use crate::process::{Process, binary, free_port};
use crate::relying_party::Registration;
use anyhow::{Context, Result, ensure};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use tokio::process::Command;

const PORT_TRIES: u32 = 3;

/// A running verifier.
pub struct Verifier {
    /// The process; taken while it is restarted.
    process: Option<Process>,
    /// Its origin: the issuer of ID tokens and what statements sign.
    pub origin: String,
    /// The origin of its tickets.
    pub ticket_origin: String,
    folder: PathBuf,
    configuration: String,
    /// `RUST_LOG` of the process.
    log: &'static str,
}

impl Verifier {
    /// Starts a verifier that trusts the test authority at the address `authority`, whose
    /// certificate is `anchor`, and knows `relying_parties`. Its files go into `folder`;
    /// `log` is its `RUST_LOG`.
    ///
    /// # Errors
    /// If it does not get ready.
    pub async fn start(
        authority: &str,
        anchor: &[u8],
        relying_parties: &[Registration],
        folder: &Path,
        log: &'static str,
    ) -> Result<Self> {
        std::fs::write(folder.join("test-ca.der"), anchor)?;
        let keys = folder.join("keys.toml");
        let made = Command::new(binary("kazasu-verifier")?)
            .args(["keys", "new"])
            .arg(&keys)
            .output()
            .await?;
        ensure!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        // A port that was free a moment ago may be somebody else's now.
        for _ in 1..PORT_TRIES {
            let mut verifier = Self::at(free_port()?, authority, relying_parties, folder, log)?;
            if verifier.launch("").await.is_ok() {
                return Ok(verifier);
            }
        }
        let mut verifier = Self::at(free_port()?, authority, relying_parties, folder, log)?;
        verifier.launch("").await?;
        Ok(verifier)
    }

    fn at(
        port: u16,
        authority: &str,
        relying_parties: &[Registration],
        folder: &Path,
        log: &'static str,
    ) -> Result<Self> {
        // Two names for loopback: browsers keep cookies by host, so that tickets get none. Only the
        // address is ever connected to, so that no machine has to resolve a name.
        let origin = format!("http://127.0.0.1:{port}");
        let ticket_origin = format!("http://localhost:{port}");
        let listen = format!("127.0.0.1:{port}");
        let addresses = [&*origin, &ticket_origin, &listen, authority];
        let configuration = configuration(&addresses, relying_parties)?;
        Ok(Self {
            process: None,
            origin,
            ticket_origin,
            folder: folder.to_owned(),
            configuration,
            log,
        })
    }

    async fn launch(&mut self, lifetimes: &str) -> Result<()> {
        let file = self.folder.join("verifier.toml");
        std::fs::write(
            &file,
            format!("{}\n[lifetimes]\n{lifetimes}\n", self.configuration),
        )?;
        let mut command = Command::new(binary("kazasu-verifier")?);
        command.arg("--config").arg(&file).env("RUST_LOG", self.log);
        let (process, _) = Process::start("verifier", command, &self.folder).await?;
        self.process = Some(process);
        Ok(())
    }

    /// Stops it and starts it again on the same database, with other `lifetimes` (lines of TOML;
    /// none for the defaults).
    ///
    /// # Errors
    /// If it does not stop or start.
    pub async fn restart(&mut self, lifetimes: &str) -> Result<()> {
        self.process.take().context("it runs")?.stop().await?;
        self.launch(lifetimes).await
    }

    /// Kills it as a crash would, and starts it again.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn crash_and_restart(&mut self) -> Result<()> {
        self.process.take().context("it runs")?.crash().await?;
        self.launch("").await
    }

    /// Stops it.
    ///
    /// # Errors
    /// If it does not end cleanly.
    pub async fn stop(mut self) -> Result<()> {
        self.process.take().context("it runs")?.stop().await
    }
}

/// `[origin, ticket origin, listening address, authority]`.
fn configuration(addresses: &[&str; 4], relying_parties: &[Registration]) -> Result<String> {
    let [origin, ticket_origin, listen, authority] = addresses;
    let mut text = format!(
        "origin = \"{origin}\"\nticket_origin = \"{ticket_origin}\"\nlisten = \"{listen}\"\n\
         database = \"verifier.db\"\nkeys = \"keys.toml\"\n\n\
         [trust]\nhierarchy = \"test\"\ntest_anchors = [\"test-ca.der\"]\n\n\
         [revocation]\nocsp_url = \"{authority}/ocsp\"\n\n[lineage]\nurl = \"{authority}/lineage\"\n"
    );
    for party in relying_parties {
        write!(text, "\n{}", party.toml())?;
    }
    Ok(text)
}

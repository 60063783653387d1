//! The verifier as a process, with a configuration written for it.

use crate::postgres::test_database;
use crate::process::{Process, binary, free_port, reserved_port};
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
    /// Where it listens, such as `127.0.0.1:7080`.
    pub listen: String,
    /// Its database: a file in its folder, or a server's address.
    pub database: String,
    /// Where its second port listens, if it was given one.
    pub admin: Option<String>,
    name: String,
    folder: PathBuf,
    configuration: String,
    /// Lines of the table `lifetimes`, as it was started last.
    lifetimes: String,
    /// `RUST_LOG` of the process.
    log: &'static str,
    /// More environment variables of the process.
    environment: Vec<(String, String)>,
}

/// What a verifier is started with.
#[derive(Clone, Copy)]
pub struct Setup<'a> {
    /// Of its log and its configuration.
    pub name: &'a str,
    /// The address of the test authority.
    pub authority: &'a str,
    /// The test authority's certificate, DER.
    pub anchor: &'a [u8],
    /// Whom it knows.
    pub relying_parties: &'a [Registration],
    /// Where its files go. Its keys are made there, unless another verifier did so before.
    pub folder: &'a Path,
    /// `database` in its configuration.
    pub database: &'a str,
    /// Where browsers and companions reach it, `{port}` standing for the port it listens at; `None`
    /// for the address it listens at. A host that begins with `verifier.` has its tickets at
    /// `tap.`.
    pub origin: Option<&'a str>,
    /// `RUST_LOG` of the process.
    pub log: &'static str,
    /// Further lines of `[revocation]`.
    pub revocation: &'a str,
    /// Further TOML: tables other than `lifetimes`.
    pub tables: &'a str,
    /// Lines of the table `lifetimes`.
    pub lifetimes: &'a str,
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
        let database = test_database().await?;
        Self::start_with(Setup {
            name: "verifier",
            authority,
            anchor,
            relying_parties,
            folder,
            database: &database,
            origin: None,
            log,
            // The story revokes a card and taps it at once.
            revocation: "max_age = 0",
            tables: "",
            lifetimes: "",
        })
        .await
    }

    /// Starts a verifier.
    ///
    /// # Errors
    /// If it does not get ready.
    pub async fn start_with(setup: Setup<'_>) -> Result<Self> {
        Self::start_at(None, None, setup).await
    }

    /// Starts a verifier whose tickets are at the origin of a phone of the demo, and that listens
    /// at `port` if that is free.
    ///
    /// # Errors
    /// If it does not get ready.
    pub async fn start_for_phone(phone: &str, port: Option<u16>, setup: Setup<'_>) -> Result<Self> {
        Self::start_at(Some(phone), port, setup).await
    }

    async fn start_at(phone: Option<&str>, port: Option<u16>, setup: Setup<'_>) -> Result<Self> {
        std::fs::write(setup.folder.join("test-ca.der"), setup.anchor)?;
        make_keys(&setup.folder.join("keys.toml")).await?;
        // A port that was free a moment ago may be somebody else's now.
        for _ in 1..PORT_TRIES {
            let port = reserved_port(port.unwrap_or(0))?.local_addr()?.port();
            let mut verifier = Self::at(port, phone, &setup)?;
            if verifier.resume().await.is_ok() {
                return Ok(verifier);
            }
        }
        let mut verifier = Self::at(free_port()?, phone, &setup)?;
        verifier.resume().await?;
        Ok(verifier)
    }

    fn at(port: u16, phone: Option<&str>, setup: &Setup<'_>) -> Result<Self> {
        let listen = format!("127.0.0.1:{port}");
        let origin = match setup.origin {
            Some(origin) => origin.replace("{port}", &port.to_string()),
            None => format!("http://{listen}"),
        };
        // Two names for loopback: browsers keep cookies by host, so that tickets get none. Only the
        // address is ever connected to, so that no machine has to resolve a name.
        let ticket_origin = match phone {
            Some(phone) => phone.to_owned(),
            None => origin
                .replace("127.0.0.1", "localhost")
                .replace("//verifier.", "//tap."),
        };
        let configuration = configuration(&[&*origin, &ticket_origin, &listen], setup)?;
        Ok(Self {
            process: None,
            origin,
            ticket_origin,
            listen,
            database: setup.database.to_owned(),
            admin: None,
            name: setup.name.to_owned(),
            folder: setup.folder.to_owned(),
            configuration,
            lifetimes: setup.lifetimes.to_owned(),
            log: setup.log,
            environment: Vec::new(),
        })
    }

    /// Starts it again, as it was, after [`Verifier::halt`] or [`Verifier::crash`]. Returns once it
    /// is ready.
    ///
    /// # Errors
    /// If it does not get ready.
    pub async fn resume(&mut self) -> Result<()> {
        let file = self.folder.join(format!("{}.toml", self.name));
        let text = format!("{}\n[lifetimes]\n{}\n", self.configuration, self.lifetimes);
        std::fs::write(&file, text)?;
        let mut command = Command::new(binary("kazasu-verifier")?);
        command.arg("--config").arg(&file).env("RUST_LOG", self.log);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let (process, ready) = Process::start(&self.name, command, &self.folder).await?;
        self.admin = ready["admin"].as_str().map(str::to_owned);
        self.process = Some(process);
        Ok(())
    }

    /// Sets an environment variable for the next start.
    pub fn set_environment(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// The number of its process; `None` while it does not run.
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref()?.id()
    }

    /// Stops it and starts it again on the same database, with other `lifetimes` (lines of TOML;
    /// none for the defaults).
    ///
    /// # Errors
    /// If it does not stop or start.
    pub async fn restart(&mut self, lifetimes: &str) -> Result<()> {
        self.halt().await?;
        self.lifetimes = lifetimes.to_owned();
        self.resume().await
    }

    /// Kills it as a crash would, and starts it again.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn crash_and_restart(&mut self) -> Result<()> {
        self.crash().await?;
        self.resume().await
    }

    /// Asks it to end and waits for it.
    ///
    /// # Errors
    /// If it does not run, or does not end cleanly.
    pub async fn halt(&mut self) -> Result<()> {
        self.process.take().context("it runs")?.stop().await
    }

    /// Kills it as a crash would.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn crash(&mut self) -> Result<()> {
        self.process.take().context("it runs")?.crash().await
    }

    /// Stops it.
    ///
    /// # Errors
    /// If it does not end cleanly.
    pub async fn stop(mut self) -> Result<()> {
        self.halt().await
    }
}

async fn make_keys(file: &Path) -> Result<()> {
    if file.exists() {
        return Ok(());
    }
    let mut command = Command::new(binary("kazasu-verifier")?);
    let made = command.args(["keys", "new"]).arg(file).output().await?;
    ensure!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    Ok(())
}

/// `[origin, ticket origin, listening address]`.
fn configuration(addresses: &[&str; 3], setup: &Setup<'_>) -> Result<String> {
    let [origin, ticket_origin, listen] = addresses;
    let Setup {
        authority,
        database,
        revocation,
        tables,
        ..
    } = setup;
    let mut text = format!(
        "origin = \"{origin}\"\nticket_origin = \"{ticket_origin}\"\nlisten = \"{listen}\"\n\
         database = \"{database}\"\nkeys = \"keys.toml\"\n\n\
         [trust]\nhierarchy = \"test\"\ntest_anchors = [\"test-ca.der\"]\n\n\
         [revocation]\nocsp_url = \"{authority}/ocsp\"\n{revocation}\n\n[lineage]\nurl = \"{authority}/lineage\"\n\n\
         {tables}\n"
    );
    for party in setup.relying_parties {
        write!(text, "\n{}", party.toml())?;
    }
    Ok(text)
}

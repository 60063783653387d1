//! The portal as a process, with a configuration written for it.

use anyhow::{Context, Result, ensure};
use kazasu_demo::process::{Process, binary, free_port};
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// What the verifier and the sign-in call the portal.
pub const CLIENT_ID: &str = "account-portal";

/// A portal, running or stopped.
pub struct Portal {
    /// Its origin.
    pub origin: String,
    /// The public keys it proves itself with: a JWK Set.
    pub jwks: String,
    /// Where its second port listens, while it runs.
    pub admin: Option<String>,
    folder: PathBuf,
    process: Option<Process>,
}

/// Where a portal's other parties are.
pub struct Parties<'a> {
    /// The verifier's origin.
    pub verifier: &'a str,
    /// The issuer of the sign-in.
    pub sign_in: &'a str,
    /// Further TOML: at least `[mail]` and `[directory]`.
    pub tables: &'a str,
}

impl Portal {
    /// Makes its keys in `folder`, and takes a port. It does not run yet: others have to know its
    /// keys first.
    ///
    /// # Errors
    /// If `kazasu-portal` is not built.
    pub async fn prepare(folder: &Path) -> Result<Self> {
        let origin = format!("http://127.0.0.1:{}", free_port()?);
        let mut portal = Self {
            origin,
            jwks: String::new(),
            admin: None,
            folder: folder.join("portal"),
            process: None,
        };
        let mut init = Command::new(binary("kazasu-portal")?);
        run(init.arg("init").arg(&portal.folder)).await?;
        portal.jwks = portal.command(&["jwks"]).await?.trim().to_owned();
        Ok(portal)
    }

    /// Its entry in the verifier's configuration.
    pub fn relying_party(&self) -> String {
        let Self { origin, jwks, .. } = self;
        format!(
            "[[relying_party]]\nid = \"{CLIENT_ID}\"\nsector = \"{CLIENT_ID}\"\n\
             name = {{ ja = \"ポータル\", en = \"Account portal\" }}\n\
             redirect_uris = [\"{origin}/callback/tap\"]\nstart_url = \"{origin}/\"\njwks = '{jwks}'\n\
             purposes = [\"view\", \"link\", \"unlink\", \"recover\"]\nclaims = [\"name\"]\n"
        )
    }

    /// Writes its configuration. `database` as in it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn configure(&self, database: &str, parties: &Parties<'_>) -> Result<()> {
        let Parties {
            verifier,
            sign_in,
            tables,
        } = parties;
        let listen = self.origin.replace("http://", "");
        let text = format!(
            "origin = \"{}\"\nlisten = \"{listen}\"\ndatabase = \"{database}\"\n\
             keys = \"portal-keys.toml\"\n\n\
             [verifier]\nissuer = \"{verifier}\"\nclient_id = \"{CLIENT_ID}\"\n\n\
             [sign_in]\nissuer = \"{sign_in}\"\nclient_id = \"{CLIENT_ID}\"\n\
             acr_values = [\"urn:example:mfa\"]\n\n\
             [admin]\nlisten = \"127.0.0.1:0\"\n\n{tables}\n",
            self.origin
        );
        Ok(std::fs::write(self.folder.join("portal.toml"), text)?)
    }

    /// Starts it; also after [`Portal::crash`], on what it left.
    ///
    /// # Errors
    /// If it does not get ready.
    pub async fn start(&mut self) -> Result<()> {
        let mut command = Command::new(binary("kazasu-portal")?);
        command
            .args(["serve", "--config"])
            .arg(self.folder.join("portal.toml"))
            .env("RUST_LOG", "info");
        let (process, ready) = Process::start("portal", command, &self.folder).await?;
        self.admin = ready["admin"].as_str().map(str::to_owned);
        self.process = Some(process);
        Ok(())
    }

    /// Kills it as a crash would.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn crash(&mut self) -> Result<()> {
        self.process.take().context("it runs")?.crash().await
    }

    /// Asks it to end, and waits for it.
    ///
    /// # Errors
    /// If it does not end cleanly.
    pub async fn stop(&mut self) -> Result<()> {
        self.process.take().context("it runs")?.stop().await
    }

    /// Runs one of its commands on its configuration, and returns what it wrote.
    ///
    /// # Errors
    /// What the command says.
    pub async fn command(&self, words: &[&str]) -> Result<String> {
        let mut command = Command::new(binary("kazasu-portal")?);
        command.args(words).arg("--config");
        run(command.arg(self.folder.join("portal.toml"))).await
    }

    /// The folder with its configuration, its keys and its log.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

async fn run(command: &mut Command) -> Result<String> {
    let done = command.output().await?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{}", said.trim());
    Ok(String::from_utf8(done.stdout)?)
}

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
    /// Where it listens.
    pub listen: String,
    /// Where its second port listens.
    pub admin: String,
    /// The public keys it proves itself with: a JWK Set.
    pub jwks: String,
    /// What it logs, as `RUST_LOG` says it.
    pub log: &'static str,
    folder: PathBuf,
    process: Option<Process>,
}

/// Where a portal's other parties are.
pub struct Parties<'a> {
    /// The verifier's origin.
    pub verifier: &'a str,
    /// The issuer of the sign-in.
    pub sign_in: &'a str,
    /// Further TOML of `[sign_in]`: what it has to do, and how the portal proves itself to it.
    pub sign_in_with: &'a str,
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
        Self::prepare_behind(None, folder).await
    }

    /// As [`Portal::prepare`]; browsers reach it at `origin`, if that is not where it listens.
    ///
    /// # Errors
    /// As there.
    pub async fn prepare_behind(origin: Option<&str>, folder: &Path) -> Result<Self> {
        let listen = format!("127.0.0.1:{}", free_port()?);
        let origin = origin.map_or_else(|| format!("http://{listen}"), str::to_owned);
        let mut portal = Self {
            origin,
            listen,
            admin: format!("127.0.0.1:{}", free_port()?),
            jwks: String::new(),
            log: "info",
            folder: folder.join("portal"),
            process: None,
        };
        let mut init = Command::new(binary("kazasu-portal")?);
        init.arg("init").arg(&portal.folder);
        run(init.arg("--second-factor=urn:example:mfa")).await?;
        portal.jwks = portal.command(&["jwks"]).await?.trim().to_owned();
        Ok(portal)
    }

    /// A further node, which does not run yet: the same settings and keys, other addresses. Browsers
    /// must reach the portal where no node listens.
    ///
    /// # Errors
    /// If its files cannot be written, or there is such a node already.
    pub fn another(&self) -> Result<Self> {
        let node = Self {
            origin: self.origin.clone(),
            listen: format!("127.0.0.1:{}", free_port()?),
            admin: format!("127.0.0.1:{}", free_port()?),
            jwks: self.jwks.clone(),
            log: self.log,
            folder: self.folder.with_file_name("another-portal"),
            process: None,
        };
        std::fs::create_dir(&node.folder)?;
        let keys = "portal-keys.toml";
        std::fs::copy(self.folder.join(keys), node.folder.join(keys))?;
        let settings = std::fs::read_to_string(self.folder.join("portal.toml"))?
            .replace(&self.listen, &node.listen)
            .replace(&self.admin, &node.admin);
        std::fs::write(node.folder.join("portal.toml"), settings)?;
        Ok(node)
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
            sign_in_with,
            tables,
        } = parties;
        let Self {
            origin,
            listen,
            admin,
            ..
        } = self;
        let text = format!(
            "origin = \"{origin}\"\nlisten = \"{listen}\"\ndatabase = \"{database}\"\n\
             keys = \"portal-keys.toml\"\n\n\
             [verifier]\nissuer = \"{verifier}\"\nclient_id = \"{CLIENT_ID}\"\n\n\
             [sign_in]\nissuer = \"{sign_in}\"\nclient_id = \"{CLIENT_ID}\"\n\
             {sign_in_with}\n\n\
             [admin]\nlisten = \"{admin}\"\n\n{tables}\n"
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
            .env("RUST_LOG", self.log);
        let (process, _) = Process::start("portal", command, &self.folder).await?;
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

    /// Holds it, as a machine that sleeps would: its connections stay, and it does nothing.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn hold(&self) -> Result<()> {
        self.process.as_ref().context("it runs")?.hold().await
    }

    /// Lets it go on after [`Portal::hold`].
    ///
    /// # Errors
    /// If it does not run.
    pub fn go_on(&self) -> Result<()> {
        self.process.as_ref().context("it runs")?.go_on()
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

    /// What it counts.
    ///
    /// # Errors
    /// If its second port does not answer.
    pub async fn metrics(&self) -> Result<String> {
        let metrics = reqwest::get(format!("http://{}/metrics", self.admin)).await?;
        Ok(metrics.text().await?)
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

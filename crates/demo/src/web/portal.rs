//! The portal of the demo as a process, with a configuration written for it.

use super::{CLIENT, directory};
use crate::cast::Person;
use crate::front::Unfreeze;
use crate::process::{Process, binary};
use crate::sign_in::ACR_MFA;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// What the other parties know it by, and it them.
pub(super) struct PortalKeys {
    /// What it proves itself with.
    pub(super) jwks: String,
    /// What the sign-in shows when it asks about passwords.
    pub(super) sign_in_token: String,
}

pub(super) struct PortalSetup {
    /// Where its keys are already.
    pub(super) folder: PathBuf,
    pub(super) origin: String,
    pub(super) port: u16,
    pub(super) admin_port: u16,
    pub(super) verifier: String,
    pub(super) sign_in: String,
    pub(super) front: String,
}

pub(super) struct Portal {
    setup: PortalSetup,
    process: Option<Process>,
}

/// Whoever tries the demo wants to use a link at once.
const LIFETIMES: &str = "maturity = 0";

/// Makes its keys, unless there are some.
pub(super) async fn make_keys(folder: &Path) -> Result<PortalKeys> {
    if !folder.join("portal-keys.toml").exists() {
        let mut init = Command::new(binary("kazasu-portal")?);
        init.arg("init").arg(folder);
        run(init.args(["--second-factor", ACR_MFA])).await?;
    }
    let jwks = run(&mut command(folder, &["jwks"])?).await?;
    let token = std::fs::read_to_string(folder.join("sign-in-token"))?;
    Ok(PortalKeys {
        jwks: jwks.trim().to_owned(),
        sign_in_token: token.trim().to_owned(),
    })
}

impl Portal {
    /// Writes its configuration.
    pub(super) fn prepare(setup: PortalSetup) -> Result<Self> {
        std::fs::create_dir_all(setup.folder.join("mails"))?;
        let portal = Self {
            setup,
            process: None,
        };
        portal.configure(LIFETIMES)?;
        Ok(portal)
    }

    fn configure(&self, lifetimes: &str) -> Result<()> {
        let file = self.setup.folder.join("portal.toml");
        Ok(std::fs::write(file, configuration(&self.setup, lifetimes))?)
    }

    /// Makes the directory's accounts those of `people`. `before`: nobody has left yet.
    pub(super) async fn import(&self, people: &[Person], before: bool) -> Result<()> {
        let folder = &self.setup.folder;
        run(&mut command(folder, &["migrate"])?).await?;
        let file = folder.join("people.jsonl");
        std::fs::write(&file, directory::lines(people, before))?;
        let mut import = command(folder, &["directory", "import"])?;
        run(import.arg(&file)).await.map(drop)
    }

    pub(super) async fn start(&mut self) -> Result<()> {
        let folder = &self.setup.folder;
        let mut serve = command(folder, &["serve"])?;
        serve.env("RUST_LOG", "info");
        let (process, _) = Process::start("portal", serve, folder).await?;
        self.process = Some(process);
        Ok(())
    }

    pub(super) async fn stop(&mut self) -> Result<()> {
        self.process.take().context("it runs")?.stop().await
    }

    /// Starts it again, with other lines in its table `lifetimes`; the demo's own where there are
    /// none.
    pub(super) async fn restart(&mut self, lifetimes: Option<&str>) -> Result<()> {
        self.stop().await?;
        self.configure(lifetimes.unwrap_or(LIFETIMES))?;
        self.start().await
    }

    /// Where it puts its mails.
    pub(super) fn mails(&self) -> PathBuf {
        self.setup.folder.join("mails")
    }

    /// What a counter does where somebody said "this was not me".
    pub(super) fn unfreezing(&self) -> Unfreeze {
        let folder = self.setup.folder.clone();
        Box::new(move |account| {
            let folder = folder.clone();
            Box::pin(async move {
                let mut lift = command(&folder, &["unfreeze"])?;
                run(lift.arg(&account)).await?;
                let mut unlock = command(&folder, &["directory", "unlock"])?;
                run(unlock.arg(&account)).await.map(drop)
            })
        })
    }
}

/// A command of the portal's, on its configuration.
fn command(folder: &Path, words: &[&str]) -> Result<Command> {
    let mut command = Command::new(binary("kazasu-portal")?);
    command.args(words).arg("--config");
    command.arg(folder.join("portal.toml"));
    Ok(command)
}

/// Runs it to its end, and returns what it wrote.
async fn run(command: &mut Command) -> Result<String> {
    let done = command.output().await?;
    ensure!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr).trim()
    );
    Ok(String::from_utf8(done.stdout)?)
}

fn configuration(setup: &PortalSetup, lifetimes: &str) -> String {
    let PortalSetup {
        origin,
        port,
        admin_port,
        verifier,
        sign_in,
        front,
        ..
    } = setup;
    let both = |address: &str| format!("{{ ja = \"{address}\", en = \"{address}\" }}");
    let (support, security_info) = (both(front), both(&format!("{sign_in}/security-info")));
    format!(
        "origin = \"{origin}\"\nlisten = \"127.0.0.1:{port}\"\ndatabase = \"portal.db\"\n\
         keys = \"portal-keys.toml\"\nsupport = {support}\n\n\
         [verifier]\nissuer = \"{verifier}\"\nclient_id = \"{CLIENT}\"\n\n\
         [sign_in]\nissuer = \"{sign_in}\"\nclient_id = \"{CLIENT}\"\nacr_values = [\"{ACR_MFA}\"]\n\n\
         [directory]\nkind = \"builtin\"\nsign_in_token = \"sign-in-token\"\n\n\
         [recovery]\nsign_in_url = {security_info}\nsecurity_info_url = {security_info}\n\n\
         [mail]\nfrom = \"Sample University <noreply@univ.example>\"\nfolder = \"mails\"\n\n\
         [lifetimes]\n{lifetimes}\n\n\
         [admin]\nlisten = \"127.0.0.1:{admin_port}\"\n\n\
         [pages]\ninstitution = {{ ja = \"見本大学（デモ）\", en = \"Sample University (demo)\" }}\n"
    )
}

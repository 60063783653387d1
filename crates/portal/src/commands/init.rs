//! `init`.

use anyhow::Context as _;
use clap::Args;
use kazasu_portal::Keys;
use kazasu_service::commands::init::{make_folder, none_exists, quoted, with_values, write_new};
use kazasu_service::secret::random_text;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Every setting with its explanation.
const EXAMPLE: &str = include_str!("../../portal.example.toml");

/// Write a configuration that works, and fresh keys. Asks nothing and overwrites nothing.
///
/// Without options it is for trials on this machine. Afterwards the files are the operator's.
#[derive(Args)]
pub(crate) struct Init {
    /// Where to; made if it does not exist. portal.toml, portal-keys.toml and sign-in-token go there.
    folder: PathBuf,
    /// The portal's origin.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7090")]
    origin: String,
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7090")]
    listen: String,
    /// A file for SQLite, or postgres://…; otherwise a file in the data folder.
    #[arg(long, value_name = "FILE|URL")]
    database: Option<String>,
    /// Where what changes goes; made if it does not exist.
    #[arg(long, value_name = "FOLDER", default_value = "data")]
    data: PathBuf,
    /// The verifier's origin.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7080")]
    verifier: String,
    /// The issuer of the university's sign-in.
    #[arg(long, value_name = "URL", default_value = "https://sign-in.invalid")]
    sign_in: String,
    /// What the sign-in calls a sign-in with a second factor (`acr`). Without it the portal does not
    /// start before the configuration says so.
    #[arg(long, value_name = "ACR")]
    second_factor: Option<String>,
}

impl Init {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let configuration = self.folder.join("portal.toml");
        let keys = self.folder.join("portal-keys.toml");
        let token = self.folder.join("sign-in-token");
        none_exists(&[&configuration, &keys, &token])?;
        make_folder(&self.folder, 0o750)?;
        let data = self.folder.join(&self.data);
        make_folder(&data, 0o700)?;
        Keys::create(&keys)?;
        write_new(&token, 0o600, &random_text::<32>())?;
        belong_to_owner_of(&data, &token)?;
        write_new(&configuration, 0o640, &self.text())?;
        println!(
            "wrote {}, {} and {}",
            configuration.display(),
            keys.display(),
            token.display()
        );
        println!(
            "next: kazasu-portal check-config --config {}",
            configuration.display()
        );
        Ok(ExitCode::SUCCESS)
    }

    /// The example with what was asked for in it.
    fn text(&self) -> String {
        let inside = |name| self.data.join(name).display().to_string();
        let database = self.database.clone().unwrap_or_else(|| inside("portal.db"));
        with_values(EXAMPLE, |table, key| match (table, key) {
            ("", "origin") => Some(quoted(&self.origin)),
            ("", "listen") => Some(quoted(&self.listen)),
            ("", "database") => Some(quoted(&database)),
            ("", "keys") => Some(quoted("portal-keys.toml")),
            ("verifier", "issuer") => Some(quoted(&self.verifier)),
            ("sign_in", "issuer") => Some(quoted(&self.sign_in)),
            ("sign_in", "acr_values") => {
                let acr = self.second_factor.as_deref();
                acr.map(|acr| format!("[{}]", quoted(acr)))
            }
            ("mail", "folder") => Some(quoted(&inside("mails"))),
            ("audit", "export") => Some(quoted(&inside("portal-audit-heads.jsonl"))),
            _ => None,
        })
    }
}

/// The service reads the token itself: where root makes files for a service that is somebody else,
/// it belongs to whoever the data belongs to.
fn belong_to_owner_of(data: &Path, token: &Path) -> anyhow::Result<()> {
    let owner = std::fs::metadata(data)?.uid();
    if owner != std::fs::metadata(token)?.uid() {
        chown(token, Some(owner), None).with_context(|| token.display().to_string())?;
    }
    Ok(())
}

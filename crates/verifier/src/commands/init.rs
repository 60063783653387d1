//! `init`.

use clap::Args;
use kazasu_service::commands::init::{make_folder, none_exists, quoted, with_values, write_new};
use kazasu_verifier::Keys;
use std::path::PathBuf;
use std::process::ExitCode;

/// Every setting with its explanation.
const EXAMPLE: &str = include_str!("../../verifier.example.toml");

/// What follows it in the example is commented out: a service of nobody.
const RELYING_PARTY: &str = "[[relying_party]]";

/// Write a configuration that works, and fresh keys. Asks nothing and overwrites nothing.
///
/// Without options it is for trials on this machine. Afterwards the files are the operator's.
#[derive(Args)]
pub(crate) struct Init {
    /// Where to; made if it does not exist. verifier.toml and keys.toml go there.
    folder: PathBuf,
    /// The verifier's origin, which statements sign and ID tokens name.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7080")]
    origin: String,
    /// The origin of ticket links: a host of its own.
    #[arg(long, value_name = "URL", default_value = "http://localhost:7080")]
    ticket_origin: String,
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7080")]
    listen: String,
    /// A file for SQLite, or postgres://…; otherwise a file in the data folder.
    #[arg(long, value_name = "FILE|URL")]
    database: Option<String>,
    /// Where what changes goes; made if it does not exist.
    #[arg(long, value_name = "FOLDER", default_value = "data")]
    data: PathBuf,
    /// Accept certificates under this test anchor (DER), and no real ones; can be given several
    /// times.
    #[arg(long, value_name = "FILE")]
    test_anchor: Vec<PathBuf>,
    /// Where revocation is asked.
    #[arg(long, value_name = "URL", default_value = "http://ocsp.invalid/")]
    ocsp_url: String,
    /// Where lineage is asked.
    #[arg(long, value_name = "URL", default_value = "https://lineage.invalid/")]
    lineage_url: String,
}

impl Init {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let configuration = self.folder.join("verifier.toml");
        let keys = self.folder.join("keys.toml");
        none_exists(&[&configuration, &keys])?;
        make_folder(&self.folder, 0o750)?;
        make_folder(&self.folder.join(&self.data), 0o700)?;
        Keys::create(&keys)?;
        write_new(&configuration, 0o640, &self.text()?)?;
        println!("wrote {} and {}", configuration.display(), keys.display());
        println!(
            "next: kazasu-verifier check-config --config {}",
            configuration.display()
        );
        Ok(ExitCode::SUCCESS)
    }

    /// The example with what was asked for in it.
    fn text(&self) -> anyhow::Result<String> {
        let inside = |name| self.data.join(name).display().to_string();
        let database = self
            .database
            .clone()
            .unwrap_or_else(|| inside("verifier.db"));
        let trust = match self.test_anchor.as_slice() {
            [] => "{ hierarchy = \"production\" }".to_owned(),
            anchors => {
                let anchors = absolute(anchors)?;
                format!("{{ hierarchy = \"test\", test_anchors = {anchors} }}")
            }
        };
        let (services, others) = (EXAMPLE.find(RELYING_PARTY), EXAMPLE.len());
        let (settings, service) = EXAMPLE.split_at(services.unwrap_or(others));
        let mut text = with_values(settings, |table, key| match (table, key) {
            ("", "origin") => Some(quoted(&self.origin)),
            ("", "ticket_origin") => Some(quoted(&self.ticket_origin)),
            ("", "listen") => Some(quoted(&self.listen)),
            ("", "database") => Some(quoted(&database)),
            ("", "trust") => Some(trust.clone()),
            ("revocation", "ocsp_url") => Some(quoted(&self.ocsp_url)),
            ("lineage", "url") => Some(quoted(&self.lineage_url)),
            ("audit", "export") => Some(quoted(&inside("audit-heads.jsonl"))),
            _ => None,
        });
        text += "# A service that may ask for taps; `kazasu-verifier rp add` writes such lines.\n";
        for line in service.lines() {
            text += format!("# {line}").trim_end();
            text.push('\n');
        }
        Ok(text)
    }
}

fn absolute(paths: &[PathBuf]) -> std::io::Result<toml::Value> {
    let paths: Result<Vec<_>, _> = paths.iter().map(std::path::absolute).collect();
    let texts = paths?.into_iter().map(|path| path.display().to_string());
    Ok(texts.collect::<Vec<_>>().into())
}

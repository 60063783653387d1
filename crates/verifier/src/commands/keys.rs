//! `kazasu-verifier keys`: what an operator does with keys. No key is ever shown.

use super::Config;
use clap::{Args, Subcommand};
use kazasu_service::secret::SecretText;
use kazasu_verifier::{KeyInfo, KeyKind, KeySource, KeyStore};
use std::path::PathBuf;
use std::process::ExitCode;

const HOUR: i64 = 3600;

/// Signing keys are published for at least so long before they are used.
const PUBLISHED_AHEAD: u32 = 24;

#[derive(Subcommand)]
pub(crate) enum KeysCommand {
    /// Make the first key of every kind: in a new file that only its owner can read, or where the
    /// configuration says.
    New {
        /// The new file; an existing one is never overwritten.
        file: Option<PathBuf>,
        #[command(flatten)]
        config: Config,
    },
    /// List the keys: kind, version, and from when each is used.
    List {
        #[command(flatten)]
        place: Place,
        /// One JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Add the next version of a kind. Restart every node before it is used.
    Rotate {
        /// pairwise, challenge, name, audit, signing-es256 or signing-rs256; or index, which
        /// `rewrap-index` has to apply then.
        kind: KeyKind,
        /// In how many hours it is used; signing keys are published at least 24 hours before. A
        /// token rounds up to the next midnight, UTC.
        #[arg(long, value_name = "HOURS", default_value_t = PUBLISHED_AHEAD)]
        after: u32,
        #[command(flatten)]
        place: Place,
    },
    /// Remove a challenge, name or signing key that nothing needs any more.
    Retire {
        /// challenge, name, signing-es256 or signing-rs256.
        kind: KeyKind,
        /// Which version.
        version: u32,
        #[command(flatten)]
        place: Place,
    },
    /// Rotate the index key: add one, and wrap every stored credential index with it. Stop every
    /// verifier first. Every PPID stays. If it was interrupted, start it again.
    RewrapIndex {
        #[command(flatten)]
        config: Config,
    },
    /// Copy a keys file into the token that the configuration names. The file stays: keep it as
    /// the back-up, or destroy it.
    Import {
        /// The keys file.
        file: PathBuf,
        #[command(flatten)]
        config: Config,
    },
}

/// Which keys.
#[derive(Args)]
pub(crate) struct Place {
    /// A keys file, instead of what the configuration names.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    #[command(flatten)]
    config: Config,
}

impl Place {
    fn open(&self) -> anyhow::Result<KeyStore> {
        open(self.keys.clone(), &self.config)
    }
}

pub(crate) fn run(command: KeysCommand, now: i64) -> anyhow::Result<ExitCode> {
    match command {
        KeysCommand::New { file, config } => open(file, &config)?.create()?,
        KeysCommand::List { place, json } => list(&place.open()?.list()?, json),
        KeysCommand::Rotate { kind, after, place } => rotate(kind, after, &place.open()?, now)?,
        KeysCommand::Retire {
            kind,
            version,
            place,
        } => place.open()?.retire(kind, version, now)?,
        KeysCommand::Import { file, config } => open(None, &config)?.import(&file)?,
        KeysCommand::RewrapIndex { config } => {
            let settings = config.read()?;
            let rewrapped = kazasu_verifier::rewrap_index(&settings, now);
            let count = tokio::runtime::Runtime::new()?.block_on(rewrapped)?;
            println!("{count} stored indexes wrapped");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn open(file: Option<PathBuf>, config: &Config) -> anyhow::Result<KeyStore> {
    let source = match file {
        Some(path) => KeySource::Text(SecretText::File(path)),
        None => config.read()?.keys,
    };
    Ok(KeyStore::open(&source)?)
}

fn rotate(kind: KeyKind, after: u32, store: &KeyStore, now: i64) -> anyhow::Result<()> {
    let is_signing = matches!(kind, KeyKind::SigningEs256 | KeyKind::SigningRs256);
    if is_signing && after < PUBLISHED_AHEAD {
        anyhow::bail!("a signing key is published {PUBLISHED_AHEAD} hours before it is used");
    }
    let added = store.rotate(kind, now + i64::from(after) * HOUR)?;
    match kind {
        KeyKind::Index => println!("{added}; stop every verifier and run `keys rewrap-index`"),
        _ => println!("{added}; restart every node before then"),
    }
    Ok(())
}

fn list(keys: &[KeyInfo], json: bool) {
    if !json {
        for key in keys {
            println!("{key}");
        }
        return;
    }
    let one = |key: &KeyInfo| {
        serde_json::json!({
            "kind": key.kind.as_str(), "version": key.version, "use_from": key.use_from,
        })
    };
    let all: Vec<_> = keys.iter().map(one).collect();
    println!("{}", serde_json::Value::from(all));
}

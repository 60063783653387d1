//! `rp`.

use super::Config;
use anyhow::Context as _;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};
use kazasu_statement::Purpose;
use kazasu_verifier::{REDIRECT_URI_RULE, RelyingParty, is_redirect_uri};
use serde::Serialize;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use zeroize::Zeroizing;

/// Work on the services that may ask for taps.
#[derive(Args)]
pub(crate) struct RelyingParties {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(List),
    Add(Add),
    Secret(Secret),
}

/// Say which there are.
#[derive(Args)]
struct List {
    #[command(flatten)]
    config: Config,
    /// Write a JSON list.
    #[arg(long)]
    json: bool,
}

/// Write lines for the configuration that add a service. Nothing is changed.
#[derive(Args)]
struct Add {
    /// The OpenID Connect client identifier.
    id: String,
    /// What people call it, in Japanese.
    #[arg(long)]
    name_ja: String,
    /// What people call it, in English.
    #[arg(long)]
    name_en: String,
    /// Relying parties of one sector see the same pseudonyms; otherwise the host of the first
    /// redirect URI.
    #[arg(long)]
    sector: Option<String>,
    /// Where it may be answered; can be given several times.
    #[arg(long, value_name = "URI", required = true, value_parser = redirect_uri)]
    redirect_uri: Vec<String>,
    /// What taps for it may be for: view, link, unlink, recover, rescue, join, counter.
    #[arg(long, value_name = "PURPOSE", required = true, value_parser = purpose)]
    purpose: Vec<Purpose>,
    /// The file with its public keys, a JSON Web Key Set.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "with_secret",
        required_unless_present = "with_secret"
    )]
    jwks: Option<PathBuf>,
    /// For clients that know no private_key_jwt: make a secret, which goes to standard error.
    #[arg(long)]
    with_secret: bool,
    /// It may also ask for the name.
    #[arg(long)]
    with_name: bool,
}

/// Make a client secret for a service that knows no private_key_jwt. The secret is for the
/// service, its hash for the configuration.
#[derive(Args)]
struct Secret {
    /// Write {"client_secret": …, "client_secret_sha256": …}.
    #[arg(long)]
    json: bool,
}

fn purpose(word: &str) -> Result<Purpose, String> {
    word.parse().map_err(|_| "is not a purpose".to_owned())
}

/// As it was typed: requests are compared with it character by character.
fn redirect_uri(text: &str) -> Result<String, String> {
    match is_redirect_uri(text) {
        true => Ok(text.to_owned()),
        false => Err(REDIRECT_URI_RULE.to_owned()),
    }
}

impl RelyingParties {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::List(command) => command.run()?,
            Command::Add(command) => print!("{}", command.lines()?),
            Command::Secret(command) => command.run(),
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    fn run(self) -> anyhow::Result<()> {
        let settings = self.config.read()?;
        let parties: Vec<_> = settings.relying_parties.values().map(as_json).collect();
        if self.json {
            println!("{}", serde_json::Value::from(parties));
            return Ok(());
        }
        for party in settings.relying_parties.values() {
            println!("{}: {} / {}", party.id, party.name_ja, party.name_en);
            for (purpose, modes) in &party.purposes {
                let modes: Vec<_> = modes.iter().map(ToString::to_string).collect();
                println!("  {purpose}: {}", modes.join(", "));
            }
        }
        Ok(())
    }
}

fn as_json(party: &RelyingParty) -> serde_json::Value {
    let purposes: serde_json::Map<_, _> = party
        .purposes
        .iter()
        .map(|(purpose, modes)| {
            let modes: Vec<_> = modes.iter().map(ToString::to_string).collect();
            (purpose.to_string(), modes.into())
        })
        .collect();
    json!({
        "id": party.id,
        "name": { "ja": party.name_ja, "en": party.name_en },
        "sector": party.sector,
        "redirect_uris": party.redirect_uris,
        "purposes": purposes,
    })
}

/// As the configuration has it.
#[derive(Serialize)]
struct Table {
    id: String,
    name: Names,
    sector: String,
    redirect_uris: Vec<String>,
    purposes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    claims: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_sha256: Option<String>,
}

#[derive(Serialize)]
struct Names {
    ja: String,
    en: String,
}

impl Add {
    fn lines(self) -> anyhow::Result<String> {
        let first = self.redirect_uri.first();
        let first = first.and_then(|uri| url::Url::parse(uri).ok());
        let host = first.as_ref().and_then(url::Url::host_str);
        let sector = self.sector.or_else(|| host.map(str::to_owned));
        let secret = self.with_secret.then(ClientSecret::generate);
        if let Some(secret) = &secret {
            eprintln!("client secret, for the service only: {}", *secret.secret);
        }
        let table = Table {
            id: self.id,
            name: Names {
                ja: self.name_ja,
                en: self.name_en,
            },
            sector: sector.context("name a sector: the redirect URI has no host")?,
            redirect_uris: self.redirect_uri,
            purposes: self.purpose.iter().map(ToString::to_string).collect(),
            claims: if self.with_name { vec!["name"] } else { vec![] },
            // The service may be started in another folder.
            jwks: self.jwks.map(std::path::absolute).transpose()?,
            client_secret_sha256: secret.map(|secret| secret.hash),
        };
        let whole = std::collections::BTreeMap::from([("relying_party", [table])]);
        Ok(format!("\n{}", toml::to_string(&whole)?))
    }
}

struct ClientSecret {
    secret: Zeroizing<String>,
    /// SHA-256, hexadecimal: enough for 256 random bits.
    hash: String,
}

impl ClientSecret {
    fn generate() -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rand::fill(&mut *bytes).expect("the system has random numbers");
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes));
        let hash = hex::encode(digest(&SHA256, secret.as_bytes()));
        Self { secret, hash }
    }
}

impl Secret {
    fn run(&self) {
        let ClientSecret { secret, hash } = ClientSecret::generate();
        if self.json {
            let both = json!({ "client_secret": *secret, "client_secret_sha256": hash });
            println!("{both}");
        } else {
            println!("for the service:           client_secret = {}", *secret);
            println!("for the configuration:     client_secret_sha256 = \"{hash}\"");
        }
    }
}

//! The configuration as it is written, and the way to what it means.

use super::{ClientKey, Lifetimes, RelyingParty, Settings, SettingsError, Trust};
use jsonwebtoken::jwk::JwkSet;
use kazasu_statement::{Claim, Mode, Purpose};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
use url::{Host, Url};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    origin: String,
    ticket_origin: String,
    listen: SocketAddr,
    database: PathBuf,
    keys: PathBuf,
    trust: TrustTable,
    revocation: RevocationTable,
    lineage: LineageTable,
    #[serde(default)]
    lifetimes: Lifetimes,
    #[serde(default)]
    relying_party: Vec<RelyingPartyTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrustTable {
    hierarchy: Hierarchy,
    #[serde(default)]
    test_anchors: Vec<PathBuf>,
}

#[derive(Deserialize, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Hierarchy {
    Production,
    Test,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevocationTable {
    ocsp_url: Url,
    #[serde(default = "default_timeout_ms")]
    timeout_ms: u64,
}

fn default_timeout_ms() -> u64 {
    3000
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineageTable {
    url: Url,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RelyingPartyTable {
    id: String,
    name: NameTable,
    sector: String,
    redirect_uris: Vec<String>,
    jwks: String,
    purposes: Vec<String>,
    #[serde(default)]
    modes: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    claims: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameTable {
    ja: String,
    en: String,
}

/// Collects what is wrong, so that one start shows it all.
#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, problem: impl Into<String>) {
        self.0.push(problem.into());
    }

    fn words<T: FromStr>(&mut self, place: &str, words: &[String]) -> Vec<T> {
        let parse = |word: &String| word.parse().map_err(|_| word.clone());
        let (known, unknown): (Vec<_>, Vec<_>) = words.iter().map(parse).partition(Result::is_ok);
        for word in unknown.into_iter().filter_map(Result::err) {
            self.add(format!("{place}: {word:?} is not a known word"));
        }
        known.into_iter().filter_map(Result::ok).collect()
    }
}

impl File {
    pub(super) fn check(self, folder: &Path) -> Result<Settings, SettingsError> {
        let mut problems = Problems::default();
        let verifier_origin = origin(&mut problems, "origin", &self.origin);
        let ticket_origin = origin(&mut problems, "ticket_origin", &self.ticket_origin);
        for (place, url) in [
            ("revocation.ocsp_url", &self.revocation.ocsp_url),
            ("lineage.url", &self.lineage.url),
        ] {
            // A revocation answer is signed; a lineage answer is only as good as its connection.
            let plain_is_fine = place == "revocation.ocsp_url" || is_loopback(url);
            if url.scheme() != "https" && !(url.scheme() == "http" && plain_is_fine) {
                problems.add(format!("{place}: must be https, or http on loopback"));
            }
        }
        check_lifetimes(&mut problems, &self.lifetimes);
        let trust = self.trust.check(&mut problems, folder);
        let mut relying_parties = BTreeMap::new();
        for table in self.relying_party {
            let party = table.check(&mut problems, folder);
            if let Some(twice) = relying_parties.insert(party.id.clone(), party) {
                problems.add(format!("relying_party {:?} appears twice", twice.id));
            }
        }
        if !problems.0.is_empty() {
            return Err(SettingsError::Invalid(problems.0));
        }
        Ok(Settings {
            origin: verifier_origin,
            ticket_origin,
            listen: self.listen,
            database: folder.join(self.database),
            keys: folder.join(self.keys),
            trust,
            ocsp_url: self.revocation.ocsp_url,
            upstream_timeout: Duration::from_millis(self.revocation.timeout_ms),
            lineage_url: self.lineage.url,
            lifetimes: self.lifetimes,
            relying_parties,
        })
    }
}

impl TrustTable {
    fn check(self, problems: &mut Problems, folder: &Path) -> Trust {
        match (self.hierarchy, self.test_anchors.as_slice()) {
            (Hierarchy::Production, []) => return Trust::Production,
            (Hierarchy::Production, _) => {
                problems.add("trust.test_anchors: only with hierarchy = \"test\"");
                return Trust::Production;
            }
            (Hierarchy::Test, []) => problems.add("trust.test_anchors: name at least one file"),
            (Hierarchy::Test, _) => {}
        }
        let mut anchors = Vec::new();
        for path in self.test_anchors {
            match std::fs::read(folder.join(&path)) {
                Ok(der) => anchors.push(der),
                Err(error) => {
                    problems.add(format!("trust.test_anchors: {}: {error}", path.display()))
                }
            }
        }
        Trust::Test(anchors)
    }
}

impl RelyingPartyTable {
    fn check(self, problems: &mut Problems, folder: &Path) -> RelyingParty {
        let place = format!("relying_party {:?}", self.id);
        for (key, text) in [
            ("id", &self.id),
            ("sector", &self.sector),
            ("name.ja", &self.name.ja),
            ("name.en", &self.name.en),
        ] {
            if text.trim().is_empty() {
                problems.add(format!("{place}: {key} is empty"));
            }
        }
        if self.redirect_uris.is_empty() {
            problems.add(format!("{place}: redirect_uris: name at least one"));
        }
        for uri in &self.redirect_uris {
            if !Url::parse(uri).is_ok_and(|url| is_web(&url) && url.fragment().is_none()) {
                problems.add(format!("{place}: redirect_uris: {uri:?} must be https, or http on loopback, without a fragment"));
            }
        }
        let keys = client_keys(problems, &place, &self.jwks, folder);
        let claims: Vec<Claim> = problems.words(&format!("{place}: claims"), &self.claims);
        let purposes = self.purposes(problems, &place);
        RelyingParty {
            id: self.id,
            name_ja: self.name.ja,
            name_en: self.name.en,
            sector: self.sector,
            redirect_uris: self.redirect_uris,
            purposes,
            claims,
            keys,
        }
    }

    fn purposes(&self, problems: &mut Problems, place: &str) -> BTreeMap<Purpose, Vec<Mode>> {
        let purposes: Vec<Purpose> = problems.words(&format!("{place}: purposes"), &self.purposes);
        let mut modes: BTreeMap<Purpose, Vec<Mode>> = purposes
            .into_iter()
            .map(|purpose| (purpose, default_modes(purpose)))
            .collect();
        for (word, chosen) in &self.modes {
            let place = format!("{place}: modes.{word}");
            let chosen: Vec<Mode> = problems.words(&place, chosen);
            if chosen.is_empty() {
                problems.add(format!("{place}: name at least one mode"));
            }
            if chosen.contains(&Mode::Local) {
                problems.add(format!(
                    "{place}: \"local\" needs a reader daemon, which is not served yet"
                ));
            }
            match word
                .parse()
                .ok()
                .and_then(|purpose: Purpose| modes.get_mut(&purpose))
            {
                Some(entry) => *entry = chosen,
                None => problems.add(format!("{place}: is not one of its purposes")),
            }
        }
        modes
    }
}

/// Digits can be phished in real time, so what hands out access is by default done on one phone.
fn default_modes(purpose: Purpose) -> Vec<Mode> {
    match purpose {
        Purpose::Recover | Purpose::Rescue => vec![Mode::SamePhone],
        _ => vec![Mode::SamePhone, Mode::OtherDevice],
    }
}

fn check_lifetimes(problems: &mut Problems, lifetimes: &Lifetimes) {
    let Lifetimes {
        pushed_request,
        transaction,
        ticket,
        pairing,
        challenge,
        accepted,
        code,
        id_token,
        row,
    } = *lifetimes;
    let all = [
        pushed_request,
        transaction,
        ticket,
        pairing,
        challenge,
        accepted,
        code,
        id_token,
        row,
    ];
    if all
        .iter()
        .any(|seconds| !(1..=7 * 86_400).contains(seconds))
    {
        problems.add("lifetimes: each must be between one second and a week");
    }
    // The row remembers that its pushed request was used, and whose tap is under way.
    if row < pushed_request.max(transaction.saturating_add(accepted)) {
        problems.add("lifetimes.row: must outlast pushed_request, and transaction with accepted");
    }
}

/// The origin as text, without a trailing slash.
fn origin(problems: &mut Problems, place: &str, text: &str) -> String {
    let parsed = Url::parse(text).ok().filter(is_web);
    let ascii = parsed.map(|url| url.origin().ascii_serialization());
    match ascii {
        Some(ascii) if ascii == text => ascii,
        Some(ascii) => {
            problems.add(format!("{place}: write it as {ascii:?}"));
            ascii
        }
        None => {
            problems.add(format!(
                "{place}: must be an https origin, or http on loopback"
            ));
            String::new()
        }
    }
}

fn is_web(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// `jwks` is the JSON itself or the path of a file with it.
fn client_keys(problems: &mut Problems, place: &str, jwks: &str, folder: &Path) -> Vec<ClientKey> {
    let text = if jwks.trim_start().starts_with('{') {
        Ok(jwks.to_owned())
    } else {
        std::fs::read_to_string(folder.join(jwks))
    };
    let text = match text {
        Ok(text) => text,
        Err(error) => {
            problems.add(format!("{place}: jwks: {jwks}: {error}"));
            return Vec::new();
        }
    };
    let set: JwkSet = match serde_json::from_str(&text) {
        Ok(set) => set,
        Err(error) => {
            problems.add(format!("{place}: jwks: {error}"));
            return Vec::new();
        }
    };
    let keys: Vec<_> = set.keys.iter().filter_map(ClientKey::from_jwk).collect();
    if keys.is_empty() {
        problems.add(format!("{place}: jwks: no RSA or P-256 key in it"));
    }
    keys
}

#[cfg(test)]
mod tests;

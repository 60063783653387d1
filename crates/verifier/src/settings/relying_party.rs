//! `[[relying_party]]`: the services that may ask for taps.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};
use kazasu_service::settings::{Problems, web};
use kazasu_statement::{Claim, Language, Mode, Purpose, misleads};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use url::Url;

/// A service that may ask for taps.
pub struct RelyingParty {
    /// The OpenID Connect client identifier; statements sign it.
    pub id: String,
    /// What people call it, in Japanese.
    pub name_ja: String,
    /// What people call it, in English.
    pub name_en: String,
    /// Relying parties of one sector see the same PPID.
    pub sector: String,
    /// Where it may be answered, compared character by character.
    pub redirect_uris: Vec<String>,
    /// The allowed purposes, and the modes allowed for each.
    pub purposes: BTreeMap<Purpose, Vec<Mode>>,
    /// What it may ask for besides the PPID.
    pub claims: Vec<Claim>,
    pub(crate) keys: Vec<ClientKey>,
}

/// A public key a relying party authenticates with.
pub(crate) struct ClientKey {
    pub(crate) kid: Option<String>,
    pub(crate) algorithms: &'static [Algorithm],
    pub(crate) key: DecodingKey,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RelyingPartyTable {
    id: Option<String>,
    name: NameTable,
    sector: Option<String>,
    redirect_uris: Vec<String>,
    jwks: Option<String>,
    purposes: Vec<String>,
    modes: BTreeMap<String, Vec<String>>,
    claims: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct NameTable {
    ja: Option<String>,
    en: Option<String>,
}

/// Checks every table; the result is complete only if no problem was noted.
pub(super) fn check(
    problems: &mut Problems,
    tables: Vec<RelyingPartyTable>,
    folder: &Path,
) -> BTreeMap<String, RelyingParty> {
    let mut parties = BTreeMap::new();
    for (i, table) in tables.into_iter().enumerate() {
        let place = format!("relying_party.{i}");
        let Some(party) = table.check(problems, &place, folder) else {
            continue;
        };
        if let Some(twice) = parties.insert(party.id.clone(), party) {
            problems.add(format!("{place}.id: {:?} appears twice", twice.id));
        }
    }
    parties
}

impl RelyingParty {
    /// Its name in one of the two languages.
    pub(crate) fn name(&self, language: Language) -> &str {
        match language {
            Language::Japanese => &self.name_ja,
            Language::English => &self.name_en,
        }
    }

    /// The modes allowed for a purpose; none if the purpose is not allowed.
    pub(crate) fn modes(&self, purpose: Purpose) -> &[Mode] {
        self.purposes.get(&purpose).map_or(&[], Vec::as_slice)
    }
}

impl std::fmt::Debug for RelyingParty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RelyingParty")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl ClientKey {
    /// `None` for a kind of key that client assertions may not use.
    pub(crate) fn from_jwk(jwk: &Jwk) -> Option<Self> {
        let algorithms: &[Algorithm] = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => &[Algorithm::RS256, Algorithm::PS256],
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                &[Algorithm::ES256]
            }
            _ => return None,
        };
        let key = DecodingKey::from_jwk(jwk).ok()?;
        Some(Self {
            kid: jwk.common.key_id.clone(),
            algorithms,
            key,
        })
    }
}

impl RelyingPartyTable {
    /// `None` only if a problem is noted.
    fn check(self, problems: &mut Problems, place: &str, folder: &Path) -> Option<RelyingParty> {
        let purposes = self.purposes(problems, place);
        let mut text = |key, value| filled(problems, &format!("{place}.{key}"), value);
        let id = text("id", self.id);
        let sector = text("sector", self.sector);
        let name_ja = text("name.ja", self.name.ja);
        let name_en = text("name.en", self.name.en);
        let jwks = text("jwks", self.jwks);
        if self.redirect_uris.is_empty() {
            problems.add(format!("{place}.redirect_uris: name at least one"));
        }
        for uri in &self.redirect_uris {
            if !Url::parse(uri).is_ok_and(|url| web::is_web(&url) && url.fragment().is_none()) {
                problems.add(format!("{place}.redirect_uris: {uri:?} must be https, or http on loopback, without a fragment"));
            }
        }
        let keys = jwks.map(|jwks| client_keys(problems, place, &jwks, folder));
        let claims: Vec<Claim> = problems.words(&format!("{place}.claims"), &self.claims);
        Some(RelyingParty {
            id: id?,
            name_ja: name_ja?,
            name_en: name_en?,
            sector: sector?,
            redirect_uris: self.redirect_uris,
            purposes,
            claims,
            keys: keys?,
        })
    }

    fn purposes(&self, problems: &mut Problems, place: &str) -> BTreeMap<Purpose, Vec<Mode>> {
        let purposes: Vec<Purpose> = problems.words(&format!("{place}.purposes"), &self.purposes);
        let mut modes: BTreeMap<Purpose, Vec<Mode>> = purposes
            .into_iter()
            .map(|purpose| (purpose, default_modes(purpose)))
            .collect();
        for (word, chosen) in &self.modes {
            let place = format!("{place}.modes.{word}");
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

fn filled(problems: &mut Problems, place: &str, value: Option<String>) -> Option<String> {
    let text = problems.required(place, value)?;
    if text.trim().is_empty() {
        problems.add(format!("{place}: is empty"));
        return None;
    }
    // People read it before they agree, on the page and on the phone.
    if text.chars().any(misleads) {
        problems.add(format!(
            "{place}: must not contain control characters or marks that change the direction of text"
        ));
        return None;
    }
    Some(text)
}

/// Digits can be phished in real time, so what hands out access is by default done on one phone.
fn default_modes(purpose: Purpose) -> Vec<Mode> {
    match purpose {
        Purpose::Recover | Purpose::Rescue => vec![Mode::SamePhone],
        _ => vec![Mode::SamePhone, Mode::OtherDevice],
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
            problems.add(format!("{place}.jwks: {jwks}: {error}"));
            return Vec::new();
        }
    };
    let set: JwkSet = match serde_json::from_str(&text) {
        Ok(set) => set,
        Err(error) => {
            problems.add(format!("{place}.jwks: {error}"));
            return Vec::new();
        }
    };
    let keys: Vec<_> = set.keys.iter().filter_map(ClientKey::from_jwk).collect();
    if keys.is_empty() {
        problems.add(format!("{place}.jwks: no RSA or P-256 key in it"));
    }
    keys
}

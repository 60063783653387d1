//! `[[relying_party]]`: the services that may ask for taps.

mod client;

pub(crate) use client::{ClientAuthentication, ClientKey};

use jsonwebtoken::Algorithm;
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
    /// Where a person starts again at it, for pages that have no answer to send.
    pub start_url: Option<String>,
    /// Its privacy policy.
    pub policy_uri: Option<Localized>,
    /// Its terms of service.
    pub tos_uri: Option<Localized>,
    /// What its ID tokens are signed with: ES256 or RS256.
    pub(crate) id_token_algorithm: Algorithm,
    /// An exception for older clients: the browser may carry the request itself.
    pub allow_unpushed_requests: bool,
    /// An exception for older clients: the purpose of a request that states none.
    pub default_purpose: Option<Purpose>,
    pub(crate) authentication: ClientAuthentication,
}

/// A text or address in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Localized {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl Localized {
    /// The one for `language`.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Japanese => &self.ja,
            Language::English => &self.en,
        }
    }
}

/// What a redirect URI has to be, for people.
pub const REDIRECT_URI_RULE: &str =
    "must be https, or http on loopback, without a fragment, in visible ASCII characters";

/// Whether this may be a redirect URI. Parsing would forgive blanks around it, which comparing
/// does not.
#[must_use]
pub fn is_redirect_uri(text: &str) -> bool {
    let is_fine = |url: Url| web::is_web(&url) && url.fragment().is_none();
    text.bytes().all(|byte| byte.is_ascii_graphic()) && Url::parse(text).is_ok_and(is_fine)
}

/// Whether a tap for this purpose hands out access to an account. For these there is no exception
/// to anything.
pub(crate) fn hands_out_access(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Recover | Purpose::Rescue)
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RelyingPartyTable {
    id: Option<String>,
    name: LocalizedTable,
    sector: Option<String>,
    redirect_uris: Vec<String>,
    jwks: Option<String>,
    client_secret_sha256: Option<String>,
    purposes: Vec<String>,
    modes: BTreeMap<String, Vec<String>>,
    claims: Vec<String>,
    start_url: Option<String>,
    policy_uri: Option<LocalizedTable>,
    tos_uri: Option<LocalizedTable>,
    id_token_signed_response_alg: Option<String>,
    allow_unpushed_requests: bool,
    default_purpose: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct LocalizedTable {
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

impl RelyingPartyTable {
    /// `None` only if a problem is noted.
    fn check(self, problems: &mut Problems, place: &str, folder: &Path) -> Option<RelyingParty> {
        let purposes = self.purposes(problems, place);
        self.check_exceptions(problems, place, &purposes);
        self.check_redirect_uris(problems, place);
        let default_purpose = self.default_purpose(problems, place, &purposes);
        let id_token_algorithm = self.id_token_algorithm(problems, place);
        let (jwks, secret) = (self.jwks.as_deref(), self.client_secret_sha256.as_deref());
        let authentication = client::check(problems, place, jwks, secret, folder);
        let claims: Vec<Claim> = problems.words(&format!("{place}.claims"), &self.claims);
        let id = filled(problems, &format!("{place}.id"), self.id);
        let sector = filled(problems, &format!("{place}.sector"), self.sector);
        let name = self.name.check(problems, &format!("{place}.name"));
        let start_url = self.start_url;
        if let Some(url) = &start_url {
            check_link(problems, &format!("{place}.start_url"), url);
        }
        let mut links = |key: &str, table: Option<LocalizedTable>| match table {
            Some(table) => table.check_links(problems, &format!("{place}.{key}")),
            None => None,
        };
        let policy_uri = links("policy_uri", self.policy_uri);
        let tos_uri = links("tos_uri", self.tos_uri);
        let name = name?;
        Some(RelyingParty {
            id: id?,
            name_ja: name.ja,
            name_en: name.en,
            sector: sector?,
            redirect_uris: self.redirect_uris,
            purposes,
            claims,
            start_url,
            policy_uri,
            tos_uri,
            id_token_algorithm,
            allow_unpushed_requests: self.allow_unpushed_requests,
            default_purpose,
            authentication: authentication?,
        })
    }

    fn check_redirect_uris(&self, problems: &mut Problems, place: &str) {
        if self.redirect_uris.is_empty() {
            problems.add(format!("{place}.redirect_uris: name at least one"));
        }
        for uri in &self.redirect_uris {
            if !is_redirect_uri(uri) {
                problems.add(format!(
                    "{place}.redirect_uris: {uri:?} {REDIRECT_URI_RULE}"
                ));
            }
        }
    }

    /// What an older client may do is not enough for what hands out access.
    fn check_exceptions(
        &self,
        problems: &mut Problems,
        place: &str,
        purposes: &BTreeMap<Purpose, Vec<Mode>>,
    ) {
        let exceptions = [
            ("allow_unpushed_requests", self.allow_unpushed_requests),
            ("client_secret_sha256", self.client_secret_sha256.is_some()),
            ("default_purpose", self.default_purpose.is_some()),
        ];
        for (exception, _) in exceptions.into_iter().filter(|(_, used)| *used) {
            for purpose in purposes.keys().filter(|p| hands_out_access(**p)) {
                problems.add(format!(
                    "{place}.{exception}: never together with the purpose {:?}",
                    purpose.as_str()
                ));
            }
        }
    }

    fn default_purpose(
        &self,
        problems: &mut Problems,
        place: &str,
        purposes: &BTreeMap<Purpose, Vec<Mode>>,
    ) -> Option<Purpose> {
        let word = self.default_purpose.as_ref()?;
        let purpose = word.parse().ok().filter(|p| purposes.contains_key(p));
        if purpose.is_none() {
            problems.add(format!(
                "{place}.default_purpose: is not one of its purposes"
            ));
        }
        purpose
    }

    fn id_token_algorithm(&self, problems: &mut Problems, place: &str) -> Algorithm {
        match self.id_token_signed_response_alg.as_deref() {
            None | Some("ES256") => Algorithm::ES256,
            Some("RS256") => Algorithm::RS256,
            Some(_) => {
                let key = "id_token_signed_response_alg";
                problems.add(format!("{place}.{key}: must be \"ES256\" or \"RS256\""));
                Algorithm::ES256
            }
        }
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

impl LocalizedTable {
    /// `None` only if a problem is noted.
    fn check(self, problems: &mut Problems, place: &str) -> Option<Localized> {
        let ja = filled(problems, &format!("{place}.ja"), self.ja);
        let en = filled(problems, &format!("{place}.en"), self.en);
        Some(Localized { ja: ja?, en: en? })
    }

    fn check_links(self, problems: &mut Problems, place: &str) -> Option<Localized> {
        let links = self.check(problems, place)?;
        check_link(problems, &format!("{place}.ja"), &links.ja);
        check_link(problems, &format!("{place}.en"), &links.en);
        Some(links)
    }
}

fn check_link(problems: &mut Problems, place: &str, text: &str) {
    if !Url::parse(text).is_ok_and(|url| web::is_web(&url)) {
        problems.add(format!("{place}: must be https, or http on loopback"));
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
        _ if hands_out_access(purpose) => vec![Mode::SamePhone],
        _ => vec![Mode::SamePhone, Mode::OtherDevice],
    }
}

#[cfg(test)]
mod tests;

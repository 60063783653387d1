//! `[revocation]`: where revocation is asked, and what is done with the answers.

use kazasu_assertion::revocation::NonceCheck;
use kazasu_service::settings::{Problems, web};
use serde::Deserialize;
use std::time::Duration;
use url::Url;

/// Where revocation is asked, and what is done with the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The OCSP responder.
    pub ocsp_url: Url,
    /// Revocation lists, for when the responder has no usable answer.
    pub crl_urls: Vec<Url>,
    /// How long the responder may take.
    pub timeout: Duration,
    /// Whether answers must repeat a nonce.
    pub nonce: NoncePolicy,
    /// For how many seconds a good answer spares asking again. A certificate revoked meanwhile
    /// goes unnoticed for so long.
    pub max_age: i64,
    /// After how many seconds a list is fetched anew.
    pub crl_refresh: i64,
}

/// Whether OCSP answers must repeat the question's nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoncePolicy {
    /// One is sent, and the answer must repeat it: no answer can be replayed, and responders that
    /// sign in advance cannot be used.
    Require,
    /// One is sent. An answer without it is taken by its dates, one with another is refused.
    IfPresent,
    /// None is sent: for responders that refuse questions with one.
    Off,
}

impl NoncePolicy {
    /// What to make of an answer, if this nonce is the one that was sent.
    pub(crate) fn check(self, nonce: &[u8]) -> NonceCheck<'_> {
        match self {
            Self::Require => NonceCheck::Required(nonce),
            Self::IfPresent => NonceCheck::IfPresent(nonce),
            Self::Off => NonceCheck::NotSent,
        }
    }
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RevocationTable {
    ocsp_url: Option<Url>,
    crl_urls: Vec<Url>,
    timeout_ms: u64,
    nonce: NoncePolicy,
    max_age: i64,
    crl_refresh: i64,
}

impl Default for RevocationTable {
    fn default() -> Self {
        Self {
            ocsp_url: None,
            crl_urls: Vec::new(),
            timeout_ms: 3000,
            nonce: NoncePolicy::IfPresent,
            // Covers one person's way through a procedure of several taps.
            max_age: 300,
            crl_refresh: 3600,
        }
    }
}

impl RevocationTable {
    pub(super) fn check(self, problems: &mut Problems) -> Option<Revocation> {
        let ocsp_url = problems.required("revocation.ocsp_url", self.ocsp_url);
        let ocsp = ocsp_url.iter().map(|url| ("ocsp_url", url));
        let lists = self.crl_urls.iter().map(|url| ("crl_urls", url));
        for (key, url) in ocsp.chain(lists) {
            // The answers are signed, so that plain http will do.
            if !matches!(url.scheme(), "https" | "http") {
                problems.add(format!("revocation.{key}: must be https or http"));
            }
        }
        let timeout = timeout(problems, "revocation", self.timeout_ms);
        if !(0..=86_400).contains(&self.max_age) {
            problems.add("revocation.max_age: must be between 0 and a day (86400)");
        }
        if !(60..=86_400).contains(&self.crl_refresh) {
            problems.add("revocation.crl_refresh: must be between a minute (60) and a day (86400)");
        }
        let ocsp_url = ocsp_url?;
        web::warn_of_placeholder(problems, "revocation.ocsp_url", &ocsp_url);
        Some(Revocation {
            ocsp_url,
            crl_urls: self.crl_urls,
            timeout,
            nonce: self.nonce,
            max_age: self.max_age,
            crl_refresh: self.crl_refresh,
        })
    }
}

/// How long an authority may take while a person stands there and waits.
pub(super) fn timeout(problems: &mut Problems, table: &str, milliseconds: u64) -> Duration {
    if !(1..=30_000).contains(&milliseconds) {
        problems.add(format!("{table}.timeout_ms: must be between 1 and 30000"));
    }
    Duration::from_millis(milliseconds)
}

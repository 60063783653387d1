//! The portal's built-in directory, asked over the portal's second port.

use crate::browser::client;
use anyhow::Result;
use kazasu_service::page::Language;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// Where the directory is, and the token that it expects.
pub struct DirectoryAddress {
    /// The second port's address, such as `http://127.0.0.1:7110`.
    pub origin: String,
    /// The token.
    pub token: String,
}

pub(super) struct Directory {
    address: DirectoryAddress,
    http: reqwest::Client,
}

/// Who signed in.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Person {
    pub(super) account: String,
    language: Option<String>,
    pub(super) with: With,
    /// Another number later means that the session is over.
    pub(super) session_generation: i64,
}

/// What they signed in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum With {
    Password,
    AccessPass,
}

/// Why nobody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Wrong,
    Revoked,
    Locked,
    /// Again in so many seconds.
    TooOften(i64),
    /// The directory cannot say.
    Unavailable,
}

impl Person {
    pub(super) fn language(&self) -> Option<Language> {
        Language::from_tag(self.language.as_deref()?)
    }
}

impl Directory {
    pub(super) fn new(address: DirectoryAddress) -> Result<Self> {
        let http = client()?;
        Ok(Self { address, http })
    }

    /// Whether a password or an access pass is an account's.
    pub(super) async fn check(
        &self,
        account: &str,
        secret: &Zeroizing<String>,
    ) -> Result<Person, Refusal> {
        let question = json!({ "account": account, "secret": secret.as_str() });
        let answer = self.ask("/directory/sign-in", question).await?;
        match answer.status() {
            StatusCode::OK => answer.json().await.map_err(|_| Refusal::Unavailable),
            StatusCode::TOO_MANY_REQUESTS => {
                let seconds = answer.headers().get(RETRY_AFTER);
                let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
                Err(Refusal::TooOften(seconds.unwrap_or(60)))
            }
            StatusCode::UNAUTHORIZED | StatusCode::LOCKED => Err(refusal(answer).await),
            _ => Err(Refusal::Unavailable),
        }
    }

    /// Whether a session still holds. One that nobody can ask about does not.
    pub(super) async fn holds(&self, account: &str, session_generation: i64) -> bool {
        let question = json!({ "account": account, "session_generation": session_generation });
        let answer = self.ask("/directory/session", question).await;
        answer.is_ok_and(|answer| answer.status() == StatusCode::NO_CONTENT)
    }

    async fn ask(&self, path: &str, question: Value) -> Result<reqwest::Response, Refusal> {
        let DirectoryAddress { origin, token } = &self.address;
        let request = self.http.post(format!("{origin}{path}"));
        let answer = request.bearer_auth(token).json(&question).send().await;
        answer.map_err(|_| Refusal::Unavailable)
    }
}

async fn refusal(answer: reqwest::Response) -> Refusal {
    let why: Value = answer.json().await.unwrap_or_default();
    match why["refused"].as_str() {
        Some("wrong") => Refusal::Wrong,
        Some("revoked") => Refusal::Revoked,
        Some("locked") => Refusal::Locked,
        _ => Refusal::Unavailable,
    }
}

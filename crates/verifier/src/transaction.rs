//! A transaction: one request of a relying party, from the start page to the ID token.
//!
//! ```text
//! created → claimed → paired → accepted → redeemed
//!    └─────────┴─────────┴────────┴─> cancelled · rejected · expired
//! ```
//! `paired` is skipped where the page and the card are on one phone. Every step is one
//! conditional statement in `store::transactions`, so that of two that try one wins.

use crate::ppid::SubjectId;
use crate::settings::RelyingParty;
use kazasu_statement::{Claim, Language, Mode, Purpose, Reason};
use std::str::FromStr;
use url::Url;

/// Wrong digits allowed in one transaction, over all its tickets.
pub(crate) const PAIRING_TRIES: u32 = 9;

/// Where a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Created,
    Claimed,
    Paired,
    Accepted,
    Redeemed,
    Cancelled,
    Rejected,
    Expired,
}

impl State {
    const WORDS: [(Self, &'static str); 8] = [
        (Self::Created, "created"),
        (Self::Claimed, "claimed"),
        (Self::Paired, "paired"),
        (Self::Accepted, "accepted"),
        (Self::Redeemed, "redeemed"),
        (Self::Cancelled, "cancelled"),
        (Self::Rejected, "rejected"),
        (Self::Expired, "expired"),
    ];

    /// As it is written in the database and in metrics.
    pub(crate) fn as_str(self) -> &'static str {
        let word = Self::WORDS.iter().find(|(state, _)| *state == self);
        word.expect("every state has a word").1
    }

    /// Nothing can change it any more.
    pub(crate) fn is_final(self) -> bool {
        matches!(
            self,
            Self::Redeemed | Self::Cancelled | Self::Rejected | Self::Expired
        )
    }
}

/// A word in the database that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("unknown state")]
pub(crate) struct UnknownState;

impl FromStr for State {
    type Err = UnknownState;

    fn from_str(word: &str) -> Result<Self, UnknownState> {
        Self::WORDS
            .iter()
            .find(|(_, w)| *w == word)
            .map(|(state, _)| *state)
            .ok_or(UnknownState)
    }
}

/// A transaction as it was read. `state` already counts the time.
pub(crate) struct Transaction {
    pub(crate) id: String,
    pub(crate) relying_party: String,
    pub(crate) redirect_uri: String,
    pub(crate) request_state: Option<String>,
    pub(crate) nonce: String,
    pub(crate) code_challenge: String,
    pub(crate) purpose: Purpose,
    pub(crate) wants_name: bool,
    pub(crate) language: Language,
    pub(crate) browser_hash: [u8; 32],
    pub(crate) browser: String,
    pub(crate) created_at: i64,
    pub(crate) state: State,
    pub(crate) expires_at: i64,
    pub(crate) mode: Option<Mode>,
    pub(crate) ticket_number: u32,
    pub(crate) ticket_expires_at: Option<i64>,
    pub(crate) digits_expire_at: Option<i64>,
    pub(crate) pairing_tries: u32,
    pub(crate) assertion_hash: Option<[u8; 32]>,
    pub(crate) subject: Option<SubjectId>,
    pub(crate) auth_time: Option<i64>,
    pub(crate) sealed_name: Option<Vec<u8>>,
    pub(crate) returned: bool,
    pub(crate) reason: Option<Reason>,
}

impl Transaction {
    /// What is asked for besides the PPID.
    pub(crate) fn requested_claims(&self) -> &'static [Claim] {
        if self.wants_name { &[Claim::Name] } else { &[] }
    }

    /// Why a companion cannot go on with it; `None` while it is created, claimed or paired.
    pub(crate) fn closed_because(&self) -> Option<Reason> {
        match self.state {
            State::Created | State::Claimed | State::Paired => None,
            State::Accepted | State::Redeemed => Some(Reason::AlreadyAccepted),
            State::Cancelled => Some(Reason::Cancelled),
            State::Rejected => Some(self.reason.unwrap_or(Reason::Cancelled)),
            State::Expired => Some(Reason::TransactionExpired),
        }
    }

    /// The state as far as the browser on the page may know it. In same-phone mode that is not
    /// that the phone has tapped, until the browser brings the code of the return URL: somebody
    /// may have sent the person here. `lifetime` is that of transactions, in seconds.
    pub(crate) fn shown_state(&self, lifetime: i64, now: i64) -> State {
        let hides = match self.state {
            State::Accepted => true,
            State::Expired => !self.returned && now < self.created_at + lifetime,
            _ => false,
        };
        match self.mode {
            Some(Mode::SamePhone) if hides && self.auth_time.is_some() => State::Claimed,
            _ => self.state,
        }
    }

    /// The page asks for the six digits.
    pub(crate) fn waits_for_digits(&self) -> bool {
        self.state == State::Claimed && self.mode != Some(Mode::SamePhone)
    }

    /// A word that is another whenever the page of an open transaction looks otherwise.
    pub(crate) fn mark(&self, lifetime: i64, now: i64) -> String {
        let state = self.shown_state(lifetime, now);
        let is_over = |end: Option<i64>| match end {
            None => "none",
            Some(end) if end > now => "running",
            Some(_) => "over",
        };
        let ticket = match state {
            State::Created => is_over(self.ticket_expires_at),
            _ => "claimed",
        };
        format!(
            "{state:?}-{}-{ticket}-{}-{}",
            self.ticket_number,
            is_over(self.digits_expire_at),
            self.pairing_tries,
        )
    }

    /// Why no challenge may be issued, and no assertion taken, now.
    pub(crate) fn not_ready_because(&self) -> Option<Reason> {
        match (self.state, self.mode) {
            (State::Paired, _) | (State::Claimed, Some(Mode::SamePhone)) => None,
            (State::Claimed, _) => Some(Reason::PairingRequired),
            (State::Created, _) => Some(Reason::TicketUnknown),
            _ => self.closed_because(),
        }
    }

    /// The browser that started may be told the result: it typed the digits, or it brought the
    /// code of the return URL.
    pub(crate) fn browser_is_proven(&self) -> bool {
        self.mode != Some(Mode::SamePhone) || self.returned
    }

    /// The relying party's address with an answer for it. `issuer` goes with every answer
    /// (RFC 9207), so that a relying party of several providers cannot mix them up.
    pub(crate) fn answer(&self, issuer: &str, parameters: &[(&str, &str)]) -> String {
        answer(
            &self.redirect_uri,
            self.request_state.as_deref(),
            issuer,
            parameters,
        )
    }

    /// The answer that nothing was disclosed.
    pub(crate) fn denial(&self, issuer: &str) -> String {
        let description = self
            .closed_because()
            .unwrap_or(Reason::Cancelled)
            .to_string();
        self.answer(
            issuer,
            &[
                ("error", "access_denied"),
                ("error_description", &description),
            ],
        )
    }

    /// May its tickets be minted for `mode`?
    pub(crate) fn allows(&self, party: &RelyingParty, mode: Mode) -> bool {
        party.modes(self.purpose).contains(&mode)
    }
}

/// A redirect URI with response parameters added to its query.
pub(crate) fn answer(
    redirect_uri: &str,
    request_state: Option<&str>,
    issuer: &str,
    parameters: &[(&str, &str)],
) -> String {
    let mut url =
        Url::parse(redirect_uri).expect("redirect URIs were checked when the settings were read");
    url.query_pairs_mut()
        .extend_pairs(parameters)
        .extend_pairs(request_state.map(|state| ("state", state)))
        .append_pair("iss", issuer);
    url.into()
}

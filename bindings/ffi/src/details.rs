//! What the person reads before agreeing.

use crate::messages;
use kazasu_companion::Details;
use kazasu_statement::Claim;
pub use kazasu_statement::{Language, Mode, Purpose};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a tap is for.
#[uniffi::remote(Enum)]
pub enum Purpose {
    /// See what is linked.
    View,
    /// Link the card to an account.
    Link,
    /// Remove the link.
    Unlink,
    /// Recover access: password re-issue, MFA re-registration.
    Recover,
    /// Rescue cloud data after the account was revoked.
    Rescue,
    /// Join the alumni service.
    Join,
    /// Evidence for a member of staff at a counter.
    Counter,
}

/// How the browser and the card come together.
#[uniffi::remote(Enum)]
pub enum Mode {
    /// The page and the card are on one phone.
    SamePhone,
    /// The page is on another device: QR code and six digits.
    OtherDevice,
    /// A reader daemon on the machine that shows the page.
    Local,
}

/// A language that every text comes in.
#[uniffi::remote(Enum)]
pub enum Language {
    /// Japanese.
    Japanese,
    /// English.
    English,
}

/// What a ticket asks for.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TapDetails {
    /// The transaction's identifier; also the reference for support.
    pub transaction_id: String,
    /// Who asks, in Japanese.
    pub service_ja: String,
    /// Who asks, in English.
    pub service_en: String,
    /// The host that its answers go to.
    pub host: String,
    /// What the tap is for.
    pub purpose: Purpose,
    /// Whether the name on the card is provided, besides the pseudonymous ID. Then the tap needs
    /// the PIN for the name, too.
    pub provides_name: bool,
    /// How browser and card come together.
    pub mode: Mode,
    /// Whether six digits have to be typed into the page before the tap.
    pub needs_pairing: bool,
    /// The language of the page that started.
    pub language: Language,
    /// A coarse description of the browser that started.
    pub browser: String,
    /// When it started.
    pub started_at: SystemTime,
    /// When it ends by itself.
    pub expires_at: SystemTime,
}

/// The details as sentences for the consent screen.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Consent {
    /// Who asks.
    pub service: String,
    /// The host that its answers go to: shown beside the name.
    pub host: String,
    /// What it asks to do.
    pub action: String,
    /// What it receives, and that it receives nothing else.
    pub provided: String,
    /// Which browser started.
    pub browser: String,
}

/// Six digits for the person to type into the page.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct PairingDigits {
    /// The digits.
    pub digits: String,
    /// When they end; ask for new ones then.
    pub expires_at: SystemTime,
    /// The only origin that they may be typed at, for the app to say so.
    pub only_at: String,
}

impl TapDetails {
    pub(crate) fn of(details: &Details, needs_pairing: bool) -> Self {
        Self {
            transaction_id: details.transaction_id.clone(),
            service_ja: details.relying_party.name_ja.clone(),
            service_en: details.relying_party.name_en.clone(),
            host: details.relying_party.host.clone(),
            purpose: details.purpose,
            provides_name: provides_name(details),
            mode: details.mode,
            needs_pairing,
            language: details.language,
            browser: details.browser.clone(),
            started_at: time(details.started_at),
            expires_at: time(details.expires_at),
        }
    }
}

impl Consent {
    pub(crate) fn of(details: &Details, language: Language) -> Self {
        Self {
            service: details.relying_party.name(language).to_owned(),
            host: details.relying_party.host.clone(),
            action: messages::action(details.purpose, language).to_owned(),
            provided: messages::provided(provides_name(details), language).to_owned(),
            browser: details.browser.clone(),
        }
    }
}

pub(crate) fn provides_name(details: &Details) -> bool {
    details.claims.contains(&Claim::Name)
}

/// Seconds since the Unix epoch, as each language's own type. A time before the epoch, which no
/// verifier means, is the epoch.
pub(crate) fn time(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

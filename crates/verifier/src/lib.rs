//! The verification backend: it checks assertions and issues pairwise pseudonyms. To companions it
//! speaks gRPC, to relying parties it is an OpenID Provider, to browsers it shows the tap pages;
//! all on one port. It knows no account.

mod app;
mod challenge;
mod companion_service;
mod counted;
mod failure;
mod keys;
mod limits;
mod lineage;
mod oidc;
mod pages;
mod ppid;
mod revocation;
mod sealed_name;
mod server;
mod settings;
mod store;
mod submit;
mod transaction;
mod upkeep;
mod upstream;

pub use app::StartError;
pub use keys::{KeyInfo, KeyKind, KeyMismatch, KeyStore, Keys, KeysError, TokenError, UnknownKind};
pub use server::Verifier;
pub use settings::{
    AndroidApp, Apps, AuditSettings, Checked, ENVIRONMENT_PREFIX, KeySource, Lifetimes, Limits,
    Lineage, Listening, Localized, NoncePolicy, REDIRECT_URI_RULE, RelyingParty, Revocation,
    Settings, SettingsError, Stores, TokenSource, Trust, is_redirect_uri,
};
pub use store::{MIGRATIONS, open as open_database};
pub use upkeep::{KeyUse, UpkeepError, erase, rewrap_index};

//! The account portal: the relying party that links a card to an account, and gives the account
//! back to whoever taps that card. It knows no card and no certificate, only a pairwise pseudonym
//! and a name.

pub mod account;
mod app;
pub mod directory;
mod failure;
mod keys;
mod link;
mod linking;
pub mod names;
mod openid;
mod operations;
mod pages;
pub mod password;
mod procedure;
mod server;
mod session;
mod settings;
mod standing;
mod store;
mod telling;
mod upkeep;
mod when;

pub use app::StartError;
pub use keys::{Keys, KeysError};
pub use server::Portal;
pub use settings::{
    Accounts, Checked, ClientAuthentication, DirectorySettings, ENVIRONMENT_PREFIX, Lifetimes,
    Limits, Names, Reaction, Recovery, Retention, Settings, SettingsError, SignIn, Verifier,
};
pub use store::{MIGRATIONS, open as open_database};
pub use upkeep::lift_freeze;

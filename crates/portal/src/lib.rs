//! The account portal: the relying party that links a card to an account, and gives the account
//! back to whoever taps that card. It knows no card and no certificate, only a pairwise pseudonym
//! and a name.

#![allow(dead_code, unused_imports)]

pub mod account;
pub mod directory;
mod keys;
mod link;
pub mod names;
mod openid;
pub mod password;
mod procedure;
mod session;
mod settings;
mod store;

pub use keys::{Keys, KeysError};
pub use settings::{
    Accounts, Checked, ClientAuthentication, ENVIRONMENT_PREFIX, Lifetimes, Limits, Names,
    Reaction, Recovery, Retention, Settings, SettingsError, SignIn, Verifier,
};
pub use store::{MIGRATIONS, open as open_database};

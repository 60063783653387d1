//! The account portal: the relying party that links a card to an account, and gives the account
//! back to whoever taps that card. It knows no card and no certificate, only a pairwise pseudonym
//! and a name.

pub mod account;
mod app;
mod counted;
pub mod directory;
mod failure;
mod keys;
mod link;
mod linking;
mod mail;
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
mod zone;

pub use app::StartError;
pub use keys::{Keys, KeysError};
pub use mail::PostError;
pub use server::Portal;
pub use settings::{
    Accounts, Bind, Checked, ClientAuthentication, Delivery, DirectorySettings, ENVIRONMENT_PREFIX,
    KindAttribute, LdapAttributes, LdapSettings, Lifetimes, Limits, Lock, Mail, Marker, Names,
    Reaction, Recovery, Retention, Security, Settings, SettingsError, SignIn, SmtpServer, Verifier,
};
pub use store::{MIGRATIONS, open as open_database};
pub use upkeep::{lift_freeze, remove_account};
pub use zone::Zone;

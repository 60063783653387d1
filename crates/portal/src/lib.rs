//! The account portal: the relying party that links a card to an account, and gives the account
//! back to whoever taps that card. It knows no card and no certificate, only a pairwise pseudonym
//! and a name.

pub mod account;
pub mod directory;
pub mod password;

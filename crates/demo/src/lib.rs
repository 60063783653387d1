//! The real binaries, started together. The launcher, the browser, the relying party and the
//! terminal tap serve `./dev demo` and the end-to-end tests alike. For `./dev demo --web` come the
//! parties that a browser needs: a phone, a sign-in, the people and their cards.

pub mod balancer;
pub mod browser;
pub mod cards;
pub mod cast;
pub mod emulator;
pub mod es256;
pub mod front;
pub mod intermediary;
pub mod operator;
pub mod phone;
pub mod postgres;
pub mod process;
pub mod relying_party;
pub mod sign_in;
pub mod site;
pub mod slapd;
pub mod smtp;
pub mod started;
mod story;
pub mod tap;
pub mod verifier;
pub mod web;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod texts;

//! The portal among real parties: the verifier with emulated cards, an OpenID Provider of others for
//! sign-ins, OpenLDAP as the directory, an SMTP server of others for its mails.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod crashes;
mod line;
mod nodes;
mod objecting;
mod procedures;
mod world;

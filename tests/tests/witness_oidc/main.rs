//! OpenID Connect clients nobody here wrote, against the real verifier: Authlib, openid-client and
//! mod_auth_openidc. docs/relying-party.md tells how to use the first two; what it shows is what
//! runs here.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod apache;
mod guide;
mod services;
mod visitor;

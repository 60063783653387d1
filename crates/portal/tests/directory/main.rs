//! Directories as the portal uses them: the same behaviour in the portal's own database and in a
//! real OpenLDAP server.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod both;
mod intermediary;
mod ldap_away;
mod ldap_entries;
mod ldap_trust;
mod world;

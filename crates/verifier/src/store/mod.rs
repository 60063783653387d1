//! What the verifier keeps, and every statement it keeps it with.

pub(crate) mod acceptance;
pub(crate) mod answers;
pub(crate) mod erasure;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod migrations;
pub(crate) mod nodes;
pub(crate) mod oidc;
pub(crate) mod publication;
pub(crate) mod rewrap;
pub(crate) mod subjects;
pub(crate) mod transactions;

use kazasu_service::audit;
use kazasu_service::store::{Location, Migration, Schema, Store, StoreError};

/// Each entry brings the schema from the version of its position to the next.
pub const MIGRATIONS: &[Migration] = &[
    &[include_str!("migrations/0001_first.sql")],
    &[audit::SCHEMA, include_str!("migrations/0002_audit.sql")],
    &[include_str!("migrations/0003_revocation.sql")],
    &[include_str!("migrations/0004_keys.sql")],
    &[include_str!("migrations/0005_publication.sql")],
];

/// Opens the database. Blocks.
///
/// # Errors
/// [`StoreError`].
pub fn open(location: &Location, schema: Schema) -> Result<Store, StoreError> {
    Store::open(location, MIGRATIONS, schema)
}

//! What the portal keeps, and every statement it keeps it with.

pub(crate) mod contacts;
pub(crate) mod freezes;
pub(crate) mod holdings;
pub(crate) mod links;
pub(crate) mod operations;
pub(crate) mod procedures;
pub(crate) mod retention;
pub(crate) mod turns;

use crate::directory::builtin;
use crate::mail;
use kazasu_service::audit;
use kazasu_service::store::{Location, Migration, Schema, Store, StoreError};

/// Each entry brings the schema from the version of its position to the next.
pub const MIGRATIONS: &[Migration] = &[
    &[
        audit::SCHEMA,
        include_str!("store/migrations/0001_first.sql"),
    ],
    &[builtin::SCHEMA],
    &[mail::SCHEMA],
    &[include_str!("store/migrations/0004_indexes.sql")],
];

/// Opens the database. Blocks.
///
/// # Errors
/// [`StoreError`].
pub fn open(location: &Location, schema: Schema) -> Result<Store, StoreError> {
    Store::open(location, MIGRATIONS, schema)
}

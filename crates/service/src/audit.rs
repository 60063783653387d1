//! What happened, for those who have to answer for it. An event commits together with what it
//! tells; its details name nobody. Within about a second an [`Auditor`] chains it to every event
//! before it, so that [`verify`] sees what was changed, taken out or put in afterwards.

mod auditor;
mod chain;
mod export;
mod key;
mod seal;
mod verify;

pub use auditor::Auditor;
pub use chain::{Event, Head};
pub use key::AuditKey;
pub use seal::{SealError, Sealer, Sign, events_after, newest};
pub use verify::{Finding, Report, VerifyError, verify};

use crate::store::{Connection, SqlError};
use crate::values;

/// The tables, for a server's list of migrations.
pub const SCHEMA: &str = include_str!("audit/schema.sql");

/// Writes an event.
///
/// # Errors
/// [`SqlError`].
pub fn record(
    c: &mut Connection<'_>,
    at: i64,
    kind: &str,
    details: &Details,
) -> Result<(), SqlError> {
    c.execute(
        "INSERT INTO audit_events (at, kind, details) VALUES (?1, ?2, ?3)",
        values![at, kind, details.to_json()],
    )?;
    Ok(())
}

/// What an event tells besides its kind: words by name, in the order given.
#[derive(Debug, Clone, Default)]
pub struct Details(serde_json::Map<String, serde_json::Value>);

impl Details {
    /// Adds a word; nothing where there is none.
    #[must_use]
    pub fn with<'a>(mut self, name: &str, word: impl Into<Option<&'a str>>) -> Self {
        if let Some(word) = word.into() {
            self.0.insert(name.to_owned(), word.into());
        }
        self
    }

    /// As it is stored: a JSON object.
    pub fn to_json(&self) -> String {
        serde_json::Value::Object(self.0.clone()).to_string()
    }
}

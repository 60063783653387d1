//! The database: SQLite, one writer thread that commits in groups, readers beside it.

pub(crate) mod acceptance;
#[cfg(test)]
mod fixture;
pub(crate) mod oidc;
pub(crate) mod subjects;
pub(crate) mod transactions;
mod writer;

use rusqlite::{Connection, OpenFlags};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, oneshot};
use writer::Writer;

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// SQLite refused.
    #[error("the database refused")]
    Sqlite(#[from] rusqlite::Error),
    /// The database was written by a younger version of this program.
    #[error("the database has schema version {found}; this program knows {known}")]
    Younger {
        /// What the database says.
        found: u32,
        /// The highest version known.
        known: u32,
    },
    /// The file cannot be created or opened.
    #[error("the database file cannot be opened")]
    File(#[from] std::io::Error),
    /// The group this write belonged to was not committed, or the writer is gone.
    #[error("the write was not committed")]
    NotCommitted,
}

/// Each entry brings the schema from the version of its position to the next.
const MIGRATIONS: &[&str] = &[include_str!("schema.sql")];

/// How many changes a slow watcher may lag behind before it has to read again.
const CHANGES_KEPT: usize = 1024;

/// The open database.
pub(crate) struct Store {
    path: PathBuf,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
    changes: broadcast::Sender<String>,
}

impl Store {
    /// Opens or creates the database and brings its schema up to date.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        // SQLite would let everybody read it. Its log gets the same mode.
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        migrate(&mut connection)?;
        Ok(Self {
            path: path.into(),
            writer: Writer::start(connection),
            readers: Mutex::default(),
            changes: broadcast::Sender::new(CHANGES_KEPT),
        })
    }

    /// Reads. A lookup takes microseconds, less than handing it to another thread would.
    pub(crate) fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let idle = self
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        };
        let result = query(&connection);
        self.readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        Ok(result?)
    }

    /// Writes: all of `change` or, if it fails, nothing of it. Returns once it is durable.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, result) = oneshot::channel();
        self.writer.submit(change, reply).await?;
        result.await.map_err(|_| StoreError::NotCommitted)?
    }

    /// Moves the write-ahead log into the database and empties it. What was erased in the database
    /// stays readable in the log until then.
    pub(crate) fn empty_log(&self) -> Result<(), StoreError> {
        let connection = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Where somebody reads or writes for too long, the next time will do.
        Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    /// Tells those who watch a transaction that it changed.
    pub(crate) fn announce(&self, transaction_id: &str) {
        // An error means that nobody watches anything.
        let _ = self.changes.send(transaction_id.to_owned());
    }

    /// The identifiers of transactions, as they change.
    pub(crate) fn changes(&self) -> broadcast::Receiver<String> {
        self.changes.subscribe()
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    if flags.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) {
        // A name that is erased must not linger in a free page: secure_delete.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;",
        )?;
    }
    connection.execute_batch("PRAGMA foreign_keys = ON;")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_migrations (
           version    INTEGER NOT NULL PRIMARY KEY, -- the schema after this migration
           applied_at INTEGER NOT NULL DEFAULT (unixepoch())
         ) STRICT;",
    )?;
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found: u32 = transaction.query_row(
        "SELECT coalesce(max(version), 0) FROM schema_migrations",
        [],
        |row| row.get(0),
    )?;
    let known = u32::try_from(MIGRATIONS.len()).expect("a handful");
    if found > known {
        return Err(StoreError::Younger { found, known });
    }
    for (version, migration) in (1..=known).zip(MIGRATIONS).skip(found as usize) {
        transaction.execute_batch(migration)?;
        transaction.execute(
            "INSERT INTO schema_migrations (version) VALUES (?1)",
            [version],
        )?;
    }
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_database_opens_again_and_a_younger_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("verifier.db");
        drop(Store::open(&path).unwrap());
        drop(Store::open(&path).unwrap());
        Connection::open(&path)
            .unwrap()
            .execute("INSERT INTO schema_migrations (version) VALUES (99)", [])
            .unwrap();
        assert!(matches!(
            Store::open(&path),
            Err(StoreError::Younger { found: 99, .. })
        ));
    }

    #[tokio::test]
    async fn the_database_and_its_log_are_for_their_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("verifier.db")).unwrap();
        store.write(|_| Ok(())).await.unwrap();
        let modes: Vec<_> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().permissions().mode() & 0o777)
            .collect();
        assert_eq!(modes, [0o600; 3]);
    }
}

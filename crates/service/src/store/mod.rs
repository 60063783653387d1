//! The database: one store on two engines. SQLite needs nobody and serves one node; PostgreSQL
//! serves several. Statements are one portable text: parameters are `?1`, `?2`…, types INTEGER,
//! TEXT and BLOB, truths are 0 and 1, and what time it is comes in as a parameter.

pub mod backup;
mod connection;
mod location;
mod migrations;
mod postgres;
mod queue;
mod sqlite;
mod value;

pub use connection::{Connection, Engine, Row};
pub use location::{DatabaseTable, Location, LocationError};
pub use migrations::{Migration, Schema};
pub use value::{FromValue, Value};

use self::postgres::Postgres;
use crate::metrics::Metrics;
use sqlite::Sqlite;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::broadcast;

/// Why a statement failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqlError {
    /// SQLite refused.
    #[error("SQLite refused")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused, or is gone.
    #[error("PostgreSQL refused")]
    Postgres(#[from] ::postgres::Error),
    /// A parameter or a column holds something of another kind than the program expects.
    #[error("a value is of an unexpected kind")]
    Kind,
}

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A statement failed.
    #[error("the database refused")]
    Refused(#[from] SqlError),
    /// The database was written by a younger version of the program.
    #[error("the database has schema version {found}; this program knows {known}")]
    Younger {
        /// What the database says.
        found: u32,
        /// The highest version known.
        known: u32,
    },
    /// The database has to be migrated first.
    #[error("the database has schema version {found}; migrate it to {known} first")]
    Older {
        /// What the database says.
        found: u32,
        /// The version needed.
        known: u32,
    },
    /// The file cannot be created or opened.
    #[error("the database file cannot be opened")]
    File(#[from] std::io::Error),
    /// The certificate that proves the database server cannot be used.
    #[error("the database server's certification authority cannot be read")]
    Authority(#[from] rustls_pki_types::pem::Error),
    /// The server cannot be reached now.
    #[error("the database cannot be reached")]
    Unreachable(#[source] ::postgres::Error),
    /// The group this write belonged to was not committed, or the store is being closed.
    #[error("the write was not committed")]
    NotCommitted,
}

/// How many changes a slow watcher may lag behind before it has to read again.
const CHANGES_KEPT: usize = 1024;

/// How long a change made by another node may go unseen.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The same where there is no other node.
const LOOK_AGAIN_ALONE: Duration = Duration::from_secs(5);

/// The open database.
pub struct Store {
    engine: Backend,
    changes: broadcast::Sender<String>,
    /// The last write did not succeed.
    writes_fail: AtomicBool,
}

enum Backend {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// Opens the database, which a file that does not exist yet becomes, and brings it from the
    /// version it has to the newest of `migrations`, or with [`Schema::Check`] only looks. Blocks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(
        location: &Location,
        migrations: &'static [Migration],
        schema: Schema,
    ) -> Result<Self, StoreError> {
        let engine = match location {
            Location::Sqlite(path) => Backend::Sqlite(Sqlite::open(path, migrations, schema)?),
            Location::Postgres(server) => {
                Backend::Postgres(Postgres::open(server, migrations, schema)?)
            }
        };
        Ok(Self {
            engine,
            changes: broadcast::Sender::new(CHANGES_KEPT),
            writes_fail: AtomicBool::new(false),
        })
    }

    /// Reads.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Connection<'_>) -> Result<T, SqlError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &self.engine {
            Backend::Sqlite(sqlite) => sqlite.read(query),
            Backend::Postgres(postgres) => postgres.run(query).await,
        }
    }

    /// Writes: all of `change` or, if it fails, nothing of it. Returns once it is durable.
    ///
    /// # Errors
    /// [`StoreError`]. After [`StoreError::Unreachable`], or where PostgreSQL went away during the
    /// commit, nobody knows whether it was.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Connection<'_>) -> Result<T, SqlError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let written = match &self.engine {
            Backend::Sqlite(sqlite) => sqlite.write(change).await,
            Backend::Postgres(postgres) => postgres.run_in_transaction(change).await,
        };
        self.writes_fail.store(written.is_err(), Ordering::Relaxed);
        written
    }

    /// As [`Store::write`], for a `change` that is one single statement and so needs no
    /// transaction around it: two round trips less on PostgreSQL.
    ///
    /// # Errors
    /// As for [`Store::write`].
    pub async fn write_statement<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Connection<'_>) -> Result<T, SqlError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let written = match &self.engine {
            Backend::Sqlite(sqlite) => sqlite.write(change).await,
            Backend::Postgres(postgres) => postgres.run(change).await,
        };
        self.writes_fail.store(written.is_err(), Ordering::Relaxed);
        written
    }

    /// Makes sure that it can be read, and, where the last write failed, that it can be written
    /// again: nobody who is sent elsewhere meanwhile would find that out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn check(&self) -> Result<(), StoreError> {
        if self.writes_fail.load(Ordering::Relaxed) {
            // Written as it was, which takes space all the same.
            const SAME: &str = "UPDATE schema_migrations SET version = version";
            return self.write(|c| c.execute(SAME, &[])).await.map(drop);
        }
        let one = self.read(|c| c.query("SELECT 1 AS one", &[], |row| row.get::<i64>("one")));
        one.await.map(drop)
    }

    /// Counts what waits for the database in these metrics. To be called once for a registry.
    pub fn count_in(&self, metrics: &Metrics) {
        match &self.engine {
            Backend::Sqlite(sqlite) => sqlite.queue(),
            Backend::Postgres(postgres) => postgres.queue(),
        }
        .register(metrics.registry());
    }

    /// Which engine it is.
    pub fn engine(&self) -> Engine {
        match self.engine {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// Empties SQLite's write-ahead log, in which what was erased stays readable until then.
    /// Blocks for the disk. PostgreSQL looks after its own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn empty_log(&self) -> Result<(), StoreError> {
        match &self.engine {
            Backend::Sqlite(sqlite) => sqlite.empty_log(),
            Backend::Postgres(_) => Ok(()),
        }
    }

    /// Tells those who watch a row on this node that it changed.
    pub fn announce(&self, id: &str) {
        // An error means that nobody watches anything.
        let _ = self.changes.send(id.to_owned());
    }

    /// The identifiers of rows, as this node changes them.
    pub fn changes(&self) -> broadcast::Receiver<String> {
        self.changes.subscribe()
    }

    /// How often whoever watches has to look for themselves: another node announces nothing here.
    pub fn look_again(&self) -> Duration {
        match self.engine {
            Backend::Sqlite(_) => LOOK_AGAIN_ALONE,
            Backend::Postgres(_) => LOOK_AGAIN,
        }
    }
}

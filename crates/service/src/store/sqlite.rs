//! SQLite: one writer thread that commits in groups, readers beside it.

mod checkpointer;
mod writer;

use super::connection::Inner;
use super::migrations::migrate;
use super::queue::Queue;
use super::{Connection, Migration, Schema, SqlError, StoreError};
use checkpointer::Checkpointer;
use rusqlite::config::DbConfig;
use rusqlite::{OpenFlags, TransactionBehavior};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use writer::Writer;

/// What the writer keeps in memory: the pages of the day's transactions and their indexes.
const WRITER_CACHE_KIB: i64 = 16 * 1024;

/// From how many pages of 4 KiB on the writer moves the log itself, should the checkpointer not
/// come to it: 64 MiB.
const WRITER_CHECKPOINT_PAGES: i64 = 16_000;

pub(super) struct Sqlite {
    path: PathBuf,
    writer: Writer,
    readers: Mutex<Vec<rusqlite::Connection>>,
    _checkpointer: Checkpointer,
}

impl Sqlite {
    pub(super) fn open(
        path: &Path,
        migrations: &[Migration],
        schema: Schema,
    ) -> Result<Self, StoreError> {
        // SQLite would let everybody read it. Its log gets the same mode.
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(SqlError::from)?;
        migrate(
            &mut Connection(Inner::Sqlite(&transaction)),
            migrations,
            schema,
            |_, text| Ok(transaction.execute_batch(text)?),
        )?;
        transaction.commit().map_err(SqlError::from)?;
        Ok(Self {
            path: path.into(),
            writer: Writer::start(connection),
            readers: Mutex::default(),
            _checkpointer: Checkpointer::start(path)?,
        })
    }

    /// A lookup takes microseconds, less than handing it to another thread would.
    pub(super) fn read<T>(
        &self,
        query: impl FnOnce(&mut Connection<'_>) -> Result<T, SqlError>,
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
        let result = query(&mut Connection(Inner::Sqlite(&connection)));
        self.readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        Ok(result?)
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Connection<'_>) -> Result<T, SqlError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, result) = oneshot::channel();
        self.writer.submit(change, reply).await?;
        result.await.map_err(|_| StoreError::NotCommitted)?
    }

    pub(super) fn queue(&self) -> &Queue {
        self.writer.queue()
    }

    pub(super) fn empty_log(&self) -> Result<(), StoreError> {
        let connection = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Where somebody reads or writes for too long, the next time will do.
        let emptied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        Ok(emptied.map_err(SqlError::from)?)
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<rusqlite::Connection, SqlError> {
    let connection =
        rusqlite::Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    if flags.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) {
        // A name that is erased must not linger in a free page: secure_delete.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;",
        )?;
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        connection.pragma_update(None, "wal_autocheckpoint", WRITER_CHECKPOINT_PAGES)?;
    }
    connection.execute_batch("PRAGMA foreign_keys = ON;")?;
    // Otherwise values are part of a plan, and SQLite makes a new one whenever a parameter changes.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::super::{Location, Store};
    use super::*;
    use crate::metrics::Metrics;
    use crate::values;
    use std::os::unix::fs::PermissionsExt as _;

    const ONE: Migration = &["CREATE TABLE things (name TEXT NOT NULL PRIMARY KEY) STRICT;"];
    const TWO: Migration = &["ALTER TABLE things ADD COLUMN size INTEGER;"];

    fn open(
        path: &Path,
        migrations: &'static [Migration],
        schema: Schema,
    ) -> Result<Store, StoreError> {
        Store::open(&Location::Sqlite(path.into()), migrations, schema)
    }

    #[test]
    fn a_database_opens_again_and_a_younger_or_older_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        drop(open(&path, &[ONE], Schema::Migrate).unwrap());
        drop(open(&path, &[ONE], Schema::Check).unwrap());
        assert!(matches!(
            open(&path, &[ONE, TWO], Schema::Check),
            Err(StoreError::Older { found: 1, known: 2 })
        ));
        drop(open(&path, &[ONE, TWO], Schema::Migrate).unwrap());
        assert!(matches!(
            open(&path, &[ONE], Schema::Migrate),
            Err(StoreError::Younger { found: 2, known: 1 })
        ));
    }

    #[test]
    fn a_migration_that_fails_half_way_leaves_nothing() {
        const BROKEN: Migration = &["CREATE TABLE half (x INTEGER) STRICT;", "CREATE NONSENSE;"];
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        assert!(open(&path, &[ONE, BROKEN], Schema::Migrate).is_err());
        drop(open(&path, &[ONE, TWO], Schema::Migrate).unwrap());
    }

    #[tokio::test]
    async fn the_database_and_its_log_are_for_their_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir.path().join("x.db"), &[ONE], Schema::Migrate).unwrap();
        store.write(|_| Ok(())).await.unwrap();
        let modes: Vec<_> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().permissions().mode() & 0o777)
            .collect();
        assert_eq!(modes, [0o600; 3]);
    }

    #[tokio::test]
    async fn a_failing_write_takes_nothing_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir.path().join("x.db"), &[ONE], Schema::Migrate).unwrap();
        let insert = |name: &'static str, fail: bool| {
            store.write(move |c| {
                c.execute("INSERT INTO things VALUES (?1)", values![name])?;
                if fail { Err(SqlError::Kind) } else { Ok(()) }
            })
        };
        let (good, bad, also_good) =
            tokio::join!(insert("a", false), insert("b", true), insert("c", false));
        assert!(good.is_ok() && bad.is_err() && also_good.is_ok());
        let names: Vec<String> = store
            .read(|c| {
                c.query("SELECT name FROM things ORDER BY name", &[], |row| {
                    row.get("name")
                })
            })
            .await
            .unwrap();
        assert_eq!(names, ["a", "c"]);
    }

    #[tokio::test]
    async fn what_waits_for_the_writer_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir.path().join("x.db"), &[ONE], Schema::Migrate).unwrap();
        let metrics = Metrics::new();
        store.count_in(&metrics);
        let counted = |line: &str| metrics.text().unwrap().lines().any(|l| l == line);
        let (began, has_begun) = std::sync::mpsc::channel();
        let (end, may_end) = std::sync::mpsc::channel::<()>();
        let slow = store.write(move |_| {
            began.send(()).unwrap();
            // Ends when the sender is gone.
            let _ = may_end.recv();
            Ok(())
        });
        let look = async {
            has_begun.recv().unwrap();
            let waiting = counted("kazasu_store_waiting 2");
            drop(end);
            waiting
        };
        let (slow, one, two, waited) =
            tokio::join!(slow, store.write(|_| Ok(())), store.write(|_| Ok(())), look);
        assert!(slow.is_ok() && one.is_ok() && two.is_ok() && waited);
        assert!(counted("kazasu_store_waiting 0"));
        assert!(counted("kazasu_store_wait_seconds_count 3"));
    }

    #[tokio::test]
    async fn a_write_is_not_acknowledged_before_its_commit() {
        const CHILDREN: Migration = &["CREATE TABLE children (parent TEXT NOT NULL
            REFERENCES things (name) DEFERRABLE INITIALLY DEFERRED) STRICT;"];
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        let store = open(&path, &[ONE, CHILDREN], Schema::Migrate).unwrap();
        // Nothing but the commit sees that the parent is missing.
        let orphan = store.write(|c| c.execute("INSERT INTO children VALUES ('nobody')", &[]));
        assert!(matches!(orphan.await, Err(StoreError::NotCommitted)));
        assert!(store.write(|_| Ok(())).await.is_ok());
    }

    #[tokio::test]
    async fn a_reader_writes_nothing_and_a_commit_waits_for_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir.path().join("x.db"), &[ONE], Schema::Migrate).unwrap();
        let written = store.read(|c| c.execute("INSERT INTO things VALUES ('a')", &[]));
        assert!(written.await.is_err());
        let level = store.write(|c| {
            c.optional("PRAGMA synchronous", &[], |row| {
                row.get::<i64>("synchronous")
            })
        });
        assert_eq!(level.await.unwrap(), Some(2), "FULL");
    }

    #[tokio::test]
    async fn what_was_erased_is_in_no_file_once_the_log_is_emptied() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir.path().join("x.db"), &[ONE], Schema::Migrate).unwrap();
        let secret = "a name, encrypted";
        let files_contain_it = || {
            std::fs::read_dir(dir.path()).unwrap().any(|entry| {
                let content = std::fs::read(entry.unwrap().path()).unwrap();
                let mut windows = content.windows(secret.len());
                windows.any(|window| window == secret.as_bytes())
            })
        };
        // Long enough that what replaces the row does not happen to cover it.
        let insert = values![secret.repeat(30)].to_vec();
        let inserted = store.write(move |c| c.execute("INSERT INTO things VALUES (?1)", &insert));
        inserted.await.unwrap();
        store.empty_log().unwrap();
        assert!(files_contain_it());
        let erased = store.write(|c| c.execute("UPDATE things SET name = 'x'", &[]));
        erased.await.unwrap();
        store.empty_log().unwrap();
        assert!(!files_contain_it());
    }
}

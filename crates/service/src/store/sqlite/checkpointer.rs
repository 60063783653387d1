//! Moving what was committed from the write-ahead log to the database. The writer would do it in
//! the middle of a commit, and all who wait for that commit would wait for it, too.

use super::super::SqlError;
use rusqlite::OpenFlags;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

/// How often it is looked for something to move.
const INTERVAL: Duration = Duration::from_millis(250);

/// From how many pages of 4 KiB on the log is to begin anew, which takes a moment without a writer
/// and without readers; what is in it was moved beside them before.
const BEGIN_ANEW: i64 = 4000;

/// Ends with the store.
pub(super) struct Checkpointer {
    _ends_when_dropped: SyncSender<()>,
}

impl Checkpointer {
    pub(super) fn start(path: &Path) -> Result<Self, SqlError> {
        let connection = super::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // It would wait for readers while the writer waits for it.
        connection.busy_timeout(Duration::ZERO)?;
        let (sender, ended) = mpsc::sync_channel(0);
        thread::spawn(move || {
            let mut fails = false;
            while ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                let moved = move_pages(&connection);
                if let (Err(error), false) = (&moved, fails) {
                    tracing::warn!(%error, "the database's log is not moved for now");
                }
                fails = moved.is_err();
            }
        });
        Ok(Self {
            _ends_when_dropped: sender,
        })
    }
}

fn move_pages(connection: &rusqlite::Connection) -> rusqlite::Result<()> {
    let in_log = |row: &rusqlite::Row<'_>| row.get::<_, i64>("log");
    let pages = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], in_log)?;
    if pages >= BEGIN_ANEW {
        // Where somebody is at it, the next time will do.
        connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()))?;
    }
    Ok(())
}

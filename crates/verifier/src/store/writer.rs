//! The one writer. Durable commits are the slow part of SQLite, so writes that arrive together
//! share one; each stands in a savepoint, so that one that fails takes nothing with it.

use super::StoreError;
use rusqlite::{Connection, TransactionBehavior};
use std::thread;
use tokio::sync::{mpsc, oneshot};

/// The most writes one commit carries: beyond this throughput grows little and waiting does.
const GROUP: usize = 64;

/// How many writes may wait before callers do.
const QUEUE: usize = 1024;

type Reply = Box<dyn FnOnce(bool)>;
type Job = Box<dyn FnOnce(&Connection) -> Reply + Send>;

pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        thread::spawn(move || run(connection, queue));
        Self { jobs }
    }

    /// Queues a change; `reply` is answered after its group was committed.
    pub(super) async fn submit<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        reply: oneshot::Sender<Result<T, StoreError>>,
    ) -> Result<(), StoreError> {
        let job: Job = Box::new(move |connection| {
            let result = in_savepoint(connection, change);
            Box::new(move |committed| {
                let result = if committed {
                    result.map_err(StoreError::from)
                } else {
                    Err(StoreError::NotCommitted)
                };
                // The caller may have gone away; what was written stays written.
                let _ = reply.send(result);
            })
        });
        self.jobs
            .send(job)
            .await
            .map_err(|_| StoreError::NotCommitted)
    }
}

fn run(mut connection: Connection, mut queue: mpsc::Receiver<Job>) {
    let mut group = Vec::with_capacity(GROUP);
    while queue.blocking_recv_many(&mut group, GROUP) > 0 {
        if let Err(error) = commit(&mut connection, group.drain(..)) {
            tracing::error!(%error, "a group of writes was not committed");
        }
    }
}

fn commit(connection: &mut Connection, jobs: impl Iterator<Item = Job>) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let replies: Vec<Reply> = jobs.map(|job| job(&transaction)).collect();
    let committed = transaction.commit();
    for reply in replies {
        reply(committed.is_ok());
    }
    committed
}

fn in_savepoint<T>(
    connection: &Connection,
    change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    connection.execute_batch("SAVEPOINT job")?;
    let result = change(connection);
    connection.execute_batch(if result.is_ok() {
        "RELEASE job"
    } else {
        "ROLLBACK TO job; RELEASE job"
    })?;
    result
}

#[cfg(test)]
mod tests {
    use crate::store::Store;

    #[tokio::test]
    async fn a_failing_write_takes_nothing_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("verifier.db")).unwrap();
        let insert = |party: &'static str, fail: bool| {
            store.write(move |c| {
                c.execute("INSERT INTO client_assertions VALUES (?1, 'j', 1)", [party])?;
                if fail {
                    Err(rusqlite::Error::QueryReturnedNoRows)
                } else {
                    Ok(())
                }
            })
        };
        let (good, bad, also_good) =
            tokio::join!(insert("a", false), insert("b", true), insert("c", false));
        assert!(good.is_ok() && bad.is_err() && also_good.is_ok());
        let count: u32 = store
            .read(|c| {
                c.query_row("SELECT count(*) FROM client_assertions", [], |row| {
                    row.get(0)
                })
            })
            .unwrap();
        assert_eq!(count, 2);
    }
}

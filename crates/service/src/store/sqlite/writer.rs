//! The one writer. Durable commits are the slow part of SQLite, so writes that arrive together
//! share one; each stands in a savepoint, so that one that fails takes nothing with it.

use super::super::connection::Inner;
use super::super::queue::Queue;
use super::super::{Connection, SqlError, StoreError};
use rusqlite::TransactionBehavior;
use std::thread;
use tokio::sync::{mpsc, oneshot};

/// The most writes one commit carries: beyond this throughput grows little and waiting does.
const GROUP: usize = 64;

/// How many writes may wait before callers do.
const QUEUE: usize = 1024;

type Reply = Box<dyn FnOnce(bool)>;
type Job = Box<dyn FnOnce(&rusqlite::Connection) -> Reply + Send>;

pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    queue: Queue,
}

impl Writer {
    pub(super) fn start(connection: rusqlite::Connection) -> Self {
        let (jobs, received) = mpsc::channel(QUEUE);
        thread::spawn(move || run(connection, received));
        let queue = Queue::new();
        Self { jobs, queue }
    }

    pub(super) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Queues a change; `reply` is answered after its group was committed.
    pub(super) async fn submit<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Connection<'_>) -> Result<T, SqlError> + Send + 'static,
        reply: oneshot::Sender<Result<T, StoreError>>,
    ) -> Result<(), StoreError> {
        let place = self.queue.enter();
        let job: Job = Box::new(move |connection| {
            place.begin();
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

fn run(mut connection: rusqlite::Connection, mut queue: mpsc::Receiver<Job>) {
    let mut group = Vec::with_capacity(GROUP);
    while queue.blocking_recv_many(&mut group, GROUP) > 0 {
        if let Err(error) = commit(&mut connection, group.drain(..)) {
            tracing::error!(%error, "a group of writes was not committed");
        }
    }
}

fn commit(
    connection: &mut rusqlite::Connection,
    jobs: impl Iterator<Item = Job>,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let replies: Vec<Reply> = jobs.map(|job| job(&transaction)).collect();
    let committed = transaction.commit();
    for reply in replies {
        reply(committed.is_ok());
    }
    committed
}

fn in_savepoint<T>(
    connection: &rusqlite::Connection,
    change: impl FnOnce(&mut Connection<'_>) -> Result<T, SqlError>,
) -> Result<T, SqlError> {
    let run = |sql| connection.prepare_cached(sql)?.execute([]);
    run("SAVEPOINT job")?;
    let result = change(&mut Connection(Inner::Sqlite(connection)));
    if result.is_err() {
        run("ROLLBACK TO job")?;
    }
    run("RELEASE job")?;
    result
}

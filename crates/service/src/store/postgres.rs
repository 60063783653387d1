//! PostgreSQL: worker threads, each with one connection.

use super::connection::Inner;
use super::location::Server;
use super::migrations::{for_postgres, migrate, statement_for_postgres};
use super::queue::Queue;
use super::{Connection, Migration, Schema, SqlError, StoreError, Value};
use postgres::types::ToSql;
use postgres::{Client, NoTls, Statement};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How many jobs may wait for a connection before callers do.
const QUEUE: usize = 1024;

/// A connection that rested longer is asked whether it still lives: the server may have been
/// restarted meanwhile.
const RESTED: Duration = Duration::from_secs(1);

/// A statement of ours takes milliseconds; whoever waits longer waits for something broken. A node
/// that stands still in the middle of a transaction keeps its locks no longer than that either.
const SESSION: &str = "SET statement_timeout = '10s'; SET lock_timeout = '5s'; \
                       SET idle_in_transaction_session_timeout = '10s'; \
                       SET client_min_messages = warning";

/// One migration at a time, also when two nodes start together. The number only has to differ
/// from what else locks in this database.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(4985312)";

type Job = Box<dyn FnOnce(Result<&mut Session, StoreError>) + Send>;

pub(super) struct Postgres {
    jobs: mpsc::Sender<Job>,
    queue: Queue,
}

impl Postgres {
    pub(super) fn open(
        server: &Server,
        migrations: &'static [Migration],
        schema: Schema,
    ) -> Result<Self, StoreError> {
        let tls = server.tls()?;
        // A client of this crate must not be made within an asynchronous task.
        let (first, connector) = thread::scope(|scope| {
            scope
                .spawn(|| {
                    let connector = Connector {
                        server: server.clone(),
                        tls,
                    };
                    let mut session = connector.connect()?;
                    session.migrate(migrations, schema)?;
                    Ok::<_, StoreError>((session, connector))
                })
                .join()
                .expect("opening a connection does not panic")
        })?;
        let (jobs, received) = mpsc::channel(QUEUE);
        let received = Arc::new(Mutex::new(received));
        let mut first = Some(first);
        for _ in 0..server.connections {
            let (jobs, connector, session) = (received.clone(), connector.clone(), first.take());
            thread::spawn(move || work(&jobs, &connector, session));
        }
        let queue = Queue::new();
        Ok(Self { jobs, queue })
    }

    pub(super) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Runs statements as they are, each its own transaction.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Connection<'_>) -> Result<T, SqlError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.submit(|session| Ok(query(&mut Connection(Inner::Postgres(session)))?))
            .await
    }

    /// Runs statements in one transaction.
    pub(super) async fn run_in_transaction<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Connection<'_>) -> Result<T, SqlError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.submit(|session| {
            session.in_transaction(|session| Ok(change(&mut Connection(Inner::Postgres(session)))?))
        })
        .await
    }

    async fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Session) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, result) = oneshot::channel();
        let place = self.queue.enter();
        let job: Job = Box::new(move |session| {
            place.begin();
            // The caller may have gone away; what was written stays written.
            let _ = reply.send(session.and_then(work));
        });
        let submitted = self.jobs.send(job).await;
        submitted.map_err(|_| StoreError::NotCommitted)?;
        result.await.map_err(|_| StoreError::NotCommitted)?
    }
}

fn work(jobs: &Mutex<mpsc::Receiver<Job>>, connector: &Connector, session: Option<Session>) {
    let mut session = session;
    loop {
        let job = jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(job) = job else { return };
        session = session.and_then(|mut rested| rested.is_alive().then_some(rested));
        if session.is_none() {
            match connector.connect() {
                Ok(connected) => session = Some(connected),
                Err(error) => {
                    tracing::error!(%error, source = std::error::Error::source(&error), "no connection to PostgreSQL");
                    job(Err(error));
                    continue;
                }
            }
        }
        if let Some(session) = &mut session {
            job(Ok(session));
            session.rests_since = Instant::now();
        }
    }
}

/// A connection of its own, for work that takes as long as it takes. Blocks.
pub(super) fn client(server: &Server) -> Result<Client, StoreError> {
    let connector = Connector {
        server: server.clone(),
        tls: server.tls()?,
    };
    connector.client()
}

#[derive(Clone)]
struct Connector {
    server: Server,
    tls: Option<rustls::ClientConfig>,
}

impl Connector {
    fn client(&self) -> Result<Client, StoreError> {
        let config = &self.server.config;
        let client = match &self.tls {
            Some(tls) => config.connect(MakeRustlsConnect::new(tls.clone())),
            None => config.connect(NoTls),
        };
        client.map_err(StoreError::Unreachable)
    }

    fn connect(&self) -> Result<Session, StoreError> {
        let mut client = self.client()?;
        client
            .batch_execute(SESSION)
            .map_err(StoreError::Unreachable)?;
        Ok(Session {
            client,
            statements: HashMap::new(),
            rests_since: Instant::now(),
        })
    }
}

/// A connection with the statements it has prepared.
pub(super) struct Session {
    client: Client,
    statements: HashMap<&'static str, Statement>,
    rests_since: Instant,
}

impl Session {
    pub(super) fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, SqlError> {
        let statement = self.prepare(sql)?;
        Ok(self.client.execute(&statement, &parameters(values))?)
    }

    pub(super) fn query(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<postgres::Row>, SqlError> {
        let statement = self.prepare(sql)?;
        Ok(self.client.query(&statement, &parameters(values))?)
    }

    fn prepare(&mut self, sql: &'static str) -> Result<Statement, SqlError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&statement_for_postgres(sql))?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    fn in_transaction<T>(
        &mut self,
        change: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.batch("BEGIN")?;
        match change(self) {
            Ok(value) => {
                self.batch("COMMIT")?;
                Ok(value)
            }
            Err(error) => {
                // Where this fails too the connection is gone, and with it the transaction.
                let _ = self.batch("ROLLBACK");
                Err(error)
            }
        }
    }

    fn batch(&mut self, sql: &str) -> Result<(), SqlError> {
        Ok(self.client.batch_execute(sql)?)
    }

    fn migrate(&mut self, migrations: &[Migration], schema: Schema) -> Result<(), StoreError> {
        self.in_transaction(|session| {
            session.batch(MIGRATION_LOCK)?;
            let connection = &mut Connection(Inner::Postgres(session));
            migrate(
                connection,
                migrations,
                schema,
                |connection, text| match &mut connection.0 {
                    Inner::Postgres(session) => session.batch(&for_postgres(text)),
                    Inner::Sqlite(_) => unreachable!("it was made from a session above"),
                },
            )
        })
    }

    fn is_alive(&mut self) -> bool {
        !self.client.is_closed()
            && (self.rests_since.elapsed() < RESTED || self.client.is_valid(RESTED).is_ok())
    }
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as _).collect()
}

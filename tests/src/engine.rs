//! A verifier's database, seen from outside: on either engine.

use anyhow::{Context, Result};
use kazasu_demo::postgres::Postgres;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// The two engines a verifier runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One node.
    Sqlite,
    /// One node or more.
    Postgres,
}

/// A database that nobody else uses.
pub enum Database {
    /// The file.
    Sqlite(PathBuf),
    /// On a server of this process.
    Postgres {
        /// Which server.
        server: &'static Postgres,
        /// Its name there.
        name: String,
        /// How a verifier is told of it.
        url: String,
    },
}

impl Database {
    /// A fresh one; a file of SQLite's comes into being in `folder` when a verifier opens it.
    ///
    /// # Errors
    /// If PostgreSQL does not start.
    pub async fn new(engine: Engine, folder: &Path) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        if engine == Engine::Sqlite {
            return Ok(Self::Sqlite(folder.join("verifier.db")));
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self::on(Postgres::shared().await?, format!("kazasu{number}")).await
    }

    /// A fresh one on a server that nobody else uses, so that it can be stopped. The server ends
    /// with this process.
    ///
    /// # Errors
    /// If PostgreSQL does not start.
    pub async fn with_its_own_server() -> Result<Self> {
        let server = Box::leak(Box::new(Postgres::start().await?));
        Self::on(server, "kazasu".to_owned()).await
    }

    async fn on(server: &'static Postgres, name: String) -> Result<Self> {
        let url = server.database(&name).await?;
        Ok(Self::Postgres { server, name, url })
    }

    /// What a verifier's configuration says under `database`.
    pub fn configured(&self) -> String {
        match self {
            Self::Sqlite(path) => path.display().to_string(),
            Self::Postgres { url, .. } => url.clone(),
        }
    }

    /// The first column of what a query finds, as text, a line a row.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn query(&self, sql: &str) -> Result<String> {
        match self {
            Self::Sqlite(path) => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
                let database = Connection::open_with_flags(path, flags)?;
                let mut statement = database.prepare(sql)?;
                let rows = statement.query_map([], |row| row.get(0))?;
                let rows: Vec<Value> = rows.collect::<Result<_, _>>()?;
                let rows: Vec<String> = rows.into_iter().map(text).collect();
                Ok(rows.join("\n"))
            }
            Self::Postgres { server, name, .. } => server.query(name, sql).await,
        }
    }

    /// The transactions that the audit says were accepted, in ascending order; one that was
    /// accepted twice is in it twice.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn accepted(&self) -> Result<Vec<String>> {
        let sql = "SELECT details FROM audit_events WHERE kind = 'accepted'";
        let events = self.query(sql).await?;
        let transaction = |details: &str| {
            let details: serde_json::Value = serde_json::from_str(details)?;
            let transaction = details["transaction"].as_str();
            Ok(transaction
                .context("an event names its transaction")?
                .to_owned())
        };
        let mut transactions: Vec<String> =
            events.lines().map(transaction).collect::<Result<_>>()?;
        transactions.sort_unstable();
        Ok(transactions)
    }

    /// Runs statements that change it. On SQLite no verifier may be running.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn execute(&self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(path) => Ok(Connection::open(path)?.execute_batch(sql)?),
            Self::Postgres { server, name, .. } => server.query(name, sql).await.map(drop),
        }
    }
}

fn text(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text,
        Value::Blob(bytes) => format!(
            "\\x{}",
            bytes.iter().map(|b| format!("{b:02x}")).collect::<String>()
        ),
    }
}

//! A PostgreSQL server of one's own, from Debian's package: its files in a temporary folder, its
//! only door a Unix socket there, as durable as an institution's would be.

use anyhow::{Context, Result, bail, ensure};
use nix::unistd::{Gid, Uid, User, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::OnceCell;

/// Where Debian keeps one folder for each version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// The user of Debian's package: the server refuses to run as root.
const SERVER_USER: &str = "postgres";
/// The database user, who may do everything.
const ROLE: &str = "kazasu";

/// Names the engine that tests run on: `postgres`; SQLite without it.
const TEST_ENGINE: &str = "KAZASU_TEST_ENGINE";

/// A fresh database of the engine that tests are run on: `verifier.db`, a file in the folder of
/// whoever asked, or the address of an empty database with `KAZASU_TEST_ENGINE=postgres`.
///
/// # Errors
/// If there is no such engine, or its server does not start.
pub async fn test_database() -> Result<String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    match std::env::var(TEST_ENGINE).as_deref() {
        Err(_) | Ok("sqlite") => Ok("verifier.db".to_owned()),
        Ok("postgres") => {
            let name = format!("test{}", NUMBER.fetch_add(1, Ordering::Relaxed));
            Postgres::shared().await?.database(&name).await
        }
        Ok(other) => bail!("{TEST_ENGINE}={other}: there is no such engine"),
    }
}

/// A running (or stopped) server. It ends, and its files go, when it is dropped or when this
/// process ends, however it ends.
pub struct Postgres {
    binaries: PathBuf,
    folder: PathBuf,
    /// Ends the server when its standard input closes.
    keeper: Child,
}

impl Postgres {
    /// Whether there is a server to start.
    pub fn is_installed() -> bool {
        binaries().is_ok_and(|folder| folder.join("initdb").is_file())
    }

    /// Starts a fresh server.
    ///
    /// # Errors
    /// If Debian's package `postgresql` is missing, or the server does not start; with its log.
    pub async fn start() -> Result<Self> {
        let binaries = binaries()?;
        // Not beside the caller's files: the path of a socket has at most 107 bytes.
        let folder = TempDir::with_prefix("pg")?;
        if let Some((user, group)) = server_user()? {
            chown(folder.path(), Some(user), Some(group))?;
        }
        let mut initdb = Command::from(as_server_user(&binaries.join("initdb"))?);
        initdb.arg("-D").arg(folder.path().join("data"));
        initdb.args(["-U", ROLE, "-A", "trust", "-E", "UTF8", "--locale=C"]);
        // Only the making of it is hurried; the running server syncs.
        run(initdb.arg("--no-sync")).await?;
        let folder = folder.keep();
        let server = Self {
            keeper: keeper(&binaries, &folder)?,
            binaries,
            folder,
        };
        server.start_again().await?;
        Ok(server)
    }

    /// One server for everybody in this process; it stays until the process ends.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub async fn shared() -> Result<&'static Self> {
        static SHARED: OnceCell<Postgres> = OnceCell::const_new();
        SHARED.get_or_try_init(Self::start).await
    }

    /// Makes an empty database and returns its address, such as
    /// `postgresql:///name?host=/tmp/pgx&user=kazasu`.
    ///
    /// # Errors
    /// If there is one of this name, or the server is stopped.
    pub async fn database(&self, name: &str) -> Result<String> {
        let mut createdb = Command::new(self.binaries.join("createdb"));
        createdb
            .arg("-h")
            .arg(&self.folder)
            .args(["-U", ROLE, name]);
        run(&mut createdb).await?;
        let host = self.folder.display();
        Ok(format!("postgresql:///{name}?host={host}&user={ROLE}"))
    }

    /// Runs one statement in a database and returns what it answers, a line a row, fields
    /// separated by `|`.
    ///
    /// # Errors
    /// What the server says.
    pub async fn query(&self, database: &str, sql: &str) -> Result<String> {
        let mut psql = Command::new(self.binaries.join("psql"));
        psql.arg("-h").arg(&self.folder).args(["-U", ROLE]);
        psql.args(["-X", "-At", "-v", "ON_ERROR_STOP=1", "-d", database]);
        let answer = run(psql.args(["-c", sql])).await?;
        Ok(answer.trim_end().to_owned())
    }

    /// Stops it in good order: its clients are cut off, what they had committed is on the disk.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn stop(&self) -> Result<()> {
        self.control(&["-m", "fast", "stop"]).await
    }

    /// Ends it without a farewell, so that it has to recover from its log.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn crash(&self) -> Result<()> {
        self.control(&["-m", "immediate", "stop"]).await
    }

    /// Starts it after [`Postgres::stop`] or [`Postgres::crash`], at the same address.
    ///
    /// # Errors
    /// If it runs, or does not start; with its log.
    pub async fn start_again(&self) -> Result<()> {
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=on \
             -c synchronous_commit=on -c max_connections=200",
            self.folder.display()
        );
        let log = self.log();
        let start = ["-o", &options, "-l", &log.to_string_lossy(), "start"];
        self.control(&start).await.with_context(|| {
            let log = std::fs::read_to_string(&log);
            format!("PostgreSQL's log:\n{}", log.unwrap_or_default())
        })
    }

    /// What the server logs.
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// The folder with everything it has written.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    async fn control(&self, arguments: &[&str]) -> Result<()> {
        let mut command = Command::from(as_server_user(&self.binaries.join("pg_ctl"))?);
        command.arg("-D").arg(self.data()).arg("-w").arg("-s");
        run(command.args(arguments)).await.map(drop)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// A process that outlives this one just long enough to end the server and remove its files: no
/// destructor runs for a static, after SIGKILL, or in a test that is cut off.
fn keeper(binaries: &Path, folder: &Path) -> Result<Child> {
    let mut shell = std::process::Command::new("sh");
    shell.args([
        "-c",
        "folder=$1; shift; read -r _; \"$@\" -D \"$folder/data\" -s -m immediate stop; rm -rf \"$folder\"",
        "sh",
    ]);
    let pg_ctl = as_server_user(&binaries.join("pg_ctl"))?;
    shell.arg(folder).arg(pg_ctl.get_program());
    shell.args(pg_ctl.get_args()).current_dir("/");
    shell
        // Ctrl-C is for this process; the keeper hears of it by the closed pipe.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("starting sh")
}

/// The folder of the newest installed version; elsewhere than on Debian the programs are in PATH.
fn binaries() -> Result<PathBuf> {
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|version| version.file_name().to_str()?.parse::<u32>().ok())
        .max();
    if let Some(newest) = newest {
        return Ok(Path::new(DEBIAN).join(newest.to_string()).join("bin"));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .find(|folder| folder.join("initdb").is_file())
        .context("PostgreSQL is not installed (Debian: postgresql)")
}

/// Whom the server runs as; `None` for whoever runs this.
fn server_user() -> Result<Option<(Uid, Gid)>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    let user = User::from_name(SERVER_USER)?;
    let user = user.context("root needs the user of Debian's package postgresql")?;
    Ok(Some((user.uid, user.gid)))
}

fn as_server_user(program: &Path) -> Result<std::process::Command> {
    let mut command = match server_user()? {
        None => std::process::Command::new(program),
        Some((user, group)) => {
            let mut command = std::process::Command::new("setpriv");
            command.arg(format!("--reuid={user}"));
            command.arg(format!("--regid={group}"));
            command.arg("--clear-groups").arg(program);
            command
        }
    };
    // It looks at its working directory, which need not be open to that user.
    command.current_dir("/").env("LC_ALL", "C");
    Ok(command)
}

async fn run(command: &mut Command) -> Result<String> {
    let name = Path::new(command.as_std().get_program()).to_owned();
    let ended = command.stdin(Stdio::null()).output().await;
    let ended = ended.with_context(|| format!("starting {}", name.display()))?;
    ensure!(
        ended.status.success(),
        "{:?}: {}",
        command.as_std(),
        String::from_utf8_lossy(&ended.stderr)
    );
    Ok(String::from_utf8(ended.stdout)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[tokio::test]
    async fn what_was_committed_outlives_a_crash_and_nothing_outlives_the_server() {
        let server = Postgres::start().await.unwrap();
        let url = server.database("one").await.unwrap();
        assert!(url.starts_with("postgresql:///one?host=/"), "{url}");
        assert!(server.database("one").await.is_err(), "it is there already");
        let made = server.query("one", "CREATE TABLE t AS SELECT 7 AS n").await;
        made.unwrap();
        server.crash().await.unwrap();
        assert!(server.query("one", "SELECT n FROM t").await.is_err());
        server.start_again().await.unwrap();
        assert_eq!(server.query("one", "SELECT n FROM t").await.unwrap(), "7");
        assert_eq!(server.query("one", "SHOW fsync").await.unwrap(), "on");
        let folder = server.folder.clone();
        let process = std::fs::read_to_string(server.data().join("postmaster.pid")).unwrap();
        let process = process.lines().next().unwrap().to_owned();
        assert!(Path::new("/proc").join(&process).exists());
        drop(server);
        assert!(!folder.exists());
        // One that ended and that nobody asked about yet has no command line any more.
        let left = std::fs::read(Path::new("/proc").join(&process).join("cmdline"));
        assert!(left.is_err() || left.is_ok_and(|line| line.is_empty()));
    }
}

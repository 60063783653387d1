//! Starting and stopping binaries.

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

/// Long enough for a debug build on a busy machine to make its keys.
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(5);
/// How long to wait before looking again whether a process is held.
const AGAIN: Duration = Duration::from_millis(5);

/// The path of a binary of this workspace, beside the running one.
///
/// # Errors
/// If it has not been built.
pub fn binary(name: &str) -> Result<PathBuf> {
    let here = std::env::current_exe().context("this program's own path")?;
    here.ancestors()
        .skip(1)
        .take(3)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .with_context(|| format!("{name} is not built: run `cargo build --workspace --bins`"))
}

/// A loopback port that is free now.
///
/// # Errors
/// If the machine has none.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// `port` if it is free now, otherwise one that is. Nobody else gets it until this is dropped.
///
/// # Errors
/// If the machine has none.
pub(crate) fn reserved_port(port: u16) -> Result<TcpListener> {
    let preferred = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    Ok(preferred.or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?)
}

/// A started binary. It is stopped when dropped; its standard error goes to a file.
pub struct Process {
    name: String,
    child: Child,
    /// Open as long as the process is wanted: the emulator ends with it.
    _stdin: Option<ChildStdin>,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, whose first line on standard output is a JSON object that says it is
    /// ready, and returns that line too.
    ///
    /// # Errors
    /// If it cannot be started, ends, or does not get ready; with the end of its log.
    pub async fn start(
        name: &str,
        mut command: Command,
        folder: &Path,
    ) -> Result<(Self, serde_json::Value)> {
        let log = folder.join(format!("{name}.log"));
        let log_file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("standard output is piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let first = tokio::time::timeout(START_LIMIT, lines.next_line()).await;
        let Ok(Ok(Some(line))) = first else {
            let _ = child.kill().await;
            bail!("{name} did not get ready:\n{}", tail(&log));
        };
        let ready = serde_json::from_str(&line)
            .with_context(|| format!("{name} said {line:?} instead of being ready"))?;
        let process = Self {
            name: name.to_owned(),
            child,
            _stdin: stdin,
            log,
        };
        Ok((process, ready))
    }

    /// Its number; `None` once it has ended.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Asks it to end (SIGTERM) and waits for it.
    ///
    /// # Errors
    /// If it does not end in time, or ends with an error.
    pub async fn stop(mut self) -> Result<()> {
        if let Some(id) = self.child.id() {
            kill(Pid::from_raw(id as i32), Signal::SIGTERM)?;
        }
        match tokio::time::timeout(STOP_LIMIT, self.child.wait()).await {
            Ok(status) if status.as_ref().is_ok_and(|s| s.success()) => Ok(()),
            Ok(status) => bail!("{} ended with {status:?}:\n{}", self.name, tail(&self.log)),
            Err(_) => bail!("{} did not end when asked:\n{}", self.name, tail(&self.log)),
        }
    }

    /// Holds it: its connections stay, and it does nothing.
    ///
    /// # Errors
    /// If it has ended.
    pub async fn hold(&self) -> Result<()> {
        hold(self.pid()?).await
    }

    /// Lets it go on after [`Process::hold`].
    ///
    /// # Errors
    /// If it has ended.
    pub fn go_on(&self) -> Result<()> {
        Ok(kill(self.pid()?, Signal::SIGCONT)?)
    }

    fn pid(&self) -> Result<Pid> {
        let id = self.child.id().context("it has ended")?;
        Ok(Pid::from_raw(id as i32))
    }

    /// Kills it as a crash would (SIGKILL).
    ///
    /// # Errors
    /// If it cannot be killed.
    pub async fn crash(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// Stops a process until it is told to go on (SIGCONT), and waits until it does nothing any more.
pub(crate) async fn hold(process: Pid) -> Result<()> {
    kill(process, Signal::SIGSTOP)?;
    // Its threads stop one by one, and the signal does not wait for them.
    let tasks = Path::new("/proc").join(process.to_string()).join("task");
    let mut again = tokio::time::interval(AGAIN);
    while !fs::read_dir(&tasks)?.all(|task| task.is_ok_and(|task| is_held(&task.path()))) {
        again.tick().await;
    }
    Ok(())
}

/// Whether a thread does nothing until it is told to go on: proc_pid_stat(5), the field after the
/// name in parentheses.
fn is_held(task: &Path) -> bool {
    let state = fs::read_to_string(task.join("stat")).unwrap_or_default();
    let (_, state) = state.rsplit_once(") ").unwrap_or_default();
    state.starts_with('T')
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

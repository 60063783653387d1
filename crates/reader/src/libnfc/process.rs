//! The parent's side: starts the child, gives it orders, and ends it when it hangs, dies or
//! talks nonsense.

use super::CHILD_ARGUMENT;
use super::wire::{Bytes, FRAME_MAX, Order, Report};
use crate::link::{Link, Reply, Worker};
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;
use zeroize::Zeroizing;

/// Opening takes up to 0.2 s on a PN532, and up to 2 s more while the last user lets go.
const OPEN_TIME: Duration = Duration::from_secs(8);
/// Scanning asks every driver in turn.
const SCAN_TIME: Duration = Duration::from_secs(8);
/// The child gives itself a second to put the device away.
const CLOSING_TIME: Duration = Duration::from_millis(1_500);

/// The program to start as the child for libnfc.
#[derive(Debug, Clone)]
pub struct ChildProgram {
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl ChildProgram {
    /// This executable. Its `main` must begin with
    /// [`run_child_if_asked`](crate::run_child_if_asked).
    ///
    /// # Errors
    /// Where the system does not say which executable this is.
    pub fn this() -> io::Result<Self> {
        // An upgrade may replace the file while it runs; this link still leads to the old one.
        let program = if cfg!(target_os = "linux") {
            PathBuf::from("/proc/self/exe")
        } else {
            std::env::current_exe()?
        };
        Ok(Self::at(program))
    }

    /// Another executable whose `main` begins with
    /// [`run_child_if_asked`](crate::run_child_if_asked).
    pub fn at(program: PathBuf) -> Self {
        Self {
            program,
            arguments: vec![CHILD_ARGUMENT.into()],
        }
    }

    /// A shell script in the child's place.
    #[cfg(test)]
    pub(crate) fn script(script: &str) -> Self {
        Self {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
        }
    }

    fn start(&self) -> io::Result<Process> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            // The readers are named one by one; libnfc's own idea of them would come on top.
            .env_remove("LIBNFC_DEVICE")
            .env_remove("LIBNFC_DEFAULT_DEVICE")
            // What libnfc logs are the bytes of commands, PINs among them.
            .env("LIBNFC_LOG_LEVEL", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // The parent decides when a reader is put away, not a Ctrl-C in its terminal.
            .process_group(0)
            .spawn()?;
        let orders = child.stdin.take().expect("stdin is piped just above");
        let reports = child.stdout.take().expect("stdout is piped just above");
        Ok(Process {
            child,
            orders,
            reports,
        })
    }
}

struct Process {
    child: Child,
    orders: ChildStdin,
    reports: ChildStdout,
}

/// Why a device could not be opened.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// The child could not be started.
    Child(io::Error),
    /// Another process has the device.
    InUse,
    /// The device cannot be opened.
    Gone,
}

/// Lists the devices libnfc can find by itself.
pub(crate) async fn scan(program: &ChildProgram) -> io::Result<Vec<String>> {
    let mut process = program.start()?;
    let found = process.ask(&Order::Scan, SCAN_TIME).await;
    process.end(found.is_some()).await;
    match found {
        Some(Report::Devices(names)) => Ok(names),
        _ => Ok(Vec::new()),
    }
}

/// Starts a child and has it open a device.
pub(crate) async fn open(program: &ChildProgram, connstring: &str) -> Result<Link, OpenError> {
    let mut process = program.start().map_err(OpenError::Child)?;
    let report = process
        .ask(&Order::Open(connstring.to_owned()), OPEN_TIME)
        .await;
    match report {
        Some(Report::Opened) => {
            let (link, worker) = Link::new();
            tokio::spawn(process.work(worker));
            Ok(link)
        }
        answer => {
            let in_use = matches!(answer, Some(Report::Card(Reply::InUse)));
            process.end(answer.is_some()).await;
            Err(if in_use {
                OpenError::InUse
            } else {
                OpenError::Gone
            })
        }
    }
}

impl Process {
    /// Carries out jobs until there are no more, or the child is of no use any more.
    async fn work(mut self, mut worker: Worker) {
        while let Some(job) = worker.jobs.recv().await {
            let deadline = job.request.deadline();
            match self.ask(&Order::Card(job.request), deadline).await {
                Some(Report::Card(reply)) => {
                    // A caller that went away leaves the answer to nobody, not to the next one.
                    let _ = job.answer.send(reply);
                }
                _ => {
                    tracing::warn!("the libnfc process hung, died or answered nonsense");
                    // First end the child, then answer: who asked may open the device anew.
                    self.end(false).await;
                    return;
                }
            }
        }
        self.end(true).await;
        drop(worker.closed);
    }

    /// One order and its report; `None` if the child hangs, is dead or talks nonsense.
    async fn ask(&mut self, order: &Order, deadline: Duration) -> Option<Report> {
        let frame = order.encode();
        let exchange = async {
            write_frame(&mut self.orders, &frame).await?;
            read_frame(&mut self.reports).await
        };
        let frame = timeout(deadline, exchange).await.ok()?.ok()?;
        Report::decode(&frame).ok()
    }

    /// Ends the child: by itself if it behaved, so that the device is put away properly.
    async fn end(self, behaved: bool) {
        let Self {
            mut child, orders, ..
        } = self;
        drop(orders);
        if behaved && timeout(CLOSING_TIME, child.wait()).await.is_ok() {
            return;
        }
        // An error means that it has ended already.
        let _ = child.kill().await;
    }
}

async fn write_frame(orders: &mut ChildStdin, content: &[u8]) -> io::Result<()> {
    let length = u32::try_from(content.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    let mut frame: Bytes = Zeroizing::new(Vec::with_capacity(content.len() + 4));
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(content);
    orders.write_all(&frame).await
}

async fn read_frame(reports: &mut ChildStdout) -> io::Result<Bytes> {
    let length = reports.read_u32().await? as usize;
    if length > FRAME_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = Zeroizing::new(vec![0; length]);
    reports.read_exact(&mut frame).await?;
    Ok(frame)
}

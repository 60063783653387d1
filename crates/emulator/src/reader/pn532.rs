//! A virtual PN532 on a pseudo-terminal. libnfc opens it like any serial port, as
//! `pn532_uart:PATH`.

use super::chip::{Action, Chip};
use super::frame::{Frame, FrameError};
use crate::fault::Pn532Fault;
use crate::field::Field;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::pty::{OpenptyResult, openpty};
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::ttyname;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::task::JoinHandle;

/// More than the longest frame; a host that sends more without a frame in it sends noise.
const BUFFER_MAX: usize = 4_096;

/// A PN532 behind a symbolic link to a pseudo-terminal. It stops, and removes the link, when it
/// is dropped.
#[derive(Debug)]
pub struct VirtualPn532 {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl VirtualPn532 {
    /// Makes the pseudo-terminal, links `path` to it and serves it on the current Tokio runtime.
    /// A symbolic link that was at `path` is replaced; anything else there is left alone.
    ///
    /// # Errors
    /// What the system says when it cannot make a pseudo-terminal or the link.
    pub fn open(path: &Path, field: Field) -> io::Result<Self> {
        let line = Line::open(path)?;
        let mut server = Server {
            path: path.to_owned(),
            line,
            chip: Chip::new(field.clone()),
            field,
            buffer: Vec::new(),
        };
        let task = tokio::spawn(async move {
            let Err(error) = server.serve().await;
            tracing::error!(%error, "the virtual PN532 stopped");
        });
        Ok(Self {
            path: path.to_owned(),
            task,
        })
    }

    /// The path libnfc opens.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for VirtualPn532 {
    fn drop(&mut self) {
        self.task.abort();
        // Nothing can be done about a link that is already gone.
        let _ = fs::remove_file(&self.path);
    }
}

/// The master side of a pseudo-terminal. Tokio's pipe types stand in for a type of its own that
/// needs no unsafe code: they only wait for the descriptor, and read and write it.
struct Line {
    from_host: pipe::Receiver,
    to_host: pipe::Sender,
    /// Held open so that the master does not see a hang-up whenever a client closes its side.
    _slave: OwnedFd,
}

impl Line {
    fn open(path: &Path) -> io::Result<Self> {
        let OpenptyResult { master, slave } = openpty(None, None)?;
        for end in [&master, &slave] {
            // A child process of a test must not keep the line alive.
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        }
        fcntl(&master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let mut settings = tcgetattr(&slave)?;
        cfmakeraw(&mut settings);
        tcsetattr(&slave, SetArg::TCSANOW, &settings)?;
        link(&ttyname(&slave)?, path)?;
        Ok(Self {
            to_host: pipe::Sender::from_owned_fd_unchecked(master.try_clone()?)?,
            from_host: pipe::Receiver::from_owned_fd_unchecked(master)?,
            _slave: slave,
        })
    }

    async fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(1024);
        self.from_host.read_buf(&mut bytes).await?;
        Ok(bytes)
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to_host.write_all(bytes).await
    }
}

/// Points `path` at `target` in one step, so that a client finds the old line or the new one.
fn link(target: &Path, path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok_and(|at| !at.file_type().is_symlink()) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}", std::process::id()));
    symlink(target, &temporary)?;
    fs::rename(&temporary, path)
}

struct Server {
    path: PathBuf,
    line: Line,
    chip: Chip,
    field: Field,
    buffer: Vec<u8>,
}

/// What a chip that is busy is told, or finds out.
enum Interruption {
    Abort,
    FieldChanged,
    TimeIsUp,
}

impl Server {
    async fn serve(&mut self) -> io::Result<std::convert::Infallible> {
        loop {
            if let Frame::Information(data) = self.next_frame().await? {
                self.carry_out(&data).await?;
            }
            // An acknowledgement outside a command aborts nothing, and the host never sends the
            // other kinds.
        }
    }

    async fn next_frame(&mut self) -> io::Result<Frame> {
        loop {
            match Frame::parse(&self.buffer) {
                Ok((frame, used)) => {
                    self.buffer.drain(..used);
                    return Ok(frame);
                }
                Err(FrameError::Incomplete) => self.read_more().await?,
                Err(FrameError::Length { skip } | FrameError::Checksum { skip }) => {
                    self.buffer.drain(..skip);
                }
            }
        }
    }

    async fn read_more(&mut self) -> io::Result<()> {
        let bytes = self.line.read().await?;
        self.keep(&bytes);
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.buffer.len() + bytes.len() > BUFFER_MAX {
            self.buffer.clear();
        }
        self.buffer.extend_from_slice(bytes);
    }

    async fn carry_out(&mut self, command: &[u8]) -> io::Result<()> {
        let mut acknowledged = false;
        loop {
            // Subscribing before trying, so that no change is missed in between.
            let mut changes = self.field.changes();
            match self.chip.carry_out(command) {
                Action::Answer { data, delay, fault } => {
                    return self.answer(data, delay, fault, acknowledged).await;
                }
                Action::Refuse => {
                    self.acknowledge(acknowledged).await?;
                    return self.line.write(&Frame::Error.to_bytes()).await;
                }
                Action::Wait { limit, otherwise } => {
                    self.acknowledge(acknowledged).await?;
                    acknowledged = true;
                    match self.wait(limit, Some(&mut changes)).await? {
                        Interruption::Abort => return Ok(()),
                        Interruption::FieldChanged => {}
                        Interruption::TimeIsUp => {
                            let frame = Frame::Information(otherwise);
                            return self.line.write(&frame.to_bytes()).await;
                        }
                    }
                }
            }
        }
    }

    async fn acknowledge(&mut self, already: bool) -> io::Result<()> {
        if already {
            return Ok(());
        }
        self.line.write(&Frame::Ack.to_bytes()).await
    }

    async fn answer(
        &mut self,
        data: Vec<u8>,
        delay: Duration,
        fault: Option<Pn532Fault>,
        acknowledged: bool,
    ) -> io::Result<()> {
        match fault {
            Some(Pn532Fault::Nack) => return self.line.write(&Frame::Nack.to_bytes()).await,
            Some(Pn532Fault::Unplugged) => {
                self.line = Line::open(&self.path)?;
                self.chip = Chip::new(self.field.clone());
                self.buffer.clear();
                return Ok(());
            }
            Some(Pn532Fault::NoAck) => {}
            _ => self.acknowledge(acknowledged).await?,
        }
        if !delay.is_zero()
            && let Interruption::Abort = self.wait(Some(delay), None).await?
        {
            return Ok(());
        }
        let mut frame = Frame::Information(data).to_bytes();
        match fault {
            Some(Pn532Fault::Silence) => return Ok(()),
            Some(Pn532Fault::ErrorFrame) => frame = Frame::Error.to_bytes(),
            // The checksum is the last byte but one.
            Some(Pn532Fault::BadChecksum) => {
                let at = frame.len() - 2;
                frame[at] ^= 0x01;
            }
            Some(Pn532Fault::TruncatedFrame) => frame.truncate(frame.len() / 2),
            Some(Pn532Fault::Noise) => frame = noise(frame.len()),
            _ => {}
        }
        self.line.write(&frame).await
    }

    /// Waits until the time is up, the field changes or the host aborts. Other frames stay in the
    /// buffer until the chip is free.
    async fn wait(
        &mut self,
        limit: Option<Duration>,
        mut changes: Option<&mut tokio::sync::watch::Receiver<u64>>,
    ) -> io::Result<Interruption> {
        let time = async {
            match limit {
                Some(limit) => tokio::time::sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(time);
        loop {
            if let Ok((Frame::Ack, used)) = Frame::parse(&self.buffer) {
                self.buffer.drain(..used);
                return Ok(Interruption::Abort);
            }
            let changed = async {
                match changes.as_mut() {
                    Some(changes) => changes.changed().await.is_ok(),
                    None => std::future::pending().await,
                }
            };
            let more = tokio::select! {
                () = &mut time => return Ok(Interruption::TimeIsUp),
                true = changed => return Ok(Interruption::FieldChanged),
                more = self.line.read() => more?,
            };
            self.keep(&more);
        }
    }
}

/// Bytes that contain no frame, the same on every run.
fn noise(length: usize) -> Vec<u8> {
    (0..length)
        .map(|i| (i as u8).wrapping_mul(31) | 0x01)
        .collect()
}

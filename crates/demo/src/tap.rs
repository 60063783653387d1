//! A tap in the terminal: the binary `kazasu`, its PINs in descriptors, its events read as JSON.

use crate::process::binary;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs::File;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

const EVENT_LIMIT: Duration = Duration::from_secs(30);

/// What a tap needs to know.
pub struct TapOptions<'a> {
    /// The ticket's link.
    pub ticket: &'a str,
    /// The reader's name.
    pub reader: &'a str,
    /// `ticket origin=verifier origin`.
    pub deployment: &'a str,
    /// What the person types for the PIN for signing in, one line a try.
    pub pins: &'a [&'a str],
    /// What the person types for the PIN for the name.
    pub profile_pins: &'a [&'a str],
    /// Where to connect instead of the verifier's own address.
    pub connect_to: Option<SocketAddr>,
    /// Where its standard error goes, with everything it logs; `None` for this process's own.
    pub log: Option<File>,
}

/// A running tap.
pub struct Tap {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// Removed with the tap.
    _pins: tempfile::TempDir,
}

/// How a tap ended.
#[derive(Debug)]
pub struct TapEnd {
    /// The last event.
    pub last: Value,
    /// Every event, in order.
    pub events: Vec<Value>,
    /// The exit code.
    pub code: i32,
}

impl Tap {
    /// Starts a tap. The person agrees to whatever is asked.
    ///
    /// # Errors
    /// If `kazasu` cannot be started.
    pub async fn start(options: TapOptions<'_>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new("sh");
        // A shell opens the two descriptors: Rust's own Command passes on three only.
        command.args([
            "-c",
            "exec \"$@\" 3<\"$PINS/auth\" 4<\"$PINS/profile\" </dev/null",
            "sh",
        ]);
        command.arg(binary("kazasu")?);
        command.args([
            "--json",
            "--lang",
            "en",
            "--reader",
            options.reader,
            "--wait",
            "20",
        ]);
        command.args([
            "tap",
            options.ticket,
            "--deployment",
            options.deployment,
            "--yes",
        ]);
        command.args(["--pin-fd", "3", "--profile-pin-fd", "4"]);
        if let Some(address) = options.connect_to {
            command.args(["--connect-to", &address.to_string()]);
        }
        command
            .env("PINS", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        command.kill_on_drop(true);
        if let Some(log) = options.log {
            command.env("RUST_LOG", "trace").stderr(log);
        }
        for (name, lines) in [("auth", options.pins), ("profile", options.profile_pins)] {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            std::fs::write(folder.path().join(name), text)?;
        }
        let mut child = command.spawn().context("starting kazasu")?;
        let stdout = child.stdout.take().context("standard output is piped")?;
        Ok(Self {
            child,
            lines: BufReader::new(stdout).lines(),
            _pins: folder,
        })
    }

    /// The next event; `None` when it has ended.
    ///
    /// # Errors
    /// If nothing happens for long, or something other than an event is printed.
    pub async fn next(&mut self) -> Result<Option<Value>> {
        let line = tokio::time::timeout(EVENT_LIMIT, self.lines.next_line())
            .await
            .context("kazasu says nothing")??;
        line.map(|line| {
            serde_json::from_str(&line).with_context(|| format!("not an event: {line}"))
        })
        .transpose()
    }

    /// Waits for the event called `name`.
    ///
    /// # Errors
    /// If the tap ends before.
    pub async fn until(&mut self, name: &str) -> Result<Value> {
        while let Some(event) = self.next().await? {
            if event["event"] == name {
                return Ok(event);
            }
            if event["event"] == "error" {
                bail!("the tap ended before {name}: {event}");
            }
        }
        bail!("the tap ended before {name}")
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// If it does not end.
    pub async fn finish(mut self) -> Result<TapEnd> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await? {
            events.push(event);
        }
        let code = self
            .child
            .wait()
            .await?
            .code()
            .context("kazasu was killed")?;
        let last = events.last().cloned().unwrap_or(Value::Null);
        Ok(TapEnd { last, events, code })
    }
}

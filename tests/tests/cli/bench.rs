//! `kazasu` at the emulator's reader.

use kazasu_demo::emulator::Emulator;
use kazasu_demo::process::binary;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub(crate) struct Bench {
    pub(crate) emulator: Emulator,
    pub(crate) folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with_holders(|_| Vec::new()).await
    }

    /// With the holders whose files `write` puts into a folder; one of them is taro.
    pub(crate) async fn with_holders(write: impl FnOnce(&Path) -> Vec<PathBuf>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let holders = write(folder.path());
        let emulator = Emulator::start("emulator", &holders, folder.path(), &[])
            .await
            .expect("the emulator starts");
        emulator.present("taro").await.expect("taro has a card");
        Self { emulator, folder }
    }

    /// `kazasu` with `pin` in descriptor 3, and without a terminal.
    pub(crate) fn kazasu(&self, pin: &str, arguments: &[&str]) -> Output {
        let pins = self.folder.path().join("pins");
        fs::write(&pins, pin).expect("a file");
        Command::new("setsid")
            .args(["--wait", "sh", "-c", "exec \"$@\" 3<\"$PINS\"", "sh"])
            .arg(binary("kazasu").expect("kazasu is built"))
            .args(["--lang", "en", "--wait", "0"])
            .args(arguments)
            .env("PINS", pins)
            .env("LIBNFC_DEVICE", self.emulator.reader())
            .env_remove("KAZASU_DEPLOYMENTS")
            .stdin(Stdio::null())
            .output()
            .expect("kazasu runs")
    }

    /// The events it writes, and its exit code.
    pub(crate) fn events(&self, pin: &str, arguments: &[&str]) -> (Vec<Value>, i32) {
        let output = self.kazasu(pin, &[&["--json"], arguments].concat());
        assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
        let lines = text(&output.stdout);
        let events = lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"));
        (
            events.collect(),
            output.status.code().expect("an exit code"),
        )
    }

    /// The code of the error it ends with, and its exit code.
    pub(crate) fn error(&self, pin: &str, arguments: &[&str]) -> (String, i32) {
        let (events, exit) = self.events(pin, arguments);
        let last = events.last().expect("an event");
        assert_eq!(last["event"], "error", "{last}");
        for said in ["message", "next_step"] {
            assert!(
                last[said].as_str().is_some_and(|said| !said.is_empty()),
                "{last}"
            );
        }
        (last["code"].as_str().expect("a code").to_owned(), exit)
    }

    /// How often a command with this header was sent, and of those how often without a PIN.
    pub(crate) async fn sent(&self, header: &str) -> (usize, usize) {
        let exchanges = self.emulator.exchanges().await.expect("a log");
        let log = exchanges["exchanges"].as_array().expect("a list");
        let sent: Vec<_> = log.iter().filter(|e| e["command"] == header).collect();
        (sent.len(), sent.iter().filter(|e| e["sent"] == 4).count())
    }

    pub(crate) async fn count(&self, what: &str) -> u64 {
        let exchanges = self.emulator.exchanges().await.expect("a log");
        exchanges[what].as_u64().expect("a number")
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

//! The binary, and a folder that `init` made.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// What a command did.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Done {
    /// Its standard output, if it succeeded.
    pub(crate) fn success(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out
    }
}

/// Any port: tests run beside each other.
const LISTEN: [(&str, &str); 2] = [
    ("KAZASU_VERIFIER__LISTEN", "127.0.0.1:0"),
    ("KAZASU_VERIFIER__ADMIN__LISTEN", "127.0.0.1:0"),
];

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kazasu-verifier"));
    command.args(words).envs(LISTEN);
    command
}

/// A command that runs in this folder.
pub(crate) fn in_folder(folder: &Path, words: &[&str]) -> Command {
    let mut command = command(words);
    command.current_dir(folder);
    command
}

/// Runs a command that needs no folder.
pub(crate) fn run(words: &[&str]) -> Done {
    finish(command(words))
}

fn finish(mut command: Command) -> Done {
    let output = command.output().unwrap();
    Done {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) struct Site {
    folder: TempDir,
}

impl Site {
    /// What `init` makes with these further words.
    pub(crate) fn init(words: &[&str]) -> Self {
        let site = Self {
            folder: TempDir::new().unwrap(),
        };
        site.run_init(words).success();
        site
    }

    pub(crate) fn run_init(&self, words: &[&str]) -> Done {
        let folder = self.path("site");
        run(&[&["init", folder.to_str().unwrap()], words].concat())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn append(&self, name: &str, text: &str) {
        let mut file = std::fs::File::options()
            .append(true)
            .open(self.path(name))
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn configured(&self, words: &[&str]) -> Command {
        let mut command = command(words);
        command.arg("--config").arg(self.path("site/verifier.toml"));
        command
    }

    /// Runs a command with this configuration.
    pub(crate) fn run(&self, words: &[&str]) -> Done {
        finish(self.configured(words))
    }

    /// The same with an environment variable.
    pub(crate) fn run_with(&self, words: &[&str], name: &str, value: &str) -> Done {
        let mut command = self.configured(words);
        command.env(name, value);
        finish(command)
    }

    /// Starts serving; with these words before `--config`.
    pub(crate) fn serve(&self, words: &[&str]) -> Serving {
        Serving::start(self.configured(words))
    }

    /// Starts serving as systemd would, listening at this socket.
    pub(crate) fn serve_notifying(&self, socket: &Path) -> Serving {
        let mut command = self.configured(&["serve"]);
        command.env("NOTIFY_SOCKET", socket);
        Serving::start(command)
    }
}

/// Of the origin that `init` writes unless told another: requests for other hosts are refused.
const HOST: &str = "127.0.0.1:7080";

/// A serving process; killed where a test does not get to end it.
pub(crate) struct Serving {
    process: Child,
    address: String,
}

impl Serving {
    /// Starts it, and waits until it says that it is ready.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let out = process.stdout.as_mut().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).expect("it starts");
        Self {
            process,
            address: ready["listen"].as_str().unwrap().to_owned(),
        }
    }

    /// The answer to a GET, headers and all.
    pub(crate) fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1\r\n"), "")
    }

    /// The answer to a posted form.
    pub(crate) fn post(&self, path: &str, form: &str) -> String {
        let length = form.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\n"
        );
        self.ask(&head, form)
    }

    fn ask(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "{head}Host: {HOST}\r\nConnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Asks it to end, which it has to do well.
    pub(crate) fn end(mut self) {
        let id = i32::try_from(self.process.id()).unwrap();
        kill(Pid::from_raw(id), Signal::SIGTERM).unwrap();
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

//! A server's binary as its operator uses it: commands typed, a folder that `init` made, a process
//! that serves. For the tests of every server's commands: what fails, panics.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use kazasu_service::store::{Location, Migration, Schema, Store};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A server's program.
#[derive(Clone)]
pub struct Program {
    /// Its binary.
    pub binary: PathBuf,
    /// What the variables of its settings begin with.
    pub variables: &'static str,
    /// What `init` calls its configuration.
    pub configuration: &'static str,
    /// The host of the origin that `init` writes unless told another: others are refused.
    pub host: &'static str,
}

/// What a command did.
pub struct Done {
    /// Its exit code.
    pub code: i32,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Done {
    /// Its standard output; it has to have succeeded.
    pub fn success(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out
    }
}

impl Program {
    /// What `init` makes with these further words.
    pub fn init(&self, words: &[&str]) -> Site {
        let site = Site {
            folder: TempDir::new().unwrap(),
            program: self.clone(),
        };
        site.run_init(words).success();
        site
    }

    /// Runs a command that needs no folder.
    pub fn run(&self, words: &[&str]) -> Done {
        finish(self.command(words))
    }

    /// Runs a command in this folder.
    pub fn run_in(&self, folder: &Path, words: &[&str]) -> Done {
        finish(self.in_folder(folder, words))
    }

    /// Serves in this folder.
    pub fn serve_in(&self, folder: &Path, words: &[&str]) -> Serving {
        Serving::start(self.in_folder(folder, words), self.host)
    }

    fn in_folder(&self, folder: &Path, words: &[&str]) -> Command {
        let mut command = self.command(words);
        command.current_dir(folder);
        command
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(words).env("RUST_LOG", "warn");
        // Any port: tests run beside each other.
        for key in ["LISTEN", "ADMIN__LISTEN"] {
            command.env(format!("{}__{key}", self.variables), "127.0.0.1:0");
        }
        command
    }
}

fn finish(mut command: Command) -> Done {
    let output = command.output().unwrap();
    Done {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder that `init` made, in `site` of a temporary one.
pub struct Site {
    folder: TempDir,
    program: Program,
}

impl Site {
    /// Runs `init` here once more.
    pub fn run_init(&self, words: &[&str]) -> Done {
        let folder = self.path("site");
        self.program
            .run(&[&["init", folder.to_str().unwrap()], words].concat())
    }

    /// A path in the temporary folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The text of a file.
    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Writes at the end of a file.
    pub fn append(&self, name: &str, text: &str) {
        let mut file = std::fs::File::options()
            .append(true)
            .open(self.path(name))
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// Executes a statement on the SQLite database that `init` configures; returns how many rows it
    /// changed.
    pub fn execute(&self, migrations: &'static [Migration], sql: &'static str) -> u64 {
        let name = Path::new(self.program.configuration).with_extension("db");
        let location = Location::Sqlite(self.path("site/data").join(name));
        let store = Store::open(&location, migrations, Schema::Check).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let written = runtime.block_on(store.write(move |c| c.execute(sql, &[])));
        written.unwrap()
    }

    /// Writes a backup.
    pub fn backup(&self, name: &str) -> PathBuf {
        let file = self.path(name);
        self.run(&["backup", file.to_str().unwrap()]).success();
        file
    }

    /// Writes a backup and returns everything in it but the header, which says when, and the
    /// checksum over it.
    pub fn rows(&self, name: &str) -> Vec<String> {
        self.backup(name);
        let text = self.text(name);
        let mut lines: Vec<_> = text.lines().skip(1).map(str::to_owned).collect();
        assert!(lines.pop().unwrap().contains("sha256"));
        lines
    }

    fn configured(&self, words: &[&str]) -> Command {
        let mut command = self.program.command(words);
        let configuration = self.path("site").join(self.program.configuration);
        command.arg("--config").arg(configuration);
        command
    }

    /// Runs a command with this configuration.
    pub fn run(&self, words: &[&str]) -> Done {
        finish(self.configured(words))
    }

    /// The same with an environment variable.
    pub fn run_with(&self, words: &[&str], name: &str, value: &str) -> Done {
        let mut command = self.configured(words);
        command.env(name, value);
        finish(command)
    }

    /// Starts serving; with these words before `--config`.
    pub fn serve(&self, words: &[&str]) -> Serving {
        Serving::start(self.configured(words), self.program.host)
    }

    /// Starts serving as systemd would, listening at this socket.
    pub fn serve_notifying(&self, socket: &Path) -> Serving {
        let mut command = self.configured(&["serve"]);
        command.env("NOTIFY_SOCKET", socket);
        Serving::start(command, self.program.host)
    }
}

/// A serving process; killed where a test does not get to end it.
pub struct Serving {
    process: Child,
    ready: serde_json::Value,
    host: &'static str,
}

impl Serving {
    fn start(mut command: Command, host: &'static str) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let out = process.stdout.as_mut().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        Self {
            process,
            ready: serde_json::from_str(&line).expect("it starts"),
            host,
        }
    }

    /// The answer to a GET, headers and all.
    pub fn get(&self, path: &str) -> String {
        self.ask("listen", &format!("GET {path} HTTP/1.1\r\n"), "")
    }

    /// The answer to a posted form.
    pub fn post(&self, path: &str, form: &str) -> String {
        let length = form.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\n"
        );
        self.ask("listen", &head, form)
    }

    /// The second port's answer to a GET.
    pub fn get_admin(&self, path: &str) -> String {
        self.ask("admin", &format!("GET {path} HTTP/1.1\r\n"), "")
    }

    fn ask(&self, port: &str, head: &str, body: &str) -> String {
        let address = self.ready[port].as_str().unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let host = self.host;
        write!(
            stream,
            "{head}Host: {host}\r\nConnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Asks it to end, which it has to do well.
    pub fn end(mut self) {
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

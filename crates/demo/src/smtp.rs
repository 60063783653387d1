//! A real SMTP server that nobody here wrote: aiosmtpd, which `tests/witness/install` installs
//! outside the clone. It keeps the mails it receives, read by Python's email package, and can be
//! told to refuse them.

use crate::process::Process;
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::process::Command;

/// A running (or stopped) server on loopback. It ends when it is dropped.
pub struct SmtpServer {
    python: PathBuf,
    folder: TempDir,
    options: SmtpOptions,
    port: u16,
    process: Option<Process>,
}

/// How a server is reached. By default: without encryption, by anybody.
#[derive(Debug, Clone, Default)]
pub struct SmtpOptions {
    /// Its encryption.
    pub tls: Option<SmtpTls>,
    /// Who may send: name and password.
    pub login: Option<(String, String)>,
}

/// A server's encryption.
#[derive(Debug, Clone)]
pub struct SmtpTls {
    /// Begun by STARTTLS; from the first byte on without.
    pub starttls: bool,
    /// A file with the certificate, PEM.
    pub certificate: PathBuf,
    /// A file with its key, PEM.
    pub key: PathBuf,
}

/// What a server does with mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour<'a> {
    /// It takes them.
    Accept,
    /// It takes no mail of this sender, and says so: `530 5.7.0 Authentication required`.
    RefuseSender(&'a str),
    /// It does not take this recipient, or with `None` any.
    RefuseRecipient(Option<&'a str>, &'a str),
    /// It does not take what is in the mail.
    RefuseContent(&'a str),
    /// It takes and keeps them, and never says so.
    Silence,
}

/// A mail as it arrived.
#[derive(Debug, Clone, Deserialize)]
pub struct Received {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Decoded, in order.
    pub headers: Vec<(String, String)>,
    /// The text part.
    pub text: String,
    /// What somebody reads of the HTML part, each space one wide.
    pub html_text: String,
    /// Where the HTML part's links lead, and what it loads.
    pub links: Vec<String>,
    /// What Python's email package has to say against it.
    pub defects: Vec<String>,
    /// All of it, as it was sent; bytes beyond ASCII escaped.
    pub raw: String,
    /// It came over TLS.
    pub encrypted: bool,
    /// Its sender gave name and password.
    pub authenticated: bool,
}

impl Received {
    /// The value of a header that is there once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(key, _)| key == name);
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value)
    }
}

impl SmtpServer {
    /// Whether aiosmtpd is installed; if not, what to do.
    ///
    /// # Errors
    /// What to do.
    pub fn installed() -> Result<PathBuf, &'static str> {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
        let python = cache
            .or_else(home)
            .map(|cache| cache.join("kazasu/aiosmtpd/bin/python3"));
        python
            .filter(|python| python.is_file())
            .ok_or("aiosmtpd is missing: run tests/witness/install")
    }

    /// Starts a server that accepts everything.
    ///
    /// # Errors
    /// If aiosmtpd is missing, or the server does not start.
    pub async fn start(options: SmtpOptions) -> Result<Self> {
        let python = Self::installed().map_err(anyhow::Error::msg)?;
        let folder = TempDir::with_prefix("smtp")?;
        let mut server = Self {
            python,
            folder,
            options,
            port: 0,
            process: None,
        };
        server.behave(Behaviour::Accept)?;
        server.start_again().await?;
        Ok(server)
    }

    /// The port it listens on, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on it does this with mails.
    ///
    /// # Errors
    /// If it cannot be told.
    pub fn behave(&self, behaviour: Behaviour<'_>) -> Result<()> {
        let told = match behaviour {
            Behaviour::Accept => json!({}),
            Behaviour::RefuseSender(reply) => json!({"step": "mail", "reply": reply}),
            Behaviour::RefuseRecipient(None, reply) => json!({"step": "rcpt", "reply": reply}),
            Behaviour::RefuseRecipient(only, reply) => {
                json!({"step": "rcpt", "reply": reply, "only": only})
            }
            Behaviour::RefuseContent(reply) => json!({"step": "data", "reply": reply}),
            Behaviour::Silence => json!({"step": "silence", "reply": "none"}),
        };
        // It never reads half of it.
        let new = self.folder.path().join("behaviour.new");
        std::fs::write(&new, told.to_string())?;
        std::fs::rename(new, self.folder.path().join("behaviour.json"))?;
        Ok(())
    }

    /// Every mail it received so far, the first one first.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn received(&self) -> Result<Vec<Received>> {
        let path = self.folder.path().join("received.jsonl");
        if !path.exists() {
            return Ok(Vec::new());
        }
        let text = std::fs::read_to_string(path)?;
        // One that is being written has no end yet.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole
            .lines()
            .map(|line| serde_json::from_str(line).context("a mail that cannot be read"))
            .collect()
    }

    /// Stops it: connections to it are refused.
    ///
    /// # Errors
    /// If it did not end in good order.
    pub async fn stop(&mut self) -> Result<()> {
        match self.process.take() {
            Some(process) => process.stop().await,
            None => Ok(()),
        }
    }

    /// Starts it after [`SmtpServer::stop`], at the same port.
    ///
    /// # Errors
    /// If it does not start; with its log.
    pub async fn start_again(&mut self) -> Result<()> {
        let mut settings = json!({"folder": self.folder.path(), "port": self.port});
        if let Some(login) = &self.options.login {
            settings["login"] = json!(login);
        }
        if let Some(tls) = &self.options.tls {
            let way = if tls.starttls { "starttls" } else { "wrapped" };
            settings["tls"] = json!(way);
            settings["certificate"] = json!(tls.certificate);
            settings["key"] = json!(tls.key);
        }
        let mut command = Command::new(&self.python);
        command.args(["-c", include_str!("smtp.py"), &settings.to_string()]);
        let (process, ready) = Process::start("smtp", command, self.folder.path()).await?;
        self.process = Some(process);
        let port = ready["port"].as_u64().context("it names no port")?;
        self.port = u16::try_from(port)?;
        Ok(())
    }

    /// The folder with everything it keeps.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

//! How mails leave: over SMTP, or into a folder.

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use std::path::PathBuf;
use std::time::Duration;

/// The server closes the connection (RFC 5321 §3.8), whatever it was asked.
const SERVICE_CLOSES: u16 = 421;

/// How long connecting and greeting may take, and how long one mail.
const LIMIT: Duration = Duration::from_secs(60);

/// How mails leave.
pub(super) enum Transport {
    Smtp(Box<Smtp>),
    /// A file for each, for demonstrations.
    Folder(PathBuf),
}

/// A server that takes mails.
pub(super) struct Smtp {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Option<Tls>,
    pub(super) credentials: Option<Credentials>,
    /// What it is greeted with.
    pub(super) hello: ClientId,
}

/// How the connection is encrypted.
pub(super) struct Tls {
    pub(super) parameters: TlsParameters,
    /// Begun by STARTTLS, without which nothing is sent.
    pub(super) starttls: bool,
}

/// What became of one mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// From now on it is the server's.
    Accepted,
    /// Not now; another time perhaps.
    Later(u16),
    /// Never.
    Refused(u16),
}

/// Why nothing can be sent now, whoever the recipient is.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The server cannot be reached.
    #[error("the mail server cannot be used: {step}")]
    Connection {
        /// What was tried.
        step: &'static str,
        /// What came of it.
        #[source]
        source: lettre::transport::smtp::Error,
    },
    /// The server does not want to talk with this client.
    #[error("the mail server cannot be used: it answers {step} with {code}")]
    Refusal {
        /// What was tried.
        step: &'static str,
        /// What it answered. What it said besides may name the recipient.
        code: u16,
    },
    /// The server's answer cannot be read, and may name the recipient.
    #[error("the mail server cannot be used: its answer to {step} is no SMTP")]
    Gibberish {
        /// What was tried.
        step: &'static str,
    },
    /// It did not answer.
    #[error("the mail server did not answer in time")]
    Silence,
    /// The folder cannot be written to.
    #[error("the folder for mails cannot be written to")]
    Folder(#[from] std::io::Error),
}

/// An open way.
pub(super) enum Session<'a> {
    Smtp(Box<AsyncSmtpConnection>),
    Folder(&'a PathBuf),
}

/// A mail, ready to go.
pub(super) struct Outgoing<'a> {
    pub(super) id: &'a str,
    pub(super) from: &'a Address,
    pub(super) to: &'a Address,
    pub(super) bytes: &'a [u8],
}

impl Transport {
    pub(super) async fn open(&self) -> Result<Session<'_>, Trouble> {
        match self {
            Self::Folder(folder) => {
                // The mails in it say where somebody can stop an account.
                let mut private = tokio::fs::DirBuilder::new();
                private.recursive(true).mode(0o700).create(folder).await?;
                Ok(Session::Folder(folder))
            }
            Self::Smtp(smtp) => {
                let connected = tokio::time::timeout(LIMIT, smtp.connect()).await;
                let connection = connected.map_err(|_| Trouble::Silence)??;
                Ok(Session::Smtp(Box::new(connection)))
            }
        }
    }
}

impl Smtp {
    async fn connect(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let server = (self.host.as_str(), self.port);
        let at_once = self.tls.as_ref().filter(|tls| !tls.starttls);
        let at_once = at_once.map(|tls| tls.parameters.clone());
        let limit = Some(LIMIT);
        let connection =
            AsyncSmtpConnection::connect_tokio1(server, limit, &self.hello, at_once, None).await;
        let mut connection = connection.map_err(at("connecting"))?;
        if let Some(tls) = self.tls.as_ref().filter(|tls| tls.starttls) {
            let encrypted = connection.starttls(tls.parameters.clone(), &self.hello);
            encrypted.await.map_err(at("STARTTLS"))?;
        }
        if let Some(credentials) = &self.credentials {
            let known = [Mechanism::Plain, Mechanism::Login];
            let let_in = connection.auth(&known, credentials).await;
            let_in.map_err(at("AUTH"))?;
        }
        Ok(connection)
    }
}

impl Session<'_> {
    /// Hands over one mail. After [`Trouble`] this session is of no use any more, and whether the
    /// mail was taken is not known.
    pub(super) async fn send(&mut self, mail: &Outgoing<'_>) -> Result<Answer, Trouble> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(format!("{}.eml", mail.id));
                let unfinished = folder.join(format!("{}.part", mail.id));
                tokio::fs::write(&unfinished, mail.bytes).await?;
                tokio::fs::rename(unfinished, path).await?;
                Ok(Answer::Accepted)
            }
            Self::Smtp(connection) => {
                let sent = tokio::time::timeout(LIMIT, hand_over(connection, mail)).await;
                sent.map_err(|_| Trouble::Silence)?
            }
        }
    }

    /// Says goodbye.
    pub(super) async fn close(self) {
        if let Self::Smtp(mut connection) = self {
            // Whatever it answers, it has what it was given.
            let _ = tokio::time::timeout(LIMIT, connection.quit()).await;
        }
    }
}

/// One step after the other, since it matters who is refused: the sender, which concerns every
/// mail, or this recipient.
async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    mail: &Outgoing<'_>,
) -> Result<Answer, Trouble> {
    let from = Mail::new(Some(mail.from.clone()), Vec::new());
    connection.command(from).await.map_err(at("MAIL FROM"))?;
    let to = Rcpt::new(mail.to.clone(), Vec::new());
    let mut answer = judge(connection.command(to).await, "RCPT TO")?;
    if answer == Answer::Accepted {
        answer = judge(connection.command(Data).await, "DATA")?;
        if answer == Answer::Accepted {
            return judge(connection.message(mail.bytes).await, "the mail");
        }
    }
    connection.command(Rset).await.map_err(at("RSET"))?;
    Ok(answer)
}

fn judge<T>(
    answered: Result<T, lettre::transport::smtp::Error>,
    step: &'static str,
) -> Result<Answer, Trouble> {
    let Err(error) = answered else {
        return Ok(Answer::Accepted);
    };
    match error.status().map(u16::from) {
        Some(code) if code != SERVICE_CLOSES && error.is_permanent() => Ok(Answer::Refused(code)),
        Some(code) if code != SERVICE_CLOSES => Ok(Answer::Later(code)),
        _ => Err(at(step)(error)),
    }
}

fn at(step: &'static str) -> impl FnOnce(lettre::transport::smtp::Error) -> Trouble {
    move |source| match source.status() {
        Some(code) => Trouble::Refusal {
            step,
            code: code.into(),
        },
        None if source.is_response() => Trouble::Gibberish { step },
        None => Trouble::Connection { step, source },
    }
}

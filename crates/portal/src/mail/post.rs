//! The worker that empties the outbox. Every node has one.

use super::letter::Letterhead;
use super::measures::Measures;
use super::message::{Sender, message, parse_address};
use super::outbox::{self, Claimed, GivenUp};
use super::transport::{Answer, Outgoing, Session, Smtp, Tls, Transport, Trouble};
use crate::settings::{Delivery, Mail, Security, SmtpServer};
use kazasu_service::metrics::Metrics;
use kazasu_service::secret::SecretError;
use kazasu_service::store::{Store, StoreError};
use lettre::Address;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::Notify;

/// Mails handed over in one connection.
const BATCH: u32 = 8;

/// How long nobody else takes a claimed mail, in seconds. All of a batch is sent or timed out
/// before.
const CLAIM: i64 = 900;

/// How long the mail server is left alone after it could not be used.
const REST_OF_SERVER: Duration = Duration::from_secs(60);

/// The same for a mail, in seconds: when the server is tried again, it is due.
const REST: i64 = 60;

/// How often a node looks for mails that another one, now gone, was about to send.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Why mails cannot be sent with these settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostError {
    /// The password cannot be read.
    #[error("the mail server's password")]
    Password(#[from] SecretError),
    /// The certificate of the authority cannot be read.
    #[error("the mail server's certification authority cannot be read")]
    File(#[from] std::io::Error),
    /// It is none, or TLS cannot be set up.
    #[error("TLS with the mail server cannot be set up")]
    Tls(#[from] lettre::transport::smtp::Error),
}

/// What sends the mails.
pub(crate) struct Post {
    transport: Transport,
    sender: Sender,
    letterhead: Letterhead,
    give_up_after: i64,
    kept: i64,
    measures: Measures,
    wake: Notify,
}

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Round {
    /// Nothing is due any more.
    Done,
    /// The mail server cannot be used.
    ServerTrouble,
}

/// What becomes of a mail.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Sent,
    /// Its recipient's side wants it later.
    PutOff,
    GivenUp(GivenUp),
}

type Clock = dyn Fn() -> i64 + Send + Sync;

impl Post {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// [`PostError`].
    pub(crate) fn new(
        settings: &Mail,
        letterhead: Letterhead,
        metrics: &Metrics,
    ) -> Result<Self, PostError> {
        let transport = match &settings.delivery {
            Delivery::Folder(folder) => Transport::Folder(folder.clone()),
            Delivery::Smtp(server) => {
                let hello = ClientId::Domain(settings.from.email.domain().to_owned());
                Transport::Smtp(Box::new(smtp(server, hello)?))
            }
        };
        Ok(Self {
            transport,
            sender: Sender {
                from: settings.from.clone(),
                reply_to: settings.reply_to.clone(),
            },
            letterhead,
            give_up_after: settings.give_up_after,
            kept: settings.kept,
            measures: Measures::new(metrics.registry()),
            wake: Notify::new(),
        })
    }

    /// Something was enqueued, and committed.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Sends what is due, and forgets what ended long ago.
    ///
    /// # Errors
    /// [`StoreError`]; what was sent and could not be noted is sent once more, with the same
    /// Message-ID.
    pub(crate) async fn deliver(&self, store: &Store, clock: &Clock) -> Result<Round, StoreError> {
        let mut round = Round::Done;
        while round == Round::Done {
            let now = clock();
            let batch = store
                .write(move |c| outbox::claim(c, BATCH, now + CLAIM, now))
                .await?;
            if batch.is_empty() {
                break;
            }
            round = self.send(store, clock, batch).await?;
        }
        let now = clock();
        let (number, oldest) = store.read(outbox::waiting).await?;
        let oldest = oldest.map_or(0, |queued_at| now - queued_at);
        self.measures.waiting(number, oldest);
        let before = now - self.kept;
        store.write(move |c| outbox::forget(c, before)).await?;
        Ok(round)
    }

    async fn send(
        &self,
        store: &Store,
        clock: &Clock,
        batch: Vec<Claimed>,
    ) -> Result<Round, StoreError> {
        let mut batch = batch.into_iter();
        let mut session = match self.transport.open().await {
            Ok(session) => session,
            Err(trouble) => return self.rest(store, clock(), &trouble, batch.collect()).await,
        };
        while let Some(mail) = batch.next() {
            match self.send_one(&mut session, &mail, clock()).await {
                Ok(fate) => self.note(store, mail, fate, clock()).await?,
                Err(trouble) => {
                    let left = std::iter::once(mail).chain(batch).collect();
                    return self.rest(store, clock(), &trouble, left).await;
                }
            }
        }
        session.close().await;
        Ok(Round::Done)
    }

    async fn send_one(
        &self,
        session: &mut Session<'_>,
        mail: &Claimed,
        now: i64,
    ) -> Result<Fate, Trouble> {
        let Some((to, bytes)) = self.write(mail) else {
            return Ok(Fate::GivenUp(GivenUp::Unreadable));
        };
        let outgoing = Outgoing {
            id: &mail.id,
            from: &self.sender.from.email,
            to: &to,
            bytes: &bytes,
        };
        let answer = session.send(&outgoing).await?;
        if let Answer::Later(code) | Answer::Refused(code) = answer {
            // What a server says besides may name the recipient.
            tracing::warn!(code, notice = mail.kind, "a mail was not taken");
        }
        Ok(match answer {
            Answer::Accepted => Fate::Sent,
            Answer::Refused(_) => Fate::GivenUp(GivenUp::Refused),
            Answer::Later(_) if self.is_late(mail, now) => Fate::GivenUp(GivenUp::Late),
            Answer::Later(_) => Fate::PutOff,
        })
    }

    /// `None` if this version of the program cannot read the row.
    fn write(&self, mail: &Claimed) -> Option<(Address, Vec<u8>)> {
        let (kind, stored) = outbox::read_details(mail)?;
        let to = parse_address(&mail.recipient)?;
        let letter = self.letterhead.write(kind, &stored, mail.language).ok()?;
        let bytes = message(&self.sender, to.clone(), letter, &mail.id, mail.queued_at);
        Some((to, bytes.ok()?))
    }

    fn is_late(&self, mail: &Claimed, now: i64) -> bool {
        now - mail.queued_at >= self.give_up_after
    }

    async fn note(
        &self,
        store: &Store,
        mail: Claimed,
        fate: Fate,
        now: i64,
    ) -> Result<(), StoreError> {
        let kind = mail.kind.clone();
        let noted = store.write(move |c| match fate {
            Fate::Sent => outbox::sent(c, &mail.id, now),
            Fate::GivenUp(why) => outbox::give_up(c, &mail.id, &mail.event, &mail.kind, why, now),
            Fate::PutOff => {
                let due_at = now + outbox::pause(mail.deferrals);
                outbox::put_off(c, &mail, true, due_at)
            }
        });
        if noted.await? {
            self.count(&kind, fate);
        }
        Ok(())
    }

    fn count(&self, kind: &str, fate: Fate) {
        match fate {
            Fate::Sent => self.measures.sent(kind),
            Fate::GivenUp(why) => self.measures.given_up(why),
            Fate::PutOff => self.measures.put_off(),
        }
    }

    /// Leaves the server alone for a while. That is nobody's recipient's fault: the pauses of their
    /// mails do not grow.
    async fn rest(
        &self,
        store: &Store,
        now: i64,
        trouble: &Trouble,
        left: Vec<Claimed>,
    ) -> Result<Round, StoreError> {
        let source = std::error::Error::source(trouble).map(ToString::to_string);
        tracing::warn!(error = %trouble, source, "mails cannot be sent now");
        self.measures.trouble();
        let (late, left): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|mail| self.is_late(mail, now));
        store
            .write(move |c| {
                left.iter()
                    .try_for_each(|mail| outbox::put_off(c, mail, false, now + REST).map(drop))
            })
            .await?;
        for mail in late {
            self.note(store, mail, Fate::GivenUp(GivenUp::Late), now)
                .await?;
        }
        Ok(Round::ServerTrouble)
    }
}

/// Sends, as long as the process serves.
pub(crate) async fn keep_sending(post: &Post, store: &Store, clock: &Clock) -> Infallible {
    loop {
        match post.deliver(store, clock).await {
            Ok(Round::Done) => {
                tokio::select! {
                    () = post.wake.notified() => {}
                    () = tokio::time::sleep(LOOK_AGAIN) => {}
                }
            }
            Ok(Round::ServerTrouble) => tokio::time::sleep(REST_OF_SERVER).await,
            Err(error) => {
                tracing::error!(%error, "the outbox cannot be read or written");
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
    }
}

fn smtp(server: &SmtpServer, hello: ClientId) -> Result<Smtp, PostError> {
    let tls = match server.security {
        Security::Loopback => None,
        Security::StartTls | Security::Tls => {
            let mut parameters = TlsParameters::builder(server.host.clone());
            if let Some(authority) = &server.authority {
                let certificate = Certificate::from_pem(&std::fs::read(authority)?)?;
                parameters = parameters
                    .certificate_store(CertificateStore::None)
                    .add_root_certificate(certificate);
            }
            Some(Tls {
                parameters: parameters.build_rustls()?,
                starttls: server.security == Security::StartTls,
            })
        }
    };
    let credentials = match &server.login {
        None => None,
        Some((name, password)) => {
            let password = password.read_line()?.to_string();
            Some(Credentials::new(name.clone(), password))
        }
    };
    Ok(Smtp {
        host: server.host.clone(),
        port: server.port,
        tls,
        credentials,
        hello,
    })
}

//! With a real SMTP server, and on the engine that tests are run on. Each test says what time it is.

mod content;
mod delivery;
mod enqueueing;
mod reaching;
mod troubles;

use super::outbox::Enqueued;
use super::outbox::waiting;
use super::post::Round;
use super::{Details, Kind, Letterhead, Notice, Post, Recipient, SCHEMA, enqueue};
use crate::settings::{Delivery, Mail, Security, SmtpServer as Server};
use crate::zone::Zone;
use aws_lc_rs::hmac;
use kazasu_demo::postgres::test_database;
use kazasu_demo::smtp::{Received, SmtpOptions, SmtpServer};
use kazasu_service::audit;
use kazasu_service::metrics::Metrics;
use kazasu_service::page::Bilingual;
use kazasu_service::store::{Location, Migration, Schema, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

const MIGRATIONS: &[Migration] = &[&[audit::SCHEMA, SCHEMA]];

/// 2026-11-03 23:05 UTC, the next morning in Japan.
const START: i64 = 1_793_747_100;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// An outbox, what empties it, and where its mails go.
struct Office {
    store: Arc<Store>,
    post: Arc<Post>,
    smtp: SmtpServer,
    metrics: Metrics,
    now: Arc<AtomicI64>,
    _folder: TempDir,
}

/// `None`, loudly, where the SMTP server is not installed.
async fn office(test: &str) -> Option<Office> {
    let smtp = server(test, SmtpOptions::default()).await?;
    let (store, folder) = store().await;
    let metrics = Metrics::new();
    let server = server_settings(smtp.port());
    Some(Office {
        post: Arc::new(post(Delivery::Smtp(server), &metrics)),
        store: Arc::new(store),
        smtp,
        metrics,
        now: Arc::new(AtomicI64::new(START)),
        _folder: folder,
    })
}

async fn server(test: &str, options: SmtpOptions) -> Option<SmtpServer> {
    if let Err(why) = SmtpServer::installed() {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "{test} cannot run: {why}");
        use std::io::Write as _;
        // Not `eprintln!`, which is captured.
        let _ = writeln!(std::io::stderr(), "DID NOT RUN: {test}: {why}");
        return None;
    }
    Some(SmtpServer::start(options).await.unwrap())
}

async fn store() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let text = test_database().await.unwrap();
    let location = Location::parse(&text, folder.path()).unwrap();
    let location = location.with_connections(4);
    let store = Store::open(&location, MIGRATIONS, Schema::Migrate).unwrap();
    (store, folder)
}

fn server_settings(port: u16) -> Server {
    Server {
        host: "127.0.0.1".to_owned(),
        port,
        security: Security::Loopback,
        authority: None,
        login: None,
    }
}

fn settings(delivery: Delivery) -> Mail {
    Mail {
        delivery,
        from: "見本大学 <noreply@mihon.example>".parse().unwrap(),
        reply_to: Some("desk@mihon.example".parse().unwrap()),
        give_up_after: 5 * DAY,
        kept: 30 * DAY,
    }
}

fn letterhead() -> Letterhead {
    let both = |ja: &str, en: &str| Bilingual {
        ja: ja.to_owned(),
        en: en.to_owned(),
    };
    let support = both(
        "https://desk.mihon.example/ja",
        "https://desk.mihon.example/en",
    );
    Letterhead::new(
        both("見本大学", "Mihon University"),
        Some(support),
        Zone::default(),
    )
}

fn post(delivery: Delivery, metrics: &Metrics) -> Post {
    Post::new(&settings(delivery), letterhead(), metrics).unwrap()
}

fn notice(event: &str, kind: Kind) -> Notice {
    Notice {
        event: event.to_owned(),
        kind,
        details: Details {
            at: START - 60,
            browser: "Firefox, Android".to_owned(),
            objection: Some("https://portal.example/notice/T0ken".to_owned()),
            matures_at: None,
        },
    }
}

fn recipient(address: &str) -> Recipient {
    Recipient {
        address: address.to_owned(),
        language: None,
        contact_until: None,
    }
}

/// The key that marks recipients.
fn key(seed: u8) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &[seed; 32])
}

impl Office {
    fn at(&self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    fn wait(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::Relaxed);
    }

    async fn enqueue(&self, notice: &Notice, recipient: &Recipient) -> Enqueued {
        let (notice, recipient, now) = (notice.clone(), recipient.clone(), self.at());
        let enqueued = self
            .store
            .write(move |c| enqueue(c, &notice, &recipient, &key(1), now));
        enqueued.await.unwrap()
    }

    /// Somebody is told about their new password.
    async fn tell(&self, event: &str, address: &str) {
        let notice = notice(event, Kind::Password);
        let enqueued = self.enqueue(&notice, &recipient(address)).await;
        assert_eq!(enqueued, Enqueued::Waiting);
    }

    async fn deliver(&self) -> Round {
        let clock = self.now.clone();
        let now = move || clock.load(Ordering::Relaxed);
        self.post.deliver(&self.store, &now).await.unwrap()
    }

    fn received(&self) -> Vec<Received> {
        self.smtp.received().unwrap()
    }

    async fn waiting(&self) -> i64 {
        self.store.read(waiting).await.unwrap().0
    }

    /// What the audit has, as `kind details`.
    async fn audited(&self) -> Vec<String> {
        let events = self.store.read(|c| {
            let text = "SELECT kind, details FROM audit_events ORDER BY sequence";
            c.query(text, &[], |row| {
                let (kind, details): (String, String) = (row.get("kind")?, row.get("details")?);
                Ok(format!("{kind} {details}"))
            })
        });
        events.await.unwrap()
    }

    /// A line of the metrics, without its name.
    fn metric(&self, name: &str) -> String {
        let text = self.metrics.text().unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {text}"))
            .trim()
            .to_owned()
    }
}

/// Waits for something that another process does.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(std::time::Duration::from_secs(60), async {
        while !is_so() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "{what} did not happen");
}

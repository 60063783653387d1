//! The servers: an authority, a verifier and a relying party.

use crate::card::{TestCard, TestHolder};
use crate::folder::Folder;
use crate::page::TestPage;
use crate::{TestError, there};
use anyhow::{Context, Result};
use kazasu_demo::balancer::Balancer;
use kazasu_demo::browser::{self, Browser};
use kazasu_demo::relying_party::{Registration, RelyingParty};
use kazasu_demo::started::Started;
use kazasu_emulator::authority::{self, Authority, AuthorityOptions, Clock};
use kazasu_emulator::holder::Holder;
use kazasu_statement::{Mode, Purpose};
use kazasu_verifier::{Keys, Settings, Verifier};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, spawn_blocking};

/// Tests tap more often than people do.
const AS_OFTEN_AS_THEY_LIKE: &str = "[limits]\naddress = { per_minute = 0, burst = 1 }\n\
                                     credential = { per_minute = 0, burst = 1 }\n\
                                     relying_party = { per_minute = 0, burst = 1 }\n";

/// What a university's page asks for.
#[derive(Debug, Clone, uniffi::Record)]
pub struct TestRequest {
    /// `view`, `link`, `unlink`, `recover` or `counter`.
    #[uniffi(default = "link")]
    pub purpose: String,
    /// `same-phone` or `other-device`.
    #[uniffi(default = "same-phone")]
    pub mode: String,
    /// Whether it asks for the name.
    #[uniffi(default = true)]
    pub with_name: bool,
}

/// A university with a verifier and an authority, each on a port of loopback. They end with it.
#[derive(uniffi::Object)]
pub struct TestUniversity {
    origin: String,
    ticket_origin: String,
    portal: Arc<RelyingParty>,
    authority: Arc<Mutex<Authority>>,
    /// Seconds that this world is ahead of the machine's clock.
    ahead: Arc<AtomicI64>,
    holders: AtomicU32,
    /// What all browsers share: a client of its own would read this machine's anchors for each.
    http: reqwest::Client,
    /// Between everybody and the verifier, so that it can be unreachable.
    line: Balancer,
    online: AtomicBool,
    verifier: SocketAddr,
    servers: Vec<AbortHandle>,
    _folder: Folder,
}

/// Starts one. A constructor that waits is none in every language, hence a function.
///
/// # Errors
/// If there is no free port or no space for a temporary folder.
#[uniffi::export]
pub async fn start_university() -> Result<Arc<TestUniversity>, TestError> {
    there(TestUniversity::start()).await
}

#[uniffi::export]
impl TestUniversity {
    /// What an app's `Companion` is made with, first.
    pub fn ticket_origin(&self) -> String {
        self.ticket_origin.clone()
    }

    /// What an app's `Companion` is made with, second.
    pub fn verifier_origin(&self) -> String {
        self.origin.clone()
    }

    /// Issues a card.
    ///
    /// # Errors
    /// If the card cannot hold what was asked for.
    pub async fn issue_card(&self, holder: TestHolder) -> Result<Arc<TestCard>, TestError> {
        let number = self.holders.fetch_add(1, Ordering::SeqCst);
        let mut person = Holder::samples().swap_remove(0);
        person.id = format!("holder-{number}");
        person.name = holder.name;
        person.pins.authentication = holder.authentication_pin;
        person.pins.profile = holder.profile_pin;
        person.token = holder.token.map(Into::into).unwrap_or_default();
        let (authority, clock) = (self.authority.clone(), self.clock());
        there(async move {
            // It makes a key.
            let issue = move || {
                person.check()?;
                TestCard::issue(&person, authority, clock)
            };
            Ok(Arc::new(spawn_blocking(issue).await??))
        })
        .await
    }

    /// Opens the university's page in a new browser, up to the ticket.
    ///
    /// # Errors
    /// If the verifier does not take the request.
    pub async fn open_page(
        self: Arc<Self>,
        request: TestRequest,
    ) -> Result<Arc<TestPage>, TestError> {
        let (portal, browser) = (self.portal.clone(), Browser::sharing(self.http.clone()));
        there(async move {
            let purpose: Purpose = request.purpose.parse()?;
            let mode: Mode = request.mode.parse()?;
            let sent = portal.begin(purpose.as_str(), request.with_name).await?;
            let started = Started::begin_with(browser, sent, mode.as_str()).await?;
            Ok(Arc::new(TestPage::new(self, portal, started)))
        })
        .await
    }

    /// Lets time pass for verifier and authority. The relying party's clock stays, so that a tap
    /// cannot be finished more than a minute later.
    pub fn pass(&self, seconds: u32) {
        self.ahead.fetch_add(seconds.into(), Ordering::SeqCst);
    }

    /// Whether the verifier can be reached. Connections end when it cannot.
    pub fn set_online(&self, online: bool) {
        // Setting the line's end anew would end the connections of others.
        if self.online.swap(online, Ordering::SeqCst) == online {
            return;
        }
        match online {
            true => self.line.forward_to(&[self.verifier]),
            false => self.line.forward_to(&[]),
        }
    }
}

impl TestUniversity {
    async fn start() -> Result<Arc<Self>> {
        let folder = Folder::new()?;
        let ahead = Arc::new(AtomicI64::new(0));
        let clock = clock(&ahead);
        let now = clock();
        let authority = Authority::new(AuthorityOptions::default(), now)?;
        let anchor = authority.ca_certificate(1).context("a first generation")?;
        std::fs::write(folder.path().join("test-ca.der"), anchor)?;
        let authority = Arc::new(Mutex::new(authority));
        let asked = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let authority_origin = format!("http://{}", asked.local_addr()?);
        let router = authority::router(authority.clone(), clock.clone());
        let answering = tokio::spawn(async move {
            // It ends with the task only.
            let _ = axum::serve(asked, router).await;
        });

        let line = Balancer::start().await?;
        let origin = format!("http://{}", line.address);
        let ticket_origin = origin.replace("127.0.0.1", "localhost");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let verifier = listener.local_addr()?;
        line.forward_to(&[verifier]);
        let portal = Registration::new("portal", "https://portal.example/callback")?;
        let configuration = format!(
            "origin = \"{origin}\"\nticket_origin = \"{ticket_origin}\"\nlisten = \"{verifier}\"\n\
             database = \"verifier.db\"\nkeys = \"keys.toml\"\n\n\
             [trust]\nhierarchy = \"test\"\ntest_anchors = [\"test-ca.der\"]\n\n\
             [revocation]\nocsp_url = \"{authority_origin}/ocsp\"\nmax_age = 0\n\n\
             [lineage]\nurl = \"{authority_origin}/lineage\"\n\n{AS_OFTEN_AS_THEY_LIKE}\n{}",
            portal.toml()
        );
        Keys::create(&folder.path().join("keys.toml"))?;
        let settings = Settings::parse(&configuration, folder.path())?;
        let keys = Keys::load(&settings.keys)?;
        let server = Verifier::new(settings, keys, clock).await?;
        let serving = tokio::spawn(async move {
            let _ = server.serve(listener, std::future::pending()).await;
        });
        Ok(Arc::new(Self {
            portal: Arc::new(portal.connect(&origin).await?),
            origin,
            ticket_origin,
            authority,
            ahead,
            holders: AtomicU32::new(0),
            http: browser::client()?,
            line,
            online: AtomicBool::new(true),
            verifier,
            servers: vec![answering.abort_handle(), serving.abort_handle()],
            _folder: folder,
        }))
    }

    fn clock(&self) -> Clock {
        clock(&self.ahead)
    }
}

impl Drop for TestUniversity {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

fn clock(ahead: &Arc<AtomicI64>) -> Clock {
    let (ahead, machine) = (ahead.clone(), authority::system_clock());
    Arc::new(move || machine() + ahead.load(Ordering::SeqCst))
}

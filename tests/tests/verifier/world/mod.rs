//! A verifier, an authority on the same clock, and people who tap.

pub(crate) mod companion;
mod redeeming;

pub(crate) use companion::{Claimed, code_in};

use crate::gate::{Gate, Held};
use crate::harness::{Browser, START, Server, Trust};
use kazasu_emulator::authority::{
    Authority, AuthorityOptions, IssuedCard, KeyAlgorithm, Outage, router,
};
use kazasu_proto::companion::v1::{ClaimTicketRequest, StartPairingRequest};
use kazasu_statement::Purpose;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use tempfile::TempDir;
use tokio::net::TcpListener;

pub(crate) const NAME: &str = "見本　太郎";

/// Whoever waits for a list in the background taps more often than people do.
const UNLIMITED: &str = "limits = { credential = { per_minute = 0, burst = 1 } }";

/// One authority with `taro`'s card, copied into every world: RSA keys take long to make.
static SAVED: LazyLock<TempDir> = LazyLock::new(|| {
    // A static is never dropped, so the folder stays: where the build puts its own.
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut authority = Authority::new(AuthorityOptions::default(), START).unwrap();
    let enrolled = authority.enrol("taro", KeyAlgorithm::Rsa2048, START);
    enrolled.unwrap();
    authority.save(folder.path()).unwrap();
    folder
});

pub(crate) struct World {
    pub(crate) server: Server,
    authority: Arc<Mutex<Authority>>,
    gate: Gate,
    /// Read again when the verifier restarts.
    _anchors: Arc<TempDir>,
}

impl World {
    /// One person, `taro`, with a card of the first generation.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// What `prepare` adds before the verifier starts; it trusts every generation there is then.
    pub(crate) async fn start_with(prepare: impl FnOnce(&mut Authority)) -> Self {
        Self::start_as(prepare, "").await
    }

    /// The same with further tables in the verifier's configuration.
    pub(crate) async fn start_as(
        prepare: impl FnOnce(&mut Authority),
        tables: &'static str,
    ) -> Self {
        Self::built(prepare, "", tables).await
    }

    /// With these settings about revocation; `LISTS` stands for the addresses of all lists.
    pub(crate) async fn asking(revocation: &str) -> Self {
        Self::asking_about(revocation, |_| {}).await
    }

    /// Both.
    pub(crate) async fn asking_about(
        revocation: &str,
        prepare: impl FnOnce(&mut Authority),
    ) -> Self {
        Self::built(prepare, revocation, "").await
    }

    async fn built(
        prepare: impl FnOnce(&mut Authority),
        revocation: &str,
        tables: &'static str,
    ) -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        let saved = Authority::load(SAVED.path(), AuthorityOptions::default());
        let mut authority = saved.unwrap().expect("it was saved there");
        prepare(&mut authority);
        let folder = tempfile::tempdir().unwrap();
        let (mut anchors, mut generations) = (Vec::new(), Vec::new());
        for generation in 1..=4 {
            let Some(certificate) = authority.ca_certificate(generation) else {
                continue;
            };
            let path = folder.path().join(format!("{generation}.der"));
            std::fs::write(&path, certificate).unwrap();
            anchors.push(path);
            generations.push(generation);
        }
        let authority = Arc::new(Mutex::new(authority));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let time = clock.clone();
        let service = router(
            authority.clone(),
            Arc::new(move || time.load(Ordering::SeqCst)),
        );
        let gate = Gate::default();
        let service = gate.before(service);
        tokio::spawn(async move { axum::serve(listener, service).await });
        let list = |generation| format!("http://{address}/crl/{generation}.crl");
        let lists: Vec<_> = generations.into_iter().map(list).collect();
        let (revocation, more) = match revocation.replace("LISTS", &format!("{lists:?}")) {
            none if none.is_empty() => (none, ""),
            some => (format!(", {some}"), UNLIMITED),
        };
        let trust = Trust {
            anchors,
            authority: format!("http://{address}"),
            revocation,
            more,
        };
        Self {
            server: Server::start_as(trust, clock, |configuration| configuration + tables).await,
            authority,
            gate,
            _anchors: Arc::new(folder),
        }
    }

    pub(crate) async fn restart(self) -> Self {
        self.restart_with(|configuration| configuration).await
    }

    /// As [`World::restart`], after somebody changed the configuration.
    pub(crate) async fn restart_with(self, change: impl FnOnce(String) -> String) -> Self {
        Self {
            server: self.server.restart_with(change).await,
            ..self
        }
    }

    /// Another verifier on the same database, beside it.
    pub(crate) async fn another_node(&self) -> Self {
        Self {
            server: self.server.another().await,
            authority: self.authority.clone(),
            gate: self.gate.clone(),
            _anchors: self._anchors.clone(),
        }
    }

    pub(crate) fn authority(&self) -> MutexGuard<'_, Authority> {
        self.authority.lock().unwrap()
    }

    pub(crate) fn card(&self, person: &str) -> IssuedCard {
        self.authority().card(person).unwrap().clone()
    }

    pub(crate) fn outage(&self, ocsp: bool, lineage: bool) {
        self.authority().set_outage(Outage {
            ocsp,
            crl: true,
            lineage,
        });
    }

    /// Lets whoever asks the authority wait, until the answer is let go.
    pub(crate) async fn hold_authority(&self) -> Held {
        self.gate.hold().await
    }

    /// A claimed, and where needed paired, transaction of the portal's.
    pub(crate) async fn claimed(&self, mode: &str) -> Claimed {
        let (browser, page) = self.server.begin(&[]).await;
        self.claim(browser, page, mode).await
    }

    /// The same of a relying party in another sector that does not ask for the name.
    pub(crate) async fn claimed_elsewhere(&self) -> Claimed {
        let changes = [
            ("scope", "openid"),
            ("purpose", "view"),
            ("redirect_uri", "https://nameless.example/"),
        ];
        let (browser, page) = self.server.begin_as("nameless", &changes).await;
        let mut claimed = self.claim(browser, page, "other-device").await;
        claimed.party = "nameless";
        claimed.purpose = Purpose::View;
        claimed.name = None;
        claimed
    }

    pub(crate) async fn claim(&self, mut browser: Browser, page: String, mode: &str) -> Claimed {
        browser
            .post(&format!("{page}/start"), &[("mode", mode)])
            .await;
        let ticket = browser.get(&page).await.ticket();
        self.claim_ticket(browser, page, ticket, mode).await
    }

    /// Claims the ticket on a page and, where needed, types the digits.
    pub(crate) async fn claim_ticket(
        &self,
        mut browser: Browser,
        page: String,
        ticket: String,
        mode: &str,
    ) -> Claimed {
        let mut companion = self.server.companion().await;
        let claimed = companion
            .claim_ticket(ClaimTicketRequest { ticket })
            .await
            .unwrap();
        let claimed = claimed.into_inner();
        let secret = claimed.companion_secret;
        if mode == "other-device" {
            let request = StartPairingRequest {
                companion_secret: secret.clone(),
            };
            let digits = companion
                .start_pairing(request)
                .await
                .unwrap()
                .into_inner()
                .digits;
            browser
                .post(&format!("{page}/pair"), &[("digits", &digits)])
                .await;
        }
        Claimed {
            browser,
            page,
            companion,
            secret,
            origin: self.server.origin.clone(),
            transaction_id: claimed.transaction_id,
            party: "portal",
            purpose: Purpose::Link,
            name: Some(NAME),
        }
    }
}

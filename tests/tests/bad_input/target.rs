//! A verifier with a tap under way, which bad input must neither disturb nor disclose.

use crate::harness::{Browser, START, Server, Trust};
use crate::log;
use kazasu_proto::companion::v1::{BeginAssertionRequest, ClaimTicketRequest, StartPairingRequest};
use kazasu_tests::database::Rows;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use tonic::transport::Channel;

/// A word that all bad input contains: no answer may repeat it, and no log show it.
pub(crate) const MARK: &str = "kanariya7391";

pub(crate) struct Target {
    pub(crate) server: Server,
    pub(crate) browser: Browser,
    pub(crate) page: String,
    pub(crate) ticket: String,
    pub(crate) secret: Vec<u8>,
    digits: String,
}

/// A verifier that trusts the published test CA, and has nobody to ask.
pub(crate) async fn server() -> Server {
    let anchor = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/assertion/testdata/test-card/jpki-auth-ca-cert.der"
    );
    let trust = Trust {
        anchors: vec![anchor.into()],
        authority: "http://127.0.0.1:1".into(),
        revocation: String::new(),
        more: "",
    };
    Server::start_with(trust, Arc::new(AtomicI64::new(START))).await
}

impl Target {
    /// A claimed tap in other-device mode whose digits were not typed yet.
    pub(crate) async fn start() -> Self {
        log::keep();
        let server = server().await;
        let (browser, page, ticket) = server.ticket("other-device").await;
        let mut companion = server.companion().await;
        let claim = ClaimTicketRequest {
            ticket: ticket.clone(),
        };
        let claimed = companion.claim_ticket(claim).await.unwrap();
        let secret = claimed.into_inner().companion_secret;
        let pairing = StartPairingRequest {
            companion_secret: secret.clone(),
        };
        let digits = companion.start_pairing(pairing).await.unwrap();
        Self {
            digits: digits.into_inner().digits,
            server,
            browser,
            page,
            ticket,
            secret,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        let address = self.server.origin.strip_prefix("http://").unwrap();
        address.parse().unwrap()
    }

    pub(crate) async fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(self.server.origin.clone()).unwrap();
        endpoint.connect().await.unwrap()
    }

    /// What the database holds, but for what a refused request is meant to leave behind.
    pub(crate) fn rows(&self) -> Rows {
        let all = Rows::read(&self.server.database, self.server.folder.path()).unwrap();
        all.without(&["audit_events", "audit_seals", "client_assertions", "nodes"])
    }

    /// Types the digits of the tap that was under way all the time, and begins another.
    pub(crate) async fn serves(&mut self) {
        let form = [("digits", self.digits.as_str())];
        self.browser
            .post(&format!("{}/pair", self.page), &form)
            .await;
        let begin = BeginAssertionRequest {
            companion_secret: self.secret.clone(),
        };
        let mut companion = self.server.companion().await;
        companion
            .begin_assertion(begin)
            .await
            .expect("it is paired");
        let (_, _, ticket) = self.server.ticket("same-phone").await;
        let claim = ClaimTicketRequest { ticket };
        companion.claim_ticket(claim).await.expect("it is fresh");
    }

    /// Nothing changed since `before`, nothing was logged that must not be, everybody is served.
    pub(crate) async fn assert_unharmed(mut self, before: &Rows) {
        assert_eq!(&self.rows(), before, "nothing is written");
        self.serves().await;
        let log = log::so_far();
        let cookie = self.browser.cookie.clone().unwrap();
        let cookie = cookie.split_once('=').unwrap().1;
        let secret = hex::encode(&self.secret);
        for planted in [MARK, &self.ticket, cookie, &secret] {
            let line = log.lines().find(|line| line.contains(planted));
            assert!(line.is_none(), "logged: {line:?}");
        }
    }
}

/// Randomness that can be repeated: the seed is shown, and taken from the environment.
pub(crate) fn random() -> StdRng {
    let seed = std::env::var("KAZASU_SEED").ok();
    let seed = seed.map_or_else(|| rand::rng().random(), |seed| seed.parse().unwrap());
    println!("KAZASU_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

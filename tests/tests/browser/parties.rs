//! Everybody but the browser: verifier, relying party, phone, card and authority.

use crate::portal;
use kazasu_card::Card;
use kazasu_companion::{Outcome, Transaction};
use kazasu_demo::relying_party::{Answer, Registration, Request};
use kazasu_demo::verifier::{Setup, Verifier};
use kazasu_emulator::authority::{self, Authority, AuthorityOptions};
use kazasu_emulator::control::Emulator;
use kazasu_emulator::holder::Holder;
use kazasu_tests::world::{TARO, World, pins};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use tokio::net::TcpListener;
use url::Url;

/// Help, privacy and terms are nowhere: a page only links to them.
const PAGES: &str = r#"
[pages]
institution = { ja = "見本大学", en = "Sample University" }
help = { ja = "https://www.example.jp/help", en = "https://www.example.jp/en/help" }
privacy = { ja = "https://www.example.jp/privacy", en = "https://www.example.jp/en/privacy" }
terms = { ja = "https://www.example.jp/terms", en = "https://www.example.jp/en/terms" }

[apps]
store = { android = "https://store.example/kazasu", ios = "https://apps.example/kazasu" }
"#;

pub(crate) struct Parties {
    world: World,
    portal: String,
    /// Requests that were not answered yet, the newest last.
    requests: Vec<Request>,
    phone: Option<Transaction>,
}

impl Parties {
    pub(crate) async fn start() -> Self {
        let portal = portal::start().await;
        Self {
            world: world(&portal).await,
            portal,
            requests: Vec::new(),
            phone: None,
        }
    }

    /// What a script asked for.
    pub(crate) async fn answer(&mut self, question: &Value) -> Value {
        let text = |key: &str| question[key].as_str().unwrap_or_default().to_owned();
        match question["ask"].as_str().unwrap() {
            "request" => self.request(&text("purpose"), &text("language")).await,
            "claim" => {
                self.phone = Some(self.world.claim(&text("ticket")).await.unwrap());
                json!({})
            }
            "digits" => {
                let pairing = self.phone().start_pairing().await.unwrap();
                json!({ "digits": pairing.digits })
            }
            "tap" => self.tap().await,
            "cancel" => {
                let mut phone = self.phone.take().expect("a ticket was claimed");
                phone.cancel().await.unwrap();
                json!({})
            }
            "finish" => self.finish(&text("callback")).await,
            "restart" => {
                let lifetimes = text("lifetimes");
                self.world.verifier.restart(&lifetimes).await.unwrap();
                json!({})
            }
            "disk" => self.disk(&text("state")),
            other => json!({ "error": format!("nobody knows {other}") }),
        }
    }

    fn phone(&mut self) -> &mut Transaction {
        self.phone.as_mut().expect("a ticket was claimed")
    }

    async fn request(&mut self, purpose: &str, language: &str) -> Value {
        let request = self.world.portal.begin(purpose, true).await.unwrap();
        let url = request.url.to_string();
        self.requests.push(request);
        json!({ "url": url, "portal": self.portal, "language": language })
    }

    async fn tap(&mut self) -> Value {
        let mut card = Card::new(self.world.card());
        let outcome = self
            .phone()
            .tap(&mut card, &pins(TARO), &mut |_| ())
            .await
            .unwrap();
        match outcome {
            Outcome::Accepted { return_url } => json!({ "return_url": return_url }),
            Outcome::Rejected(reason) => json!({ "error": reason.to_string() }),
        }
    }

    async fn finish(&mut self, callback: &str) -> Value {
        let callback: Url = callback.parse().unwrap();
        let request = self.requests.pop().expect("a request was made");
        match self.world.portal.finish(request, &callback).await.unwrap() {
            Answer::Identity(identity) => json!({ "identity": {
                "ppid": identity.ppid, "name": identity.name, "mode": identity.claims.mode,
            } }),
            Answer::Refused(error) => json!({ "refused": error }),
        }
    }

    /// Takes a table away from the verifier, or gives it back.
    fn disk(&self, state: &str) -> Value {
        let database = Connection::open(self.world.folder.path().join("verifier.db")).unwrap();
        let change = match state {
            "broken" => "ALTER TABLE transactions RENAME TO lost",
            _ => "ALTER TABLE lost RENAME TO transactions",
        };
        database.execute_batch(change).unwrap();
        json!({})
    }
}

/// As [`World::start`], with a name for each party.
async fn world(portal: &str) -> World {
    let folder = tempfile::tempdir().unwrap();
    let clock = authority::system_clock();
    let authority = Authority::new(AuthorityOptions::default(), clock()).unwrap();
    let emulator = Emulator::new(Holder::samples(), authority, clock, None).unwrap();
    emulator.present(emulator.first_holder().unwrap()).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = authority::router(emulator.authority().clone(), emulator.clock().clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let anchor = {
        let authority = emulator.authority().lock().unwrap();
        authority.ca_certificate(1).unwrap().to_vec()
    };
    let more = format!("modes = {{ counter = [\"local\"] }}\nstart_url = \"{portal}/\"");
    let registered = Registration::new("portal", &format!("{portal}/callback")).unwrap();
    let library = Registration::new("library", "https://library.example/callback").unwrap();
    let parties = [registered.with(&more), library];
    let verifier = Verifier::start_with(Setup {
        name: "verifier",
        authority: &address,
        anchor: &anchor,
        relying_parties: &parties,
        folder: folder.path(),
        database: "verifier.db",
        origin: Some("http://verifier.localhost:{port}"),
        log: "info",
        tables: PAGES,
        revocation: "",
        lifetimes: "",
    })
    .await
    .unwrap();
    let [registered, library] = parties;
    World {
        portal: registered.connect(&verifier.origin).await.unwrap(),
        library: library.connect(&verifier.origin).await.unwrap(),
        emulator,
        authority: address,
        verifier,
        folder,
    }
}

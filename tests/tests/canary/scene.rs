//! The story that the canaries go through: taps that succeed, fail and are refused, with every
//! party a process or behind a recorder.

use crate::needles::{Canary, Needles, Place};
use crate::planted::{HOLDER, PIN, PROFILE_PIN, WRONG_PIN, in_the_keys_file, on_the_card};
use crate::recorder::{Collector, Recorder};
use kazasu_demo::browser::Browser;
use kazasu_demo::intermediary::Intermediary;
use kazasu_demo::process::{binary, free_port};
use kazasu_demo::started::Started;
use kazasu_demo::tap::{Tap, TapEnd, TapOptions};
use kazasu_emulator::holder::Holder;
use kazasu_emulator::reader::VirtualPn532;
use kazasu_tests::database::Rows;
use kazasu_tests::world::{Plan, World};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use tokio::process::Command;
use url::Url;

/// What a session is worth stealing for: sent to who it is for, told and kept nowhere.
const SENT: &[Place] = &[Place::Sent];

pub(crate) struct Scene {
    world: World,
    pub(crate) recorder: Recorder,
    pub(crate) collector: Collector,
    /// Stands between companion and verifier, because it sees what the companion keeps to itself.
    between: Intermediary,
    admin: String,
    database: String,
    _reader: VirtualPn532,
    /// What the companion printed.
    pub(crate) events: Vec<String>,
    companion_secrets: Vec<Vec<u8>>,
    signatures: Vec<Vec<u8>>,
    digits: Vec<String>,
    open: Option<Started>,
    ended: bool,
}

impl Scene {
    /// Everybody starts; the verifier with this `database` and this form of its log.
    pub(crate) async fn start(database: &str, log: &str) -> Self {
        let (recorder, collector) = (Recorder::start().await, Collector::start().await);
        let origin = format!("http://{}", recorder.address);
        let admin = format!("127.0.0.1:{}", free_port().unwrap());
        let tables = format!(
            "[admin]\nlisten = \"{admin}\"\n[telemetry]\nlog = \"{log}\"\notlp_endpoint = \"{}\"\n",
            collector.endpoint
        );
        let plan = Plan {
            database: Some(database),
            origin: Some(&origin),
            tables: &tables,
            started: &|listen| recorder.forward_to(listen),
        };
        let holders = vec![Holder::parse(HOLDER).unwrap()];
        let world = World::with(holders, plan).await.unwrap();
        let pn532 = world.folder.path().join("pn532");
        let reader = VirtualPn532::open(&pn532, world.emulator.field().clone()).unwrap();
        let between = Intermediary::start(&world.verifier.origin).await.unwrap();
        Self {
            world,
            recorder,
            collector,
            between,
            admin,
            database: database.to_owned(),
            _reader: reader,
            events: Vec::new(),
            companion_secrets: Vec::new(),
            signatures: Vec::new(),
            digits: Vec::new(),
            open: None,
            ended: false,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.world.folder.path()
    }

    async fn tap(&mut self, started: &mut Started, pins: &[&str], types: bool) -> TapEnd {
        let verifier = &self.world.verifier;
        let pn532 = self.folder().join("pn532");
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder().join("kazasu.log"));
        let mut tap = Tap::start(TapOptions {
            ticket: &started.ticket,
            reader: &format!("pn532_uart:{}", pn532.display()),
            deployment: &format!("{}={}", verifier.ticket_origin, verifier.origin),
            pins,
            profile_pins: &[PROFILE_PIN],
            connect_to: Some(self.between.address),
            log: Some(log.unwrap()),
        })
        .await
        .unwrap();
        if types {
            let event = tap.until("pairing").await.unwrap();
            let digits = event["digits"].as_str().unwrap().to_owned();
            started.type_digits(&digits).await.unwrap();
            self.digits.push(digits);
        }
        let end = tap.finish().await.unwrap();
        self.events
            .extend(end.events.iter().map(ToString::to_string));
        let submitted = self.between.submitted().unwrap();
        self.companion_secrets.push(submitted.companion_secret);
        self.signatures.push(submitted.signature[..32].to_vec());
        end
    }

    async fn begin(&self, purpose: &str, mode: &str) -> Started {
        let started = Started::begin(&self.world.portal, purpose, mode).await;
        started.unwrap()
    }

    /// Ends accepted; [`Scene::redeem`] goes on.
    pub(crate) async fn tap_beside_a_pc_with_a_wrong_pin_first(&mut self) {
        let mut started = self.begin("link", "other-device").await;
        let end = self.tap(&mut started, &[WRONG_PIN, PIN], true).await;
        assert_eq!(end.last["outcome"], "accepted", "{}", end.last);
        self.open = Some(started);
    }

    pub(crate) async fn redeem(&mut self) {
        let mut started = self.open.take().unwrap();
        let url = started.page.url.clone();
        self.finish(&mut started, &url).await;
    }

    async fn finish(&self, started: &mut Started, url: &Url) {
        let visit = started.browser.open(url).await.unwrap();
        let callback = visit.callback().unwrap();
        let code = callback.query_pairs().any(|(name, _)| name == "code");
        assert!(code, "{callback}");
        let fresh = self.world.portal.begin("view", false).await.unwrap();
        let request = std::mem::replace(&mut started.request, fresh);
        self.world.portal.finish(request, &callback).await.unwrap();
    }

    pub(crate) async fn tap_on_the_phone(&mut self) {
        let mut started = self.begin("view", "same-phone").await;
        let end = self.tap(&mut started, &[PIN], false).await;
        let url: Url = end.last["return_url"].as_str().unwrap().parse().unwrap();
        self.finish(&mut started, &url).await;
    }

    pub(crate) async fn tap_on_the_phone_and_return_elsewhere(&mut self) {
        let mut started = self.begin("view", "same-phone").await;
        let end = self.tap(&mut started, &[PIN], false).await;
        let url: Url = end.last["return_url"].as_str().unwrap().parse().unwrap();
        let visit = Browser::new().open(&url).await.unwrap();
        let reason = visit.page().unwrap().reason();
        assert_eq!(reason.as_deref(), Some("wrong_browser"));
    }

    pub(crate) async fn tap_while_on_hold(&mut self) {
        let emulator = &self.world.emulator;
        let now = (emulator.clock())();
        let held = emulator.authority().lock().unwrap().hold("canary", now);
        held.unwrap();
        let mut started = self.begin("view", "other-device").await;
        let end = self.tap(&mut started, &[PIN], true).await;
        assert_eq!(end.last["reason"], "certificate_on_hold", "{}", end.last);
    }

    /// What the second port tells.
    pub(crate) async fn metrics(&self) -> String {
        let url = format!("http://{}/metrics", self.admin);
        reqwest::get(url).await.unwrap().text().await.unwrap()
    }

    /// Writes a backup and the audit beside the rest.
    pub(crate) async fn write_backup_and_export(&self) {
        self.run(&["backup"], &["backup"]).await;
        let events = self.run(&["audit", "export"], &[]).await;
        assert!(events.contains("accepted"), "{events}");
        std::fs::write(self.folder().join("audit.jsonl"), events).unwrap();
    }

    async fn run(&self, command: &[&str], arguments: &[&str]) -> String {
        let mut verifier = Command::new(binary("kazasu-verifier").unwrap());
        verifier.current_dir(self.folder()).args(command);
        verifier.args(["--config", "verifier.toml"]).args(arguments);
        let done = verifier.output().await.unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{command:?}: {said}");
        String::from_utf8(done.stdout).unwrap()
    }

    /// Every row of the database.
    pub(crate) fn dump(&self) -> String {
        Rows::read(&self.database, self.folder()).unwrap().text()
    }

    /// Ends the verifier, so that all it had to tell and to keep is there.
    pub(crate) async fn stop(&mut self) {
        self.world.verifier.halt().await.unwrap();
        self.ended = true;
    }

    /// Everything that has been planted so far.
    pub(crate) fn needles(&self) -> Needles {
        let certificate = {
            let authority = self.world.emulator.authority().lock().unwrap();
            authority
                .card("canary")
                .unwrap()
                .auth_certificate_der
                .clone()
        };
        let mut canaries = on_the_card(&certificate);
        canaries.extend(in_the_keys_file(&self.folder().join("keys.toml")));
        for secret in &self.companion_secrets {
            canaries.push(Canary::bytes("companion secret", secret).but_in(SENT));
        }
        for signature in &self.signatures {
            canaries.push(Canary::bytes("the card's signature", signature));
        }
        for digits in &self.digits {
            // Until they are typed the database has them; the person needs to see them.
            let canary = Canary::digits("digits", digits);
            canaries.push(canary.but_in(&[Place::Sent, Place::Kept, Place::Pages]));
        }
        canaries.extend(self.of_the_session());
        Needles::new(canaries)
    }

    /// What passed through the recorder and is worth stealing.
    fn of_the_session(&self) -> Vec<Canary> {
        let (requests, answers) = (self.recorder.requests(), self.recorder.answers());
        let mut canaries = Vec::new();
        for (passed, mark, what, least) in [
            (&requests, "code_verifier=", "PKCE's secret", 2),
            (&requests, "client_assertion=", "a client assertion", 3),
            (&answers, "__Host-kazasu=", "the browser's cookie", 4),
            (&answers, "\"access_token\":\"", "an access token", 2),
            (&answers, "\"id_token\":\"", "an ID token", 2),
            (&answers, ":request_uri:", "a request URI", 4),
            (&answers, "/callback?code=", "a code", 2),
            (&answers, "/t/", "a ticket", 4),
            (&answers, "/return/", "a return code", 2),
        ] {
            let values = passed.iter().flat_map(|bytes| after(bytes, mark));
            let values: BTreeSet<String> = values.collect();
            let complete = !self.ended || values.len() >= least;
            assert!(complete, "{what}: {} of {least}", values.len());
            let canary = |value: &String| Canary::text(what, value).but_in(SENT);
            canaries.extend(values.iter().map(canary));
        }
        canaries
    }
}

/// The tokens that stand behind each `mark`.
pub(crate) fn after(bytes: &[u8], mark: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let token = |rest: &str| {
        let is_in = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
        rest.chars().take_while(|c| is_in(*c)).collect::<String>()
    };
    let tokens = text.split(mark).skip(1).map(token);
    tokens.filter(|token| token.len() >= 16).collect()
}

//! The guide's two services: Authlib and openid-client.

use crate::guide;
use crate::visitor::{tap, visit};
use kazasu_demo::browser::Browser;
use kazasu_demo::process::{Process, free_port};
use kazasu_emulator::holder::Holder;
use kazasu_tests::not_run;
use kazasu_tests::world::{TARO, World, pins};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;
use url::Url;

/// A service that follows the guide, and the verifier that knows it.
struct Service {
    world: World,
    home: String,
    _process: Process,
    _folder: TempDir,
}

impl Service {
    /// `None`, and said so, if the client is not installed here.
    async fn start(test: &str, script: &str, installed: &std::path::Path) -> Option<Self> {
        if !installed.exists() {
            not_run(
                test,
                &format!("{} is missing: ./dev setup", installed.display()),
            );
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        guide::write_code(folder.path());
        let commands = guide::make_key().replace("python3 service.py", interpreter(script));
        let made = guide::shell(folder.path(), &commands).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let port = free_port().unwrap();
        let registration = guide::registration(port, &folder.path().join("service-keys.json"));
        let world = World::with_tables(Holder::samples(), &registration)
            .await
            .unwrap();
        let serve = guide::serve(script, &world.verifier.origin, port);
        let command = Command::from(guide::shell(folder.path(), &format!("exec {serve}")));
        let (process, ready) = Process::start("service", command, folder.path())
            .await
            .unwrap();
        Some(Self {
            world,
            home: ready["ready"].as_str().unwrap().to_owned(),
            _process: process,
            _folder: folder,
        })
    }

    async fn serves_who_tapped(self) {
        let page = visit(&self.world, &format!("{}/login", self.home)).await;
        assert_eq!(page.status, 200, "{}", page.html);
        let claims: Value = serde_json::from_str(&page.html).unwrap();
        assert_eq!(claims["name"], "見本　太郎");
        assert_eq!(
            (&claims["purpose"], &claims["mode"]),
            (&"view".into(), &"same-phone".into())
        );
        assert_eq!(claims["name_assurance"], "companion");
        // The guide's service is in the portal's sector: it knows the same person by the same name.
        let portal = self
            .world
            .tap(&self.world.portal, "view", &pins(TARO))
            .await;
        assert_eq!(claims["sub"], portal.unwrap().ppid.as_str());
    }

    async fn refuses_what_is_not_its_answer(self) {
        let login = format!("{}/login", self.home);
        // Another person's answer, brought into this browser.
        let (_, theirs) = tap(&self.world, &login).await;
        let mut mine = Browser::new();
        mine.open(&Url::parse(&login).unwrap()).await.unwrap();
        let page = mine.open(&theirs).await.unwrap().page().unwrap();
        assert_eq!(page.status, 403, "{}", page.html);
        // The right answer from the wrong issuer.
        let (mut browser, answer) = tap(&self.world, &login).await;
        let query = answer.query_pairs().filter(|(key, _)| key != "iss");
        let query: Vec<_> = query
            .map(|(k, v)| (k.into_owned(), v.into_owned()))
            .collect();
        let mut mixed_up = answer.clone();
        mixed_up.query_pairs_mut().clear().extend_pairs(query);
        mixed_up
            .query_pairs_mut()
            .append_pair("iss", "https://evil.example");
        let page = browser.open(&mixed_up).await.unwrap().page().unwrap();
        assert_eq!(page.status, 403, "{}", page.html);
    }

    async fn says_that_nobody_agreed(self) {
        let mut browser = Browser::new();
        let login = Url::parse(&format!("{}/login", self.home)).unwrap();
        let authorization = browser.open(&login).await.unwrap().callback().unwrap();
        let start = browser.open(&authorization).await.unwrap().page().unwrap();
        let cancel = format!("{}/cancel", start.url.path());
        let answer = browser
            .submit(&start, &cancel, &[])
            .await
            .unwrap()
            .callback()
            .unwrap();
        let page = browser.open(&answer).await.unwrap().page().unwrap();
        assert_eq!(page.status, 403);
        assert!(page.html.contains("access_denied"), "{}", page.html);
    }
}

/// What the commands of the guide are run with.
fn interpreter(script: &str) -> &'static str {
    if script.ends_with(".py") {
        "python3 service.py"
    } else {
        "node service.mjs"
    }
}

async fn authlib(test: &str) -> Option<Service> {
    Service::start(test, "service.py", &guide::python().join("python3")).await
}

async fn openid_client(test: &str) -> Option<Service> {
    Service::start(
        test,
        "service.mjs",
        &guide::node_modules().join("openid-client"),
    )
    .await
}

#[tokio::test]
async fn authlib_learns_who_tapped() {
    if let Some(service) = authlib("authlib_learns_who_tapped").await {
        service.serves_who_tapped().await;
    }
}

#[tokio::test]
async fn authlib_refuses_what_is_not_its_answer() {
    if let Some(service) = authlib("authlib_refuses_what_is_not_its_answer").await {
        service.refuses_what_is_not_its_answer().await;
    }
}

#[tokio::test]
async fn authlib_is_told_that_nobody_agreed() {
    if let Some(service) = authlib("authlib_is_told_that_nobody_agreed").await {
        service.says_that_nobody_agreed().await;
    }
}

#[tokio::test]
async fn openid_client_learns_who_tapped() {
    if let Some(service) = openid_client("openid_client_learns_who_tapped").await {
        service.serves_who_tapped().await;
    }
}

#[tokio::test]
async fn openid_client_refuses_what_is_not_its_answer() {
    if let Some(service) = openid_client("openid_client_refuses_what_is_not_its_answer").await {
        service.refuses_what_is_not_its_answer().await;
    }
}

#[tokio::test]
async fn openid_client_is_told_that_nobody_agreed() {
    if let Some(service) = openid_client("openid_client_is_told_that_nobody_agreed").await {
        service.says_that_nobody_agreed().await;
    }
}

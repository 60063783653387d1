//! The program as tests and the demo start it.

#![allow(clippy::unwrap_used, reason = "a test ends where its helpers fail")]

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

struct Emulator {
    process: Child,
    ready: Value,
    http: reqwest::Client,
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kazasu-emulator"));
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.kill_on_drop(true);
    command
}

impl Emulator {
    async fn start(arguments: &[&str]) -> Self {
        let mut process = program().args(arguments).spawn().unwrap();
        let mut line = String::new();
        let stdout = process.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).await.unwrap();
        Self {
            process,
            ready: serde_json::from_str(&line).unwrap(),
            http: reqwest::Client::new(),
        }
    }

    fn url(&self, service: &str, path: &str) -> String {
        format!("{}{path}", self.ready[service].as_str().unwrap())
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let request = self.http.post(self.url("control", path)).json(&body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        let response = self
            .http
            .get(self.url("control", path))
            .send()
            .await
            .unwrap();
        response.json().await.unwrap()
    }

    async fn certificate(&self, holder: &str) -> Vec<u8> {
        let url = self.url("control", &format!("/holders/{holder}/certificate"));
        let response = self.http.get(url).send().await.unwrap();
        response.bytes().await.unwrap().to_vec()
    }
}

/// The exit code and standard error of a start that fails.
async fn failure(arguments: &[&str]) -> (i32, String) {
    let mut process = program().args(arguments).spawn().unwrap();
    let mut text = String::new();
    process
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .await
        .unwrap();
    (process.wait().await.unwrap().code().unwrap(), text)
}

fn holder_file(folder: &TempDir, change: impl Fn(&str) -> String) -> String {
    let path = folder.path().join("holder.toml");
    std::fs::write(&path, change(include_str!("../holders/taro.toml"))).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn it_says_where_it_is_and_takes_orders() {
    let folder = tempfile::tempdir().unwrap();
    let pn532 = folder.path().join("pn532");
    let emulator = Emulator::start(&[
        "--pn532",
        pn532.to_str().unwrap(),
        "--authority=127.0.0.1:0",
        "--control=127.0.0.1:0",
    ])
    .await;
    assert_eq!(emulator.ready["ready"], true);
    assert_eq!(emulator.ready["pn532"], pn532.to_str().unwrap());
    assert_eq!(emulator.get("/status").await["present"], Value::Null);

    let taro = json!({"holder": "taro"});
    assert_eq!(emulator.post("/present", taro.clone()).await.0, 200);
    assert_eq!(emulator.get("/status").await["present"], "taro");
    let (status, error) = emulator.post("/present", json!({"holder": "nobody"})).await;
    assert_eq!(
        (status, &error["error"]),
        (404, &json!("there is no holder \"nobody\""))
    );

    let faults = json!([{"fault": "drop", "after": 4}]);
    assert_eq!(emulator.post("/faults", faults).await.0, 200);
    assert_eq!(emulator.get("/status").await["faults"][0]["after"], 4);
    assert_eq!(emulator.post("/remove", json!({})).await.0, 200);
    assert_eq!(emulator.get("/status").await["present"], Value::Null);
    assert_eq!(emulator.get("/exchanges").await["count"], 0);
}

#[tokio::test]
async fn a_renewal_changes_the_certificate_and_a_revocation_is_final() {
    let emulator = Emulator::start(&["--control=127.0.0.1:0"]).await;
    let taro = json!({"holder": "taro"});
    let before = emulator.certificate("taro").await;
    assert_eq!(emulator.post("/authority/renew", taro.clone()).await.0, 200);
    assert_ne!(emulator.certificate("taro").await, before);
    for (order, expected) in [
        ("hold", 200),
        ("release", 200),
        ("release", 409),
        ("revoke", 200),
        ("renew", 409),
        ("reissue", 200),
    ] {
        let (status, answer) = emulator
            .post(&format!("/authority/{order}"), taro.clone())
            .await;
        assert_eq!(status, expected, "{order}: {answer}");
    }
}

#[tokio::test]
async fn a_restart_with_the_same_state_is_the_same_authority() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let arguments = ["--control=127.0.0.1:0", "--state", state.to_str().unwrap()];
    let first = Emulator::start(&arguments).await;
    first
        .post("/authority/renew", json!({"holder": "hanako"}))
        .await;
    let certificates = [
        first.certificate("taro").await,
        first.certificate("hanako").await,
    ];
    drop(first);
    let second = Emulator::start(&arguments).await;
    assert_eq!(second.certificate("taro").await, certificates[0]);
    assert_eq!(second.certificate("hanako").await, certificates[1]);
}

#[tokio::test]
async fn it_ends_on_sigterm_and_takes_its_reader_away() {
    let folder = tempfile::tempdir().unwrap();
    let pn532 = folder.path().join("pn532");
    let mut emulator = Emulator::start(&["--pn532", pn532.to_str().unwrap()]).await;
    assert!(pn532.symlink_metadata().is_ok());
    let pid = i32::try_from(emulator.process.id().unwrap()).unwrap();
    kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
    assert!(emulator.process.wait().await.unwrap().success());
    assert!(pn532.symlink_metadata().is_err());
}

#[tokio::test]
async fn it_ends_with_its_standard_input_only_when_told() {
    let mut emulator = Emulator::start(&["--exit-with-stdin"]).await;
    drop(emulator.process.stdin.take());
    assert!(emulator.process.wait().await.unwrap().success());

    let mut other = Emulator::start(&["--control=127.0.0.1:0"]).await;
    drop(other.process.stdin.take());
    assert_eq!(other.get("/status").await["generation"], 1);
}

#[tokio::test]
async fn an_unusable_holder_file_is_named_and_ends_it_with_two() {
    let folder = tempfile::tempdir().unwrap();
    let file = holder_file(&folder, |text| text.replace("\"2345\"", "\"234\""));
    let (code, text) = failure(&["--holder", &file]).await;
    assert_eq!(code, 2);
    assert!(
        text.contains(&file) && text.contains("pins.profile: four digits"),
        "{text}"
    );

    let missing = Path::new(&file).with_file_name("missing.toml");
    let (code, text) = failure(&["--holder", missing.to_str().unwrap()]).await;
    assert_eq!(code, 2);
    assert!(text.contains("missing.toml"), "{text}");
}

#[tokio::test]
async fn it_is_not_reachable_from_another_machine() {
    let (code, text) = failure(&["--control=0.0.0.0:0"]).await;
    assert_eq!(code, 1);
    assert!(text.contains("loopback"), "{text}");
}

//! Headless Chromium on the pages, with the emulated phone and card on the other side. The scripts
//! in `tests/browser` drive the browser; this process is every other party.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod accounts;
mod demo;
mod parties;
mod portal;

use kazasu_tests::not_run;
use parties::Parties;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

/// For `./dev screenshots` the same walk draws pictures instead.
#[tokio::test]
async fn every_page_is_accessible_in_both_languages_and_loads_only_its_own() {
    let drawing = std::env::var_os("KAZASU_SCREENSHOTS").is_some();
    tap_with(if drawing {
        "screenshots.mjs"
    } else {
        "pages.mjs"
    })
    .await;
}

#[tokio::test]
async fn taps_go_on_without_scripts_by_keyboard_and_after_a_page_was_closed() {
    tap_with("journeys.mjs").await;
}

async fn tap_with(script: &str) {
    let Some(node) = node(script) else { return };
    let mut parties = Parties::start().await;
    play(node, async |question| parties.answer(&question).await).await;
}

/// Runs a script until it ends, and answers what it asks.
async fn play(mut node: Command, mut answer: impl AsyncFnMut(Value) -> Value) {
    let mut node = node
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    let mut answers = node.stdin.take().unwrap();
    let mut questions = BufReader::new(node.stdout.take().unwrap()).lines();
    while let Some(line) = questions.next_line().await.unwrap() {
        let question = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        let answer = answer(question).await;
        answers
            .write_all(format!("{answer}\n").as_bytes())
            .await
            .unwrap();
    }
    assert!(node.wait().await.unwrap().success(), "the script failed");
}

/// What runs a script; `None`, and said, where something is missing.
fn node(script: &str) -> Option<Command> {
    let (Some(packages), Some(chromium)) = (packages(), chromium()) else {
        let needed = "needs Chromium and the packages of tests/browser (./dev setup)";
        not_run(script, needed);
        return None;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let mut node = Command::new("node");
    node.arg(folder.join(script))
        .env("KAZASU_NODE", packages)
        .env("KAZASU_CHROMIUM", chromium)
        .kill_on_drop(true);
    Some(node)
}

/// Where `./dev setup` put the npm packages, if it did.
fn packages() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    let folder = cache?.join("kazasu/browser");
    folder
        .join("node_modules/axe-core")
        .is_dir()
        .then_some(folder)
}

fn chromium() -> Option<PathBuf> {
    let file = PathBuf::from("/usr/bin/chromium");
    file.exists().then_some(file)
}

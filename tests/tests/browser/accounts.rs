//! The account portal's pages, walked through by `portal.mjs` and `portal-journeys.mjs`. The other
//! parties are those of the browser demo.

use crate::{node, play};
use kazasu_demo::process::binary;
use kazasu_demo::web::Web;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tokio::process::Command;

#[tokio::test]
async fn every_page_of_the_portal_is_accessible_in_japanese_on_a_phone() {
    walk("portal.mjs", &["ja", "phone"]).await;
}

#[tokio::test]
async fn every_page_of_the_portal_is_accessible_in_english_on_a_desktop() {
    walk("portal.mjs", &["en", "desktop"]).await;
}

#[tokio::test]
async fn procedures_go_on_by_keyboard_without_scripts_and_in_several_tabs() {
    walk("portal-journeys.mjs", &[]).await;
}

async fn walk(script: &str, more: &[&str]) {
    let Some(mut node) = node(script) else { return };
    let files = tempfile::tempdir().unwrap();
    let mut web = Web::start(files.path()).await.unwrap();
    node.args([&web.front, &web.portal, &web.sign_in])
        .args(more);
    let portal = files.path().join("portal");
    play(node, async |question| {
        answer(&mut web, &portal, &question).await
    })
    .await;
    web.stop().await.unwrap();
}

/// What a script asked for. `portal` is the folder of the portal.
async fn answer(web: &mut Web, portal: &Path, question: &Value) -> Value {
    let text = |key: &str| question[key].as_str().unwrap_or_default();
    match text("ask") {
        "tap" => match web.tap(text("person"), text("ticket")).await {
            Ok(return_url) => json!({ "return_url": return_url }),
            Err(error) => json!({ "error": format!("{error:#}") }),
        },
        "lifetimes" => {
            web.restart_portal(question["lines"].as_str())
                .await
                .unwrap();
            json!({})
        }
        "import" => {
            import(portal, text("lines")).await;
            json!({})
        }
        "directory" => {
            directory(&portal.join("portal.db"), text("state"));
            json!({})
        }
        other => json!({ "error": format!("nobody knows {other}") }),
    }
}

/// Adds accounts to the directory, as an operator does.
async fn import(portal: &Path, lines: &str) {
    let file = portal.join("more.jsonl");
    std::fs::write(&file, lines).unwrap();
    let mut command = Command::new(binary("kazasu-portal").unwrap());
    let words = ["directory", "import", "--config"].map(PathBuf::from);
    command.args(words).arg(portal.join("portal.toml"));
    let done = command.arg(&file).output().await.unwrap();
    assert!(done.status.success(), "{done:?}");
}

/// Takes the accounts away from the directory, or gives them back.
fn directory(database: &Path, state: &str) {
    let change = match state {
        "broken" => "ALTER TABLE directory_accounts RENAME TO lost",
        _ => "ALTER TABLE lost RENAME TO directory_accounts",
    };
    let database = Connection::open(database).unwrap();
    database.execute_batch(change).unwrap();
}

//! Commands on a verifier's folder, and what a card's holder is called.

use kazasu_demo::process::binary;
use kazasu_tests::world::{TARO, World, pins};
use std::path::Path;
use std::process::Output;
use tokio::process::Command;

/// What the first sample holder is called at the two relying parties.
pub(crate) async fn ppids(world: &World) -> [String; 2] {
    let portal = world.tap(&world.portal, "view", &pins(TARO)).await.unwrap();
    let library = world
        .tap(&world.library, "view", &pins(TARO))
        .await
        .unwrap();
    [portal.ppid, library.ppid]
}

/// A command of the verifier on the configuration in a folder, not yet started.
pub(crate) fn prepare(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary("kazasu-verifier").unwrap());
    command.args(arguments);
    command.arg("--config").arg(folder.join("verifier.toml"));
    command.kill_on_drop(true);
    command
}

/// Runs it. What it says never holds a key.
pub(crate) async fn run(folder: &Path, arguments: &[&str]) -> Output {
    let output = prepare(folder, arguments).output().await.unwrap();
    no_key_in(folder, &output);
    output
}

/// Runs it, and it must succeed; what it printed.
pub(crate) async fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments).await;
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs it, and it must fail; what it said.
pub(crate) async fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments).await;
    assert!(!output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// No file in the folder but the keys' own holds one: no log at the finest level, no database.
pub(crate) fn no_key_outside_its_file(folder: &Path) {
    let keys = std::fs::read_to_string(folder.join("keys.toml")).unwrap();
    let secrets: Vec<&str> = keys.split('"').filter(|text| text.len() >= 64).collect();
    assert!(secrets.len() >= 7, "one of each kind");
    let mut searched = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() || path.ends_with("keys.toml") {
            continue;
        }
        let content = std::fs::read(&path).unwrap();
        searched += content.len();
        let holds = |form: &[u8]| content.windows(form.len()).any(|part| part == form);
        for secret in &secrets {
            let bytes = hex::decode(secret).unwrap_or_default();
            let shown = format!("{bytes:?}");
            let shown = shown.trim_matches(['[', ']']);
            let forms = [secret.as_bytes(), &bytes, shown.as_bytes()];
            let forms = forms.iter().filter(|form| !form.is_empty());
            for form in forms {
                assert!(!holds(form), "a key is in {}", path.display());
            }
        }
    }
    assert!(searched > 30_000, "only {searched} bytes searched");
}

fn no_key_in(folder: &Path, output: &Output) {
    let said = [&output.stdout[..], &output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let keys = std::fs::read_to_string(folder.join("keys.toml")).unwrap_or_default();
    for secret in keys.split('"').filter(|text| text.len() >= 64) {
        assert!(!said.contains(secret), "a key was shown");
    }
}

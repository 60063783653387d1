//! Keys in a token: SoftHSM, with its files in the test's folder.

use crate::site::{ppids, prepare};
use kazasu_demo::process::free_port;
use kazasu_tests::world::{TARO, World, pins};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokio::process::Command;

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const SETTING: &str = "KAZASU_VERIFIER__KEYS";

/// Makes an empty token; the environment that leads to it. `None` where there is no SoftHSM.
async fn softhsm(folder: &Path) -> Option<[(&'static str, String); 2]> {
    if !Path::new(MODULE).exists() {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "SoftHSM is missing: install softhsm2");
        let _ = writeln!(
            std::io::stderr(),
            "DID NOT RUN: keys in a token: install softhsm2"
        );
        return None;
    }
    std::fs::create_dir(folder.join("tokens")).unwrap();
    let configuration = folder.join("softhsm2.conf");
    let tokens = folder.join("tokens");
    std::fs::write(
        &configuration,
        format!("directories.tokendir = {}\n", tokens.display()),
    )
    .unwrap();
    let pin = folder.join("pin");
    std::fs::write(&pin, "1234\n").unwrap();
    std::fs::set_permissions(&pin, PermissionsExt::from_mode(0o600)).unwrap();
    let made = Command::new("softhsm2-util")
        .args([
            "--init-token",
            "--free",
            "--label",
            "kazasu",
            "--so-pin",
            "4321",
            "--pin",
            "1234",
        ])
        .env("SOFTHSM2_CONF", &configuration)
        .output()
        .await
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let setting = format!(
        "{{source=\"pkcs11\",module=\"{MODULE}\",token=\"kazasu\",pin_file=\"{}\"}}",
        pin.display()
    );
    let configuration = configuration.display().to_string();
    Some([("SOFTHSM2_CONF", configuration), (SETTING, setting)])
}

/// The keys move from the file into the token; the file is gone afterwards.
async fn move_into_token(world: &mut World) -> Option<[(&'static str, String); 2]> {
    let folder = world.folder.path().to_owned();
    let environment = softhsm(&folder).await?;
    world.verifier.halt().await.unwrap();
    let file: PathBuf = folder.join("keys.toml");
    let imported = prepare(&folder, &["keys", "import", file.to_str().unwrap()])
        .envs(environment.clone())
        .output()
        .await
        .unwrap();
    assert!(imported.status.success(), "{imported:?}");
    std::fs::remove_file(file).unwrap();
    for (name, value) in &environment {
        world.verifier.set_environment(name, value);
    }
    Some(environment)
}

#[tokio::test]
async fn keys_moved_into_a_token_bring_back_every_ppid_and_rotate_there() {
    let mut world = World::start().await.unwrap();
    let before = ppids(&world).await;
    let Some(environment) = move_into_token(&mut world).await else {
        return;
    };
    world.verifier.resume().await.unwrap();
    assert_eq!(ppids(&world).await, before);
    world.verifier.halt().await.unwrap();
    let rotated = prepare(world.folder.path(), &["keys", "rewrap-index"])
        .envs(environment)
        .output()
        .await
        .unwrap();
    assert!(rotated.status.success(), "{rotated:?}");
    world.verifier.resume().await.unwrap();
    assert_eq!(ppids(&world).await, before);
}

#[tokio::test]
async fn a_token_that_is_gone_stops_taps_until_it_is_back() {
    let mut world = World::start().await.unwrap();
    let before = ppids(&world).await;
    if move_into_token(&mut world).await.is_none() {
        return;
    }
    let admin = format!("127.0.0.1:{}", free_port().unwrap());
    let listen = format!("\"{admin}\"");
    world
        .verifier
        .set_environment("KAZASU_VERIFIER__ADMIN__LISTEN", &listen);
    world.verifier.resume().await.unwrap();
    let is_ready = async || {
        let answer = reqwest::get(format!("http://{admin}/health/ready")).await;
        answer.unwrap().status().is_success()
    };
    assert_eq!(ppids(&world).await, before);
    assert!(is_ready().await);
    let (tokens, hidden) = (
        world.folder.path().join("tokens"),
        world.folder.path().join("hidden"),
    );
    std::fs::rename(&tokens, &hidden).unwrap();
    let failed = world
        .tap(&world.portal, "view", &pins(TARO))
        .await
        .unwrap_err();
    let said = format!("{failed:#}");
    assert!(said.contains("internal error, reference"), "{said}");
    assert!(!is_ready().await);
    std::fs::rename(&hidden, &tokens).unwrap();
    assert!(is_ready().await);
    assert_eq!(ppids(&world).await, before);
}

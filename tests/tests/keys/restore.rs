//! A database and its keys, restored on another machine: the drill.

use crate::site::{done, ppids, refused};
use kazasu_demo::postgres::test_database;
use kazasu_demo::relying_party::Registration;
use kazasu_demo::verifier::{Setup, Verifier};
use kazasu_tests::world::World;
use std::path::Path;

/// A folder with the first one's configuration, but for the database; without keys.
async fn other_machine(first: &Path) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let database = test_database().await.unwrap();
    let text = std::fs::read_to_string(first.join("verifier.toml")).unwrap();
    let is_database = |line: &&str| line.starts_with("database = ");
    let old = text.lines().find(is_database).unwrap();
    let text = text.replace(old, &format!("database = \"{database}\""));
    std::fs::write(folder.path().join("verifier.toml"), text).unwrap();
    std::fs::copy(first.join("test-ca.der"), folder.path().join("test-ca.der")).unwrap();
    (folder, database)
}

#[tokio::test]
async fn database_and_keys_restored_elsewhere_bring_back_every_ppid() {
    let mut world = World::start().await.unwrap();
    let before = ppids(&world).await;
    let first = world.folder.path().to_owned();
    let backup = first.join("backup");
    done(&first, &["backup", backup.to_str().unwrap()]).await;
    world.verifier.crash().await.unwrap();

    let (folder, database) = other_machine(&first).await;
    let second = folder.path();
    std::fs::copy(first.join("keys.toml"), second.join("keys.toml")).unwrap();
    done(second, &["restore", backup.to_str().unwrap()]).await;
    let portal = Registration::new("portal", "https://portal.example/callback").unwrap();
    let library = Registration::new("library", "https://library.example/callback").unwrap();
    let anchor = std::fs::read(first.join("test-ca.der")).unwrap();
    let parties = [portal, library];
    world.verifier = Verifier::start_with(Setup {
        name: "verifier",
        authority: &world.authority,
        revocation: "",
        anchor: &anchor,
        relying_parties: &parties,
        folder: second,
        database: &database,
        origin: None,
        log: "info",
        tables: "",
        lifetimes: "",
    })
    .await
    .unwrap();
    let [portal, library] = parties;
    world.portal = portal.connect(&world.verifier.origin).await.unwrap();
    world.library = library.connect(&world.verifier.origin).await.unwrap();
    assert_eq!(ppids(&world).await, before);
}

#[tokio::test]
async fn a_database_without_its_keys_is_not_served() {
    let mut world = World::start().await.unwrap();
    ppids(&world).await;
    let first = world.folder.path().to_owned();
    let backup = first.join("backup");
    done(&first, &["backup", backup.to_str().unwrap()]).await;
    world.verifier.crash().await.unwrap();

    let (folder, _) = other_machine(&first).await;
    let second = folder.path();
    let keys = second.join("keys.toml");
    done(second, &["restore", backup.to_str().unwrap()]).await;
    let said = refused(second, &["serve"]).await;
    assert!(
        said.contains("keys file") && said.contains("No such file"),
        "{said}"
    );
    done(second, &["keys", "new", keys.to_str().unwrap()]).await;
    for command in [&["serve"][..], &["keys", "rewrap-index"]] {
        let said = refused(second, command).await;
        // The verifier that was backed up may run for all anybody here can know.
        let expected = [
            "not the keys of this database",
            "a verifier runs on this database",
        ];
        let position = usize::from(command.len() > 1);
        assert!(said.contains(expected[position]), "{said}");
    }
}

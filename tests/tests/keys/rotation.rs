//! Keys change under stored people, who stay who they are.

use crate::site::{done, no_key_outside_its_file, ppids, prepare, refused};
use kazasu_tests::database::execute;
use kazasu_tests::world::World;
use std::time::Duration;

#[tokio::test]
async fn every_ppid_survives_rotated_keys() {
    let mut world = World::start().await.unwrap();
    let before = ppids(&world).await;
    let folder = world.folder.path().to_owned();
    let said = refused(&folder, &["keys", "rewrap-index"]).await;
    assert!(said.contains("a verifier runs on this database"), "{said}");
    world.verifier.halt().await.unwrap();
    for _ in 0..2 {
        let said = done(&folder, &["keys", "rewrap-index"]).await;
        assert!(wrapped(&said) > 0, "{said}");
    }
    for kind in ["pairwise", "challenge", "name", "audit"] {
        done(&folder, &["keys", "rotate", kind, "--after", "0"]).await;
    }
    done(&folder, &["keys", "rotate", "signing-es256"]).await;
    world.verifier.resume().await.unwrap();
    assert_eq!(ppids(&world).await, before);
    let listed = done(&folder, &["keys", "list"]).await;
    let versions = |kind: &str| listed.lines().filter(|line| line.starts_with(kind)).count();
    assert_eq!(
        [versions("index"), versions("pairwise")],
        [3, 2],
        "{listed}"
    );
    // What PostgreSQL keeps is not in the folder; a backup of it is.
    let backup = folder.join("backup");
    done(&folder, &["backup", backup.to_str().unwrap()]).await;
    no_key_outside_its_file(&folder);
}

#[tokio::test]
async fn a_verifier_without_the_newest_index_key_refuses_to_start() {
    let mut world = World::start().await.unwrap();
    ppids(&world).await;
    let folder = world.folder.path().to_owned();
    world.verifier.halt().await.unwrap();
    let old = std::fs::read(folder.join("keys.toml")).unwrap();
    done(&folder, &["keys", "rewrap-index"]).await;
    let new = std::fs::read(folder.join("keys.toml")).unwrap();
    std::fs::write(folder.join("keys.toml"), old).unwrap();
    let said = refused(&folder, &["serve"]).await;
    assert!(said.contains("index key 2, which is missing"), "{said}");
    std::fs::write(folder.join("keys.toml"), new).unwrap();
    world.verifier.resume().await.unwrap();
}

/// Each try is killed a little later, until one is done before.
#[tokio::test]
async fn a_rotation_killed_at_any_moment_is_finished_by_the_next() {
    const STORED: u32 = 20_000;
    let mut world = World::start().await.unwrap();
    let before = ppids(&world).await;
    world.verifier.halt().await.unwrap();
    let folder = world.folder.path().to_owned();
    execute(&world.verifier.database, &folder, &strangers(STORED)).unwrap();
    let mut killed = 0;
    loop {
        let mut rotation = prepare(&folder, &["keys", "rewrap-index"]).spawn().unwrap();
        let time = Duration::from_millis(10 * killed);
        let ended = tokio::time::timeout(time, rotation.wait()).await;
        if let Ok(status) = ended {
            assert!(status.unwrap().success());
            break;
        }
        killed += 1;
        rotation.kill().await.unwrap();
    }
    assert!(killed > 3, "killed only {killed} times: it shows nothing");
    let said = done(&folder, &["keys", "rewrap-index"]).await;
    assert!(wrapped(&said) > STORED, "{said}");
    world.verifier.resume().await.unwrap();
    assert_eq!(ppids(&world).await, before);
}

/// How many stored indexes it says that it wrapped.
fn wrapped(said: &str) -> u32 {
    let count = said.strip_suffix(" stored indexes wrapped\n").unwrap();
    count.parse().unwrap()
}

/// More credentials of the one person there is.
fn strangers(count: u32) -> [String; 2] {
    [
        // SQLite
        format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO credentials (credential_index, subject, created_at)
             SELECT randomblob(32), id, 0 FROM n, subjects"
        ),
        // PostgreSQL
        format!(
            "INSERT INTO credentials (credential_index, subject, created_at)
             SELECT sha256(convert_to(i::text, 'UTF8')), id, 0
             FROM generate_series(1, {count}) i, subjects"
        ),
    ]
}

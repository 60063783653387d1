//! A database that fails while people tap: they get a defined answer, nothing is half-written, and
//! the verifier goes on by itself once the database does.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use kazasu_proto::companion::v1 as pb;
use kazasu_tests::cluster::Cluster;
use kazasu_tests::crowd::Crowd;
use kazasu_tests::engine::{Database, Engine};
use kazasu_tests::isolated;
use kazasu_tests::taps::ReadyTap;
use pb::companion_service_client::CompanionServiceClient;
use pb::submit_assertion_response::Outcome;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tonic::{Code, Status};

/// Submits at the only node.
async fn submit(cluster: &Cluster, tap: &ReadyTap) -> Result<Option<Outcome>, Status> {
    let node = cluster.channels().unwrap().remove(0);
    let mut node = CompanionServiceClient::new(node);
    let answer = node.submit_assertion(tap.submission.clone()).await?;
    Ok(answer.into_inner().outcome)
}

/// What is answered while the database fails: try later, with a reference that is in the log.
async fn is_unavailable(cluster: &Cluster, tap: &ReadyTap) {
    let refused = submit(cluster, tap).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused}");
    let (_, reference) = refused.message().rsplit_once(' ').unwrap();
    assert!(cluster.log(0).unwrap().contains(reference), "{reference}");
    let party = &cluster.stand.party;
    let refused = party.begin("view", true).await.err().unwrap().to_string();
    assert!(refused.contains("503"), "{refused}");
    assert!(!cluster.is_ready(0).await.unwrap());
}

/// The same tap that failed is accepted, and once.
async fn is_accepted(cluster: &Cluster, tap: &ReadyTap) {
    assert!(cluster.is_ready(0).await.unwrap());
    let outcome = submit(cluster, tap).await.unwrap();
    assert!(matches!(outcome, Some(Outcome::Accepted(_))), "{outcome:?}");
    let accepted = cluster.database.accepted().await.unwrap();
    let events = accepted.iter().filter(|id| **id == tap.transaction_id);
    assert_eq!(events.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_server_that_goes_away_and_comes_back_loses_nothing() {
    let database = Database::with_its_own_server().await.unwrap();
    let Database::Postgres { server, .. } = database else {
        panic!("a server is PostgreSQL's");
    };
    let folder = TempDir::new().unwrap();
    let cluster = Cluster::start_on(database, 1, folder).await.unwrap();
    let taps = cluster.stand.prepare(2).await.unwrap();
    let mut crowd = Crowd::start(&cluster).unwrap();
    crowd.wait_for(10).await.unwrap();
    server.stop().await.unwrap();
    is_unavailable(&cluster, &taps[0]).await;
    server.start_again().await.unwrap();
    crowd.wait_for(10).await.unwrap();
    is_accepted(&cluster, &taps[0]).await;
    server.crash().await.unwrap();
    is_unavailable(&cluster, &taps[1]).await;
    server.start_again().await.unwrap();
    crowd.wait_for(10).await.unwrap();
    is_accepted(&cluster, &taps[1]).await;
    crowd
        .stop()
        .await
        .unwrap()
        .check(&cluster, 2)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_server_that_takes_no_writes_is_waited_for() {
    let database = Database::with_its_own_server().await.unwrap();
    let folder = TempDir::new().unwrap();
    let cluster = Cluster::start_on(database, 1, folder).await.unwrap();
    let taps = cluster.stand.prepare(1).await.unwrap();
    let mut crowd = Crowd::start(&cluster).unwrap();
    crowd.wait_for(10).await.unwrap();
    // As a standby that was not promoted yet, or one whose disk is full.
    let writes = async |allowed: &str| {
        let read_only = format!("ALTER SYSTEM SET default_transaction_read_only = {allowed}");
        cluster.database.execute(&read_only).await.unwrap();
        let reload = "SELECT pg_reload_conf()";
        cluster.database.execute(reload).await.unwrap();
    };
    writes("on").await;
    is_unavailable(&cluster, &taps[0]).await;
    writes("off").await;
    crowd.wait_for(10).await.unwrap();
    is_accepted(&cluster, &taps[0]).await;
    crowd
        .stop()
        .await
        .unwrap()
        .check(&cluster, 1)
        .await
        .unwrap();
}

#[test]
fn a_full_disk_refuses_for_now_and_is_forgotten_once_there_is_space() {
    let test = "a_full_disk_refuses_for_now_and_is_forgotten_once_there_is_space";
    isolated::alone(
        test,
        "true",
        || None,
        || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(fill_the_disk());
        },
    );
}

async fn fill_the_disk() {
    let disk = TempDir::new().unwrap();
    mount(disk.path());
    let database = Database::new(Engine::Sqlite, disk.path()).await.unwrap();
    let folder = TempDir::new().unwrap();
    let cluster = Cluster::start_on(database, 1, folder).await.unwrap();
    let taps = cluster.stand.prepare(1).await.unwrap();
    let mut crowd = Crowd::start(&cluster).unwrap();
    crowd.wait_for(10).await.unwrap();
    let ballast = fill(disk.path());
    until_writes_are_refused(&cluster).await;
    is_unavailable(&cluster, &taps[0]).await;
    std::fs::remove_file(ballast).unwrap();
    crowd.wait_for(10).await.unwrap();
    is_accepted(&cluster, &taps[0]).await;
    crowd
        .stop()
        .await
        .unwrap()
        .check(&cluster, 1)
        .await
        .unwrap();
    let whole = cluster.database.query("PRAGMA integrity_check").await;
    assert_eq!(whole.unwrap(), "ok");
}

/// What is left in pages and in the log that are there already is used up first, and the log may
/// begin anew meanwhile: it is over when all are refused for longer than that takes.
async fn until_writes_are_refused(cluster: &Cluster) {
    let mut refused = 0;
    while refused < 50 {
        match cluster.stand.party.begin("view", true).await {
            Ok(_) => refused = 0,
            Err(refusal) => {
                assert!(refusal.to_string().contains("503"), "{refusal}");
                refused += 1;
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn a_full_disk_under_the_database_server_refuses_for_now() {
    let test = "a_full_disk_under_the_database_server_refuses_for_now";
    // The server's files go where temporary ones do.
    let disk = "mount -t tmpfs -o size=120m,mode=1777 none /run && export TMPDIR=/run";
    isolated::alone(test, disk, no_other_user, || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(fill_the_servers_disk());
    });
}

/// The server refuses to run as root, which everybody is in a user namespace of theirs.
fn no_other_user() -> Option<String> {
    let root = nix::unistd::Uid::effective().is_root();
    (!root).then(|| "only root can be somebody else in a namespace".to_owned())
}

async fn fill_the_servers_disk() {
    let database = Database::with_its_own_server().await.unwrap();
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let cluster = Cluster::start_on(database, 1, folder).await.unwrap();
    let mut crowd = Crowd::start(&cluster).unwrap();
    crowd.wait_for(10).await.unwrap();
    let ballast = fill(Path::new("/run"));
    until_writes_are_refused(&cluster).await;
    std::fs::remove_file(ballast).unwrap();
    crowd.wait_for(10).await.unwrap();
    assert!(cluster.is_ready(0).await.unwrap());
    crowd
        .stop()
        .await
        .unwrap()
        .check(&cluster, 1)
        .await
        .unwrap();
}

/// A small disk that ends with the namespace.
fn mount(folder: &Path) {
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=16m", "none"]);
    assert!(mount.arg(folder).status().unwrap().success());
}

/// Writes until nothing goes any more.
fn fill(disk: &Path) -> PathBuf {
    let ballast = disk.join("ballast");
    let mut file = File::create(&ballast).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    ballast
}

//! A server that goes away, comes back, or does not answer.

use crate::intermediary::{Intermediary, url};
use crate::world::*;
use kazasu_demo::slapd::Slapd;
use kazasu_portal::account::AccountState;
use kazasu_portal::directory::ldap::Ldap;
use kazasu_portal::directory::{
    Directory as _, DirectoryError, OperationId, OperationKind, Outcome,
};
use std::sync::Arc;
use std::time::Duration;

fn is_unavailable<T>(result: &Result<T, DirectoryError>) -> bool {
    matches!(result, Err(DirectoryError::Unavailable(_)))
}

#[tokio::test]
async fn a_server_that_is_away_is_unavailable_and_is_found_when_it_is_back() {
    let world = ldap().await;
    // Leaves a connection that will be dead.
    assert!(world.account(STUDENT).await.is_some());
    world.slapd().stop().await.unwrap();
    let asked = operation("A", OperationKind::Password, STUDENT, now());
    assert!(is_unavailable(&world.directory.check().await));
    assert!(is_unavailable(
        &world.directory.account(&id(STUDENT), now()).await
    ));
    assert!(is_unavailable(
        &world.set_password(STUDENT, "A", SECOND_PASSWORD).await
    ));
    assert!(is_unavailable(&world.lock(STUDENT, "B").await));
    assert!(is_unavailable(
        &world.directory.outcome(&asked, now()).await
    ));
    world.slapd().start_again().await.unwrap();
    world.directory.check().await.unwrap();
    assert!(world.accepts(STUDENT, FIRST_PASSWORD).await);
    world
        .set_password(STUDENT, "A", SECOND_PASSWORD)
        .await
        .unwrap();
    assert!(world.accepts(STUDENT, SECOND_PASSWORD).await);
}

#[tokio::test]
async fn a_restart_between_two_questions_goes_unnoticed() {
    let world = ldap().await;
    assert!(world.account(STUDENT).await.is_some());
    for text in [SECOND_PASSWORD, "third-Passw0rd"] {
        world.slapd().stop().await.unwrap();
        world.slapd().start_again().await.unwrap();
        world.set_password(STUDENT, "A", text).await.unwrap();
        assert!(world.accepts(STUDENT, text).await);
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_not_waited_for() {
    let slapd = Slapd::start().await.unwrap();
    let mut settings = settings(&slapd);
    settings.timeout = Duration::from_millis(300);
    let directory = Ldap::new(settings).unwrap();
    for is_connected in [false, true] {
        slapd.hold().await.unwrap();
        let student = id(STUDENT);
        let found = directory.account(&student, now());
        let found = tokio::time::timeout(Duration::from_secs(20), found).await;
        assert!(is_unavailable(&found.unwrap()), "{is_connected}");
        slapd.go_on().unwrap();
        // Patient enough for a busy machine.
        let mut found = directory.account(&id(STUDENT), now()).await;
        for _ in 0..50 {
            if found.is_ok() {
                break;
            }
            found = directory.account(&id(STUDENT), now()).await;
        }
        assert!(found.unwrap().is_some());
    }
}

/// A directory whose server is reached through an intermediary, with a connection already open.
async fn through(slapd: &Slapd, connections: usize) -> (Intermediary, Ldap) {
    let intermediary = Intermediary::start(slapd.socket());
    let mut settings = settings(slapd);
    settings.url = url(&intermediary.socket());
    settings.starttls = false;
    settings.connections = connections;
    let directory = Ldap::new(settings).unwrap();
    directory.check().await.unwrap();
    (intermediary, directory)
}

#[tokio::test]
async fn a_connection_that_ended_unnoticed_is_replaced() {
    let slapd = Slapd::start().await.unwrap();
    let (intermediary, directory) = through(&slapd, 2).await;
    intermediary.hang_up_once();
    let found = directory.account(&id(STUDENT), now()).await;
    assert!(found.unwrap().is_some());
    intermediary.hang_up_once();
    let (student, operation_id) = (id(STUDENT), OperationId::new("A"));
    let password = password(SECOND_PASSWORD);
    let set = directory.set_password(&student, &operation_id, &password, now());
    set.await.unwrap();
    assert!(slapd.accepts(STUDENT, SECOND_PASSWORD).await.unwrap());
}

#[tokio::test]
async fn a_password_whose_answer_was_lost_is_unavailable_and_found_to_be_set() {
    let slapd = Slapd::start().await.unwrap();
    let (intermediary, directory) = through(&slapd, 2).await;
    let recorded_at = now();
    intermediary.lose_answers(true);
    let lost = directory
        .set_password(
            &id(STUDENT),
            &OperationId::new("A"),
            &password(SECOND_PASSWORD),
            recorded_at,
        )
        .await;
    assert!(is_unavailable(&lost), "{lost:?}");
    let asked = operation("A", OperationKind::Password, STUDENT, recorded_at);
    assert_eq!(
        directory.outcome(&asked, now()).await.unwrap(),
        Outcome::Done
    );
    assert!(slapd.accepts(STUDENT, SECOND_PASSWORD).await.unwrap());
}

#[tokio::test]
async fn a_password_that_is_still_on_its_way_is_not_taken_for_one_that_will_not_be_set() {
    let slapd = Slapd::start().await.unwrap();
    let (intermediary, directory) = through(&slapd, 2).await;
    let (student, asked_by) = (id(STUDENT), OperationId::new("A"));
    let second = password(SECOND_PASSWORD);
    let first = directory.set_password(&student, &asked_by, &second, now());
    first.await.unwrap();
    // As if that had been long ago.
    let recorded_at = now() + 3600;
    let asked = operation("A", OperationKind::Password, STUDENT, recorded_at);
    let found = async |now| directory.outcome(&asked, now).await.unwrap();
    intermediary.hold(true);
    let third = password("third-Passw0rd");
    let gone = directory.set_password(&student, &asked_by, &third, recorded_at);
    let gone = gone.await;
    assert!(is_unavailable(&gone), "{gone:?}");
    assert_eq!(found(recorded_at + 15).await, Outcome::Open);
    assert_eq!(found(recorded_at + 299).await, Outcome::Open);
    assert_eq!(found(recorded_at + 300).await, Outcome::NotDone);
    intermediary.hold(false);
    while !slapd.accepts(STUDENT, "third-Passw0rd").await.unwrap() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_lock_that_was_cut_off_is_found_unfinished_and_can_be_made_again() {
    let slapd = Slapd::start().await.unwrap();
    let (intermediary, directory) = through(&slapd, 2).await;
    let recorded_at = now();
    intermediary.lose_answers(true);
    let (student, operation_id) = (id(STUDENT), OperationId::new("A"));
    let lost = directory.lock(&student, &operation_id, recorded_at).await;
    assert!(is_unavailable(&lost), "{lost:?}");
    let asked = operation("A", OperationKind::Lock, STUDENT, recorded_at);
    let found = async |now| directory.outcome(&asked, now).await.unwrap();
    assert_eq!(found(recorded_at).await, Outcome::Open);
    assert_eq!(found(recorded_at + 3600).await, Outcome::NotDone);
    intermediary.lose_answers(false);
    let again = directory.lock(&student, &operation_id, recorded_at);
    again.await.unwrap();
    assert_eq!(
        directory.outcome(&asked, now()).await.unwrap(),
        Outcome::Done
    );
    let account = directory.account(&id(STUDENT), now()).await.unwrap();
    assert_eq!(account.unwrap().state, AccountState::Locked);
}

#[tokio::test]
async fn there_are_never_more_connections_than_allowed() {
    let slapd = Slapd::start().await.unwrap();
    let (intermediary, directory) = through(&slapd, 2).await;
    let directory = Arc::new(directory);
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let directory = directory.clone();
            tokio::spawn(async move { directory.account(&id(STAFF_AND_STUDENT), now()).await })
        })
        .collect();
    for asked in asking {
        assert!(asked.await.unwrap().unwrap().is_some());
    }
    assert_eq!(intermediary.most_connections(), 2);
}

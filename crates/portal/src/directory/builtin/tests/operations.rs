//! Changes are made once, whatever happens around them.

use super::*;
use crate::account::AccountState;

#[tokio::test]
async fn a_change_that_is_told_twice_is_made_once() {
    let tested = directory(PEOPLE).await;
    tested.set_password("A", "second-Passw0rd").await.unwrap();
    tested.set_password("B", "third-Passw0rd").await.unwrap();
    tested.set_password("A", "second-Passw0rd").await.unwrap();
    tested.set_password("A", "fourth-Passw0rd").await.unwrap();
    assert!(tested.sign_in("third-Passw0rd", NOW).await.is_ok());
}

#[tokio::test]
async fn an_access_pass_is_told_once_and_the_second_time_changes_nothing() {
    let tested = directory(PEOPLE).await;
    let pass = tested.issue("A").await.unwrap();
    assert!(matches!(
        tested.issue("A").await,
        Err(DirectoryError::Settled)
    ));
    assert!(tested.sign_in(pass.expose(), NOW).await.is_ok());
    assert!(tested.issue("B").await.is_ok());
    assert!(tested.sign_in(pass.expose(), NOW).await.is_err());
}

#[tokio::test]
async fn what_was_given_up_is_not_made_afterwards() {
    let tested = directory(PEOPLE).await;
    let asked = tested.outcome("A", OperationKind::Password).await;
    assert_eq!(asked, Outcome::NotDone);
    let late = tested.set_password("A", "second-Passw0rd").await;
    assert!(matches!(late, Err(DirectoryError::Settled)));
    assert!(tested.sign_in("first-Passw0rd", NOW).await.is_ok());
    let again = tested.outcome("A", OperationKind::Password).await;
    assert_eq!(again, Outcome::NotDone);
}

#[tokio::test]
async fn each_change_is_known_afterwards_and_only_as_what_it_was() {
    let tested = directory(PEOPLE).await;
    tested.set_password("A", "second-Passw0rd").await.unwrap();
    tested.issue("B").await.unwrap();
    tested.lock("C").await.unwrap();
    use OperationKind::{AccessPass, Lock, Password};
    for (id, kind, outcome) in [
        ("A", Password, Outcome::Done),
        ("B", AccessPass, Outcome::Done),
        ("C", Lock, Outcome::Done),
        ("A", Lock, Outcome::NotDone),
    ] {
        assert_eq!(tested.outcome(id, kind).await, outcome, "{id} {kind:?}");
    }
}

#[tokio::test]
async fn what_is_refused_leaves_its_identifier_unused() {
    let tested = directory(PEOPLE).await;
    let nobody = id("nobody");
    let refused = tested
        .directory
        .set_password(&nobody, &operation("A"), &password("second-Passw0rd"), NOW)
        .await;
    assert!(matches!(refused, Err(DirectoryError::NoSuchAccount)));
    tested.set_password("A", "second-Passw0rd").await.unwrap();
    assert!(tested.sign_in("second-Passw0rd", NOW).await.is_ok());
}

#[tokio::test]
async fn nothing_is_issued_for_an_account_that_was_locked_or_revoked_meanwhile() {
    let tested = directory(PEOPLE).await;
    let late = tested
        .directory
        .set_password(
            &student(),
            &operation("A"),
            &password("second-Passw0rd"),
            LEAVES,
        )
        .await;
    assert!(matches!(late, Err(DirectoryError::NotActive)));
    tested.lock("B").await.unwrap();
    for refused in [
        tested.set_password("C", "second-Passw0rd").await,
        tested.issue("D").await.map(drop),
    ] {
        assert!(matches!(refused, Err(DirectoryError::NotActive)));
    }
}

#[tokio::test]
async fn a_lock_makes_all_that_was_issued_worthless_until_staff_unlocks() {
    let tested = directory(PEOPLE).await;
    let pass = tested.issue("A").await.unwrap();
    let session = tested.sign_in("first-Passw0rd", NOW).await.unwrap();
    let holds = || {
        has_session(
            &tested.store,
            &session.account,
            session.session_generation,
            NOW,
        )
    };
    assert!(holds().await.unwrap());
    tested.lock("B").await.unwrap();
    assert!(!holds().await.unwrap());
    for secret in [pass.expose(), "first-Passw0rd"] {
        let refused = tested.sign_in(secret, NOW).await;
        assert!(matches!(refused, Err(SignInError::Locked)));
    }
    let account = tested.directory.account(&student(), NOW).await.unwrap();
    assert_eq!(account.unwrap().state, AccountState::Locked);

    assert!(unlock(&tested.store, &student(), NOW).await.unwrap());
    assert!(!unlock(&tested.store, &id("nobody"), NOW).await.unwrap());
    assert!(!holds().await.unwrap());
    for secret in [pass.expose(), "first-Passw0rd"] {
        let refused = tested.sign_in(secret, NOW).await;
        assert!(matches!(refused, Err(SignInError::Wrong)));
    }
    tested.set_password("C", "second-Passw0rd").await.unwrap();
    assert!(tested.sign_in("second-Passw0rd", NOW).await.is_ok());
}

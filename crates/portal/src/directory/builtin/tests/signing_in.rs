//! Passwords, access passes, and those who guess them.

use super::*;
use crate::account::AccountKind;
use kazasu_service::page::Language;

#[tokio::test]
async fn whoever_signs_in_is_described_and_how_they_did() {
    let tested = directory(PEOPLE).await;
    let person = tested.sign_in("first-Passw0rd", NOW).await.unwrap();
    assert_eq!(person.account, student());
    assert_eq!(person.kind, AccountKind::Student);
    assert_eq!(person.names, ["見本　太郎", "MIHON Taro"]);
    assert_eq!(person.language, Some(Language::Japanese));
    assert_eq!(person.with, With::Password);
    let pass = tested.issue("A").await.unwrap();
    let typed = pass.expose().to_lowercase().replace('-', " ");
    let person = tested.sign_in(&typed, NOW).await.unwrap();
    assert_eq!(person.with, With::AccessPass);
}

#[tokio::test]
async fn an_access_pass_works_until_it_expires_and_beside_the_password() {
    let tested = directory(PEOPLE).await;
    let pass = tested.issue("A").await.unwrap();
    for now in [NOW, NOW, NOW + 599] {
        assert!(tested.sign_in(pass.expose(), now).await.is_ok(), "{now}");
    }
    assert!(tested.sign_in("first-Passw0rd", NOW).await.is_ok());
    let late = tested.sign_in(pass.expose(), NOW + 600).await;
    assert!(matches!(late, Err(SignInError::Wrong)));
}

#[tokio::test]
async fn a_new_password_ends_the_access_pass_and_the_sessions_before_it() {
    let tested = directory(PEOPLE).await;
    let pass = tested.issue("A").await.unwrap();
    let before = tested.sign_in(pass.expose(), NOW).await.unwrap();
    tested.set_password("B", "second-Passw0rd").await.unwrap();
    assert!(tested.sign_in(pass.expose(), NOW).await.is_err());
    let after = tested.sign_in("second-Passw0rd", NOW).await.unwrap();
    for (session, holds) in [(before, false), (after, true)] {
        let generation = session.session_generation;
        let held = has_session(&tested.store, &student(), generation, NOW).await;
        assert_eq!(held.unwrap(), holds);
    }
}

#[tokio::test]
async fn whoever_left_does_not_sign_in_from_that_very_second() {
    let tested = directory(PEOPLE).await;
    let person = tested.sign_in("first-Passw0rd", LEAVES - 1).await.unwrap();
    let late = tested.sign_in("first-Passw0rd", LEAVES).await;
    assert!(matches!(late, Err(SignInError::Revoked)));
    let generation = person.session_generation;
    let held = has_session(&tested.store, &student(), generation, LEAVES).await;
    assert!(!held.unwrap());
}

#[tokio::test]
async fn an_account_that_is_not_there_or_has_no_password_is_no_different() {
    let tested = directory(PEOPLE).await;
    for account in ["nobody", "staff1"] {
        let refused = tested.sign_in_as(&id(account), "first-Passw0rd", NOW).await;
        assert!(matches!(refused, Err(SignInError::Wrong)), "{account}");
    }
}

#[tokio::test]
async fn after_five_wrong_attempts_even_the_right_one_has_to_wait() {
    let tested = directory(PEOPLE).await;
    for _ in 0..5 {
        let wrong = tested.sign_in("guess", NOW).await;
        assert!(matches!(wrong, Err(SignInError::Wrong)));
    }
    let refused = tested.sign_in("first-Passw0rd", NOW).await;
    assert!(matches!(
        refused,
        Err(SignInError::TooOften { retry_after: 30 })
    ));
    assert!(tested.sign_in("first-Passw0rd", NOW + 30).await.is_ok());
    // One that succeeded makes up for those before.
    for _ in 0..4 {
        assert!(tested.sign_in("guess", NOW + 30).await.is_err());
    }
    assert!(tested.sign_in("first-Passw0rd", NOW + 30).await.is_ok());
}

#[tokio::test]
async fn whoever_goes_on_guessing_waits_longer() {
    let tested = directory(PEOPLE).await;
    // Early enough not to run into the day of leaving.
    let mut now = NOW - 10_000;
    for number in 1..=12 {
        let wrong = tested.sign_in("guess", now).await;
        assert!(matches!(wrong, Err(SignInError::Wrong)), "{number}");
        let wait = match number {
            1..5 => 0,
            5..10 => 30,
            _ => 900,
        };
        if wait > 0 {
            let refused = tested.sign_in("guess", now + wait - 1).await;
            let too_often = matches!(refused, Err(SignInError::TooOften { retry_after: 1 }));
            assert!(too_often, "{number}");
        }
        now += wait;
    }
}

#[tokio::test]
async fn attempts_made_at_once_count_before_any_is_answered() {
    let tested = Arc::new(directory(PEOPLE).await);
    let attempts: Vec<_> = (0..20)
        .map(|_| {
            let tested = tested.clone();
            tokio::spawn(async move { tested.sign_in("guess", NOW).await })
        })
        .collect();
    let mut looked_at = 0;
    for attempt in attempts {
        let refused = attempt.await.unwrap();
        looked_at += i32::from(matches!(refused, Err(SignInError::Wrong)));
    }
    assert_eq!(looked_at, 5);
}

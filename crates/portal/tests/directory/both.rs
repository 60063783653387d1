//! What every directory does.

use crate::world::*;
use kazasu_portal::account::{AccountKind, AccountState};
use kazasu_portal::directory::{DirectoryError, OperationId, OperationKind, Outcome};
use kazasu_service::page::Language;

#[tokio::test]
async fn an_account_is_whose_it_is_with_its_names_and_addresses() {
    for world in worlds().await {
        let student = world.account(STUDENT).await.unwrap();
        assert_eq!(student.id, id(STUDENT), "{}", world.name);
        assert_eq!(student.kind, AccountKind::Student);
        assert_eq!(student.state, AccountState::Active);
        assert_eq!(student.names, ["見本　太郎", "MIHON Taro"]);
        assert_eq!(student.language, Some(Language::Japanese));
        let contacts = student.contacts.iter();
        let contacts: Vec<_> = contacts.map(|c| (c.address.as_str(), c.outside)).collect();
        let expected = [
            ("0123456789@univ.example", false),
            ("taro@mail.example", true),
        ];
        assert_eq!(contacts, expected, "{}", world.name);
        let other = world.account(STUDENT_AND_STAFF).await.unwrap();
        let names = ["風早　かざす", "KAZAHAYA Kazasu", "風速　かざす"];
        assert_eq!(other.names, names, "{}", world.name);
        assert_eq!(other.language, Some(Language::English));
        assert!(world.account("nobody").await.is_none(), "{}", world.name);
    }
}

#[tokio::test]
async fn the_student_account_of_a_member_of_staff_is_known() {
    for world in worlds().await {
        for (account, kind, student) in [
            (
                STAFF_AND_STUDENT,
                AccountKind::Staff,
                Some(STUDENT_AND_STAFF),
            ),
            (STAFF, AccountKind::Staff, None),
            (STUDENT_AND_STAFF, AccountKind::Student, None),
        ] {
            let found = world.account(account).await.unwrap();
            assert_eq!(found.kind, kind, "{}: {account}", world.name);
            assert_eq!(
                found.student_account,
                student.map(id),
                "{}: {account}",
                world.name
            );
        }
    }
}

#[tokio::test]
async fn whoever_left_is_revoked_since_then_and_nothing_is_set_for_them() {
    for world in worlds().await {
        let left = world.account(LEFT).await.unwrap();
        let AccountState::Revoked { since: Some(since) } = left.state else {
            panic!("{}: {:?}", world.name, left.state);
        };
        let ago = now() - since;
        let expected = kazasu_demo::slapd::LEFT_BEFORE;
        assert!(
            (expected..expected + 60).contains(&ago),
            "{}: {ago}",
            world.name
        );
        let before = world.account_at(LEFT, since - 1).await.unwrap();
        assert_eq!(before.state, AccountState::Active, "{}", world.name);
        let refused = world.set_password(LEFT, "A", SECOND_PASSWORD).await;
        assert!(
            matches!(refused, Err(DirectoryError::NotActive)),
            "{}",
            world.name
        );
    }
}

#[tokio::test]
async fn a_password_that_was_set_works_and_the_one_before_does_not() {
    for world in worlds().await {
        assert!(world.accepts(STUDENT, FIRST_PASSWORD).await);
        world
            .set_password(STUDENT, "A", SECOND_PASSWORD)
            .await
            .unwrap();
        assert!(
            world.accepts(STUDENT, SECOND_PASSWORD).await,
            "{}",
            world.name
        );
        assert!(
            !world.accepts(STUDENT, FIRST_PASSWORD).await,
            "{}",
            world.name
        );
        assert!(world.accepts(STAFF, FIRST_PASSWORD).await, "nobody else's");
    }
}

#[tokio::test]
async fn the_same_change_twice_is_that_change() {
    for world in worlds().await {
        for _ in 0..2 {
            world
                .set_password(STUDENT, "A", SECOND_PASSWORD)
                .await
                .unwrap();
            assert!(
                world.accepts(STUDENT, SECOND_PASSWORD).await,
                "{}",
                world.name
            );
        }
        for _ in 0..2 {
            world.lock(STUDENT, "B").await.unwrap();
            let account = world.account(STUDENT).await.unwrap();
            assert_eq!(account.state, AccountState::Locked, "{}", world.name);
        }
    }
}

#[tokio::test]
async fn a_change_that_was_made_and_not_recorded_is_found_out() {
    use OperationKind::{Lock, Password};
    for world in worlds().await {
        let recorded_at = now();
        world
            .set_password(STUDENT, "A", SECOND_PASSWORD)
            .await
            .unwrap();
        world.lock(STAFF, "B").await.unwrap();
        for (operation_id, kind, account, at, outcome) in [
            ("A", Password, STUDENT, recorded_at, Outcome::Done),
            ("B", Lock, STAFF, recorded_at, Outcome::Done),
            // Long after what was changed: not that.
            ("C", Password, STUDENT, recorded_at + 3600, Outcome::NotDone),
            ("D", Lock, STUDENT, recorded_at, Outcome::NotDone),
        ] {
            let asked = operation(operation_id, kind, account, at);
            let found = world.directory.outcome(&asked, at + 3600).await.unwrap();
            assert_eq!(found, outcome, "{}: {operation_id}", world.name);
        }
    }
}

#[tokio::test]
async fn a_lock_makes_the_password_worthless_and_no_new_one_is_set() {
    for world in worlds().await {
        world.lock(STUDENT, "A").await.unwrap();
        assert!(
            !world.accepts(STUDENT, FIRST_PASSWORD).await,
            "{}",
            world.name
        );
        let account = world.account(STUDENT).await.unwrap();
        assert_eq!(account.state, AccountState::Locked, "{}", world.name);
        let refused = world.set_password(STUDENT, "B", SECOND_PASSWORD).await;
        assert!(
            matches!(refused, Err(DirectoryError::NotActive)),
            "{}",
            world.name
        );
        assert!(
            !world.accepts(STUDENT, SECOND_PASSWORD).await,
            "{}",
            world.name
        );
        assert!(world.accepts(STAFF, FIRST_PASSWORD).await, "nobody else's");
    }
}

#[tokio::test]
async fn nothing_is_changed_for_an_account_that_is_not_there() {
    for world in worlds().await {
        for refused in [
            world.set_password("nobody", "A", SECOND_PASSWORD).await,
            world.lock("nobody", "B").await,
        ] {
            assert!(
                matches!(refused, Err(DirectoryError::NoSuchAccount)),
                "{}",
                world.name
            );
        }
    }
}

#[tokio::test]
async fn a_directory_does_what_it_declares() {
    for world in worlds().await {
        world.directory.check().await.unwrap();
        let can = world.directory.capabilities();
        assert!(can.password && can.lock, "{}", world.name);
        let operation = OperationId::new("A");
        let issued = world
            .directory
            .issue_access_pass(&id(STUDENT), &operation, 600, now())
            .await;
        match issued {
            Ok(pass) => assert!(can.access_pass && world.accepts(STUDENT, pass.expose()).await),
            Err(error) => {
                assert!(!can.access_pass, "{}", world.name);
                assert!(matches!(error, DirectoryError::Refused(_)));
            }
        }
    }
}

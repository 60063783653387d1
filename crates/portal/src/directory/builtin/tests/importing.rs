//! Files of people, and what a terminal shows of them.

use super::*;
use crate::account::{AccountKind, AccountState};
use crate::directory::{Contact, KEPT_CONTACT};
use kazasu_service::page::Language;

/// When a contact became one that came with its account.
const FROM_THE_START: i64 = 0;

fn contact(address: &str, outside: bool, since: i64, until: Option<i64>) -> Contact {
    Contact {
        address: address.to_owned(),
        outside,
        since: Some(since),
        until,
    }
}

impl Tested {
    async fn import(&self, lines: &str, now: i64) -> Result<Imported, ImportError> {
        import(&self.store, lines, Some("univ.example"), now).await
    }

    async fn account(&self, account: &str, now: i64) -> Account {
        let found = self.directory.account(&id(account), now).await;
        found.unwrap().unwrap()
    }
}

#[tokio::test]
async fn an_account_is_as_its_line_describes_it() {
    let tested = directory(PEOPLE).await;
    let student = tested.account("0123456789", NOW).await;
    assert_eq!(student.kind, AccountKind::Student);
    assert_eq!(student.state, AccountState::Active);
    assert_eq!(student.names, ["見本　太郎", "MIHON Taro"]);
    assert_eq!(student.language, Some(Language::Japanese));
    assert_eq!(
        student.contacts,
        [
            contact("0123456789@univ.example", false, FROM_THE_START, None),
            contact("taro@mail.example", true, FROM_THE_START, None),
        ]
    );
    let staff = tested.account("staff1", NOW).await;
    assert_eq!(staff.kind, AccountKind::Staff);
    assert_eq!(staff.student_account, Some(id("0123456789")));
    assert_eq!((staff.language, staff.contacts), (None, Vec::new()));
    assert!(
        tested
            .directory
            .account(&id("nobody"), NOW)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn whoever_left_is_revoked_and_no_student_any_more() {
    let tested = directory(PEOPLE).await;
    let since = Some(LEAVES);
    let student = tested.account("0123456789", LEAVES).await;
    assert_eq!(student.state, AccountState::Revoked { since });
    let staff = tested.account("staff1", LEAVES).await;
    assert_eq!(staff.student_account, None);
}

#[tokio::test]
async fn importing_again_changes_what_is_different_and_nothing_else() {
    let tested = directory(PEOPLE).await;
    let before = tested.sign_in("first-Passw0rd", NOW).await.unwrap();
    let imported = tested.import(PEOPLE, NOW + 10).await.unwrap();
    let expected = Imported {
        added: 0,
        updated: 2,
    };
    assert_eq!(imported, expected);
    let student = tested.account("0123456789", NOW + 10).await;
    assert_eq!(student.contacts[0].since, Some(FROM_THE_START));
    // The password is the same, so nobody is signed out.
    let after = tested.sign_in("first-Passw0rd", NOW + 10).await.unwrap();
    assert_eq!(after.session_generation, before.session_generation);

    let changed = r#"{"account": "0123456789@univ.example", "kind": "student", "names": ["風早　かざす"], "password": "other-Passw0rd"}"#;
    tested.import(changed, NOW + 20).await.unwrap();
    let student = tested.account("0123456789", LEAVES).await;
    assert_eq!(student.names, ["風早　かざす"]);
    assert_eq!(student.state, AccountState::Active);
    assert_eq!(student.language, None);
    let after = tested.sign_in("other-Passw0rd", NOW + 20).await.unwrap();
    assert!(after.session_generation > before.session_generation);
    assert_eq!(tested.account("staff1", NOW).await.names, ["見本　太郎"]);
}

#[tokio::test]
async fn an_import_neither_unlocks_nor_forgets_a_password() {
    let tested = directory(PEOPLE).await;
    let line = r#"{"account": "0123456789", "kind": "student", "names": ["見本　太郎"]}"#;
    tested.import(line, NOW).await.unwrap();
    assert!(tested.sign_in("first-Passw0rd", NOW).await.is_ok());
    tested.lock("A").await.unwrap();
    tested.import(PEOPLE, NOW).await.unwrap();
    let refused = tested.sign_in("first-Passw0rd", NOW).await;
    assert!(matches!(refused, Err(SignInError::Locked)));
}

#[tokio::test]
async fn an_address_that_goes_is_remembered_a_while_and_one_that_comes_is_new() {
    let tested = directory(PEOPLE).await;
    let line = |address: &str| {
        format!(
            r#"{{"account": "0123456789", "kind": "student", "names": ["見本　太郎"], "contacts": [{{"address": "{address}", "outside": true}}]}}"#
        )
    };
    let new = "new@mail.example";
    tested.import(&line(new), NOW + 10).await.unwrap();
    let until = Some(NOW + 10);
    let contacts = [
        contact("0123456789@univ.example", false, FROM_THE_START, until),
        contact("taro@mail.example", true, FROM_THE_START, until),
        contact(new, true, NOW + 10, None),
    ];
    let now = NOW + 10 + KEPT_CONTACT;
    assert_eq!(
        tested.account("0123456789", now - 1).await.contacts,
        contacts
    );
    let later = tested.account("0123456789", now).await.contacts;
    assert_eq!(later, contacts[2..]);
    let old = "taro@mail.example";
    tested.import(&line(old), NOW + 20).await.unwrap();
    let found = tested.account("0123456789", NOW + 20).await.contacts;
    assert!(
        found.contains(&contact(old, true, NOW + 20, None)),
        "{found:?}"
    );
    assert!(found.contains(&contact(new, true, NOW + 10, Some(NOW + 20))));
}

#[tokio::test]
async fn a_file_with_mistakes_imports_nothing_and_names_them_all_without_quoting() {
    let tested = directory(PEOPLE).await;
    let lines = r#"
{"account": "fine", "kind": "staff", "names": ["s3cret"]}
{"account": "fine", "kind": "staff", "names": ["s3cret"]}
{"account": "s3 cret", "kind": "s3cret", "names": []}
{"account": "a", "kind": "staff", "names": [" "], "contacts": [{"address": "s3cret", "outside": true}], "language": "fr", "revoked_at": "2027-04-01", "password": ""}
{"account": "b", "kind": "student", "names": ["s3cret"], "student_account": "c"}
{"account": "d", "kind": "staff", "names": ["s3cret"], "pasword": "s3cret"}
{"account": "e", "kind": "staff", "names": ["s3cret"], "language": "s3cret
"#;
    let ImportError::Invalid(problems) = tested.import(lines, NOW).await.unwrap_err() else {
        panic!("it was the database");
    };
    let expected = [
        "line 3: the account has a line already",
        "line 4: account: is no account name",
        "line 4: kind: must be student or staff",
        "line 4: names: must be there, and none empty",
        "line 5: names: must be there, and none empty",
        "line 5: contacts: each address must be an e-mail address",
        "line 5: language: must be ja or en",
        "line 5: revoked_at: must be as in 2027-04-01T00:00:00+09:00",
        "line 5: password: must not be empty",
        "line 6: student_account: must be an account name, and is for staff",
        "line 7: is no account: reading ended at column 64",
        "line 8: is no account: reading ended at column 74",
    ];
    assert_eq!(problems, expected);
    assert!(!problems.concat().contains("s3cret"));
    let listed = list(&tested.store, NOW).await.unwrap();
    assert_eq!(listed.len(), 2);
}

#[tokio::test]
async fn the_documents_example_can_be_imported() {
    let tested = directory("").await;
    let doc = include_str!("../../../../../../docs/directories.md");
    let lines = doc.lines().filter(|line| line.starts_with("{\"account\""));
    let lines: Vec<&str> = lines.collect();
    let imported = tested.import(&lines.join("\n"), NOW).await.unwrap();
    let expected = Imported {
        added: 2,
        updated: 0,
    };
    assert_eq!(imported, expected);
}

#[tokio::test]
async fn a_terminal_shows_states_but_no_secret() {
    let tested = directory(PEOPLE).await;
    assert!(tested.sign_in("guess", NOW).await.is_err());
    tested.issue("A").await.unwrap();
    let listed = list(&tested.store, LEAVES).await.unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|a| (a.account.as_str(), a.kind, a.state))
        .collect();
    let expected = [
        ("0123456789", "student", "revoked"),
        ("staff1", "staff", "active"),
    ];
    assert_eq!(listed, expected);
    assert!(tested.sign_in("guess", NOW).await.is_err());
    let shown = show(&tested.store, &student(), LEAVES)
        .await
        .unwrap()
        .unwrap();
    let revoked = Some("2027-03-31T15:00:00Z".to_owned());
    assert_eq!((shown.state, &shown.revoked_since), ("revoked", &revoked));
    assert!(shown.has_password);
    assert_eq!(shown.failures, 1);
    let text = serde_json::to_string(&shown).unwrap();
    assert!(
        !text.contains("argon2") && text.contains("taro@mail.example"),
        "{text}"
    );
    assert_eq!(show(&tested.store, &id("nobody"), NOW).await.unwrap(), None);
}

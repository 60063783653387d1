//! What entries say, and what they cannot make the portal believe.

use crate::world::*;
use kazasu_demo::slapd::{PEOPLE_DN, Slapd};
use kazasu_portal::account::{AccountId, AccountState};
use kazasu_portal::directory::ldap::Ldap;
use kazasu_portal::directory::{
    Account, Directory as _, DirectoryError, OperationId, OperationKind, Outcome,
};
use kazasu_portal::{LdapSettings, Marker};

async fn account(settings: LdapSettings, account: &str) -> Result<Option<Account>, DirectoryError> {
    let directory = Ldap::new(settings).unwrap();
    directory.account(&id(account), now()).await
}

/// Adds an account under `parent` with lines of its own.
async fn add(slapd: &Slapd, account: &str, parent: &str, lines: &str) {
    let entry = format!(
        "dn: uid={account},{parent}\nobjectClass: inetOrgPerson\nobjectClass: universityAccount\n\
         uid: {account}\ncn: x\nsn: x\n{lines}"
    );
    slapd.change(&entry).await.unwrap();
}

#[tokio::test]
async fn what_is_written_in_an_entry_is_no_part_of_a_filter() {
    let slapd = Slapd::start().await.unwrap();
    for (number, person) in ["*", "P-000*", "x)(employeeType=student", "P-0002)(uid=*"]
        .iter()
        .enumerate()
    {
        let name = format!("s999{number}");
        let lines = format!("employeeType: staff\nemployeeNumber: {person}\n");
        add(&slapd, &name, PEOPLE_DN, &lines).await;
        let found = account(settings(&slapd), &name).await.unwrap().unwrap();
        assert_eq!(found.student_account, None, "{person}");
    }
    for text in [
        "*",
        "0123456789)(uid=*",
        "a\\2a",
        "uid=0123456789,ou=people",
    ] {
        assert_eq!(AccountId::parse(text, None), None, "{text}");
    }
    // Of what an account's name may have, nothing means anything to a server.
    for name in ["01234567.9", "0123456-89", "0123_56789", "012345678"] {
        assert!(account(settings(&slapd), name).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn two_entries_for_one_account_are_the_operators_affair() {
    let slapd = Slapd::start().await.unwrap();
    let old = format!("ou=old,{PEOPLE_DN}");
    let unit = format!("dn: {old}\nobjectClass: organizationalUnit\nou: old\n");
    slapd.change(&unit).await.unwrap();
    add(&slapd, STUDENT, &old, "employeeType: student\n").await;
    let found = account(settings(&slapd), STUDENT).await;
    assert!(matches!(found, Err(DirectoryError::Refused(_))));
}

#[tokio::test]
async fn an_account_of_neither_students_nor_staff_is_none_here() {
    let slapd = Slapd::start().await.unwrap();
    add(&slapd, "guest", PEOPLE_DN, "employeeType: guest\n").await;
    assert!(account(settings(&slapd), "guest").await.unwrap().is_none());
    let both = "employeeType: Staff\nemployeeType: Student\n";
    add(&slapd, "both", PEOPLE_DN, both).await;
    let found = account(settings(&slapd), "both").await.unwrap().unwrap();
    assert_eq!(found.kind.as_str(), "student");
}

#[tokio::test]
async fn the_students_account_of_whoever_graduated_is_none() {
    let slapd = Slapd::start().await.unwrap();
    let lines = "employeeType: staff\nemployeeNumber: P-0004\n";
    add(&slapd, "s4444444", PEOPLE_DN, lines).await;
    let found = account(settings(&slapd), "s4444444")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.student_account, None);
}

#[tokio::test]
async fn a_marker_says_that_an_account_is_revoked_but_not_since_when() {
    let slapd = Slapd::start().await.unwrap();
    let lines = "employeeType: staff\nemployeeType: retired\n";
    add(&slapd, "s5555555", PEOPLE_DN, lines).await;
    let mut settings = settings(&slapd);
    settings.attributes.inactive = Some(Marker {
        attribute: "EmployeeType".to_owned(),
        values: vec!["RETIRED".to_owned()],
    });
    let found = account(settings.clone(), "s5555555")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.state, AccountState::Revoked { since: None });
    let found = account(settings, STAFF).await.unwrap().unwrap();
    assert_eq!(found.state, AccountState::Active);
}

#[tokio::test]
async fn a_time_that_cannot_be_read_is_not_taken_for_none() {
    let slapd = Slapd::start().await.unwrap();
    let mut settings = settings(&slapd);
    settings.attributes.revoked_at = Some("employeeNumber".to_owned());
    let found = account(settings, STUDENT).await;
    assert!(matches!(found, Err(DirectoryError::Refused(_))));
}

#[tokio::test]
async fn a_password_against_the_servers_policy_is_refused_and_changes_nothing() {
    let world = ldap().await;
    let refused = world.set_password(STUDENT, "A", "Short-1").await;
    assert!(matches!(refused, Err(DirectoryError::PasswordRefused)));
    assert!(world.accepts(STUDENT, FIRST_PASSWORD).await);
    world
        .set_password(STUDENT, "B", SECOND_PASSWORD)
        .await
        .unwrap();
    assert!(world.accepts(STUDENT, SECOND_PASSWORD).await);
}

/// Sets an attribute of the server's password policy.
async fn policy(slapd: &Slapd, attribute: &str, value: &str) {
    let change = format!(
        "dn: cn=passwords,dc=univ,dc=example\nchangetype: modify\n\
         replace: {attribute}\n{attribute}: {value}\n"
    );
    slapd.change(&change).await.unwrap();
}

#[tokio::test]
async fn a_password_that_was_used_before_is_refused_where_the_server_remembers() {
    let world = ldap().await;
    policy(world.slapd(), "pwdInHistory", "3").await;
    world
        .set_password(STUDENT, "A", SECOND_PASSWORD)
        .await
        .unwrap();
    world
        .set_password(STUDENT, "B", "third-Passw0rd")
        .await
        .unwrap();
    let refused = world.set_password(STUDENT, "C", SECOND_PASSWORD).await;
    assert!(matches!(refused, Err(DirectoryError::PasswordRefused)));
    assert!(world.accepts(STUDENT, "third-Passw0rd").await);
}

#[tokio::test]
async fn where_no_other_password_would_do_either_nobody_is_asked_for_one() {
    let world = ldap().await;
    policy(world.slapd(), "pwdMinAge", "3600").await;
    world
        .set_password(STUDENT, "A", SECOND_PASSWORD)
        .await
        .unwrap();
    let refused = world.set_password(STUDENT, "B", "third-Passw0rd").await;
    assert!(
        matches!(refused, Err(DirectoryError::Refused(_))),
        "{refused:?}"
    );
    assert!(world.accepts(STUDENT, SECOND_PASSWORD).await);
}

/// Somebody objects to a recovery a moment ago, which is when it matters.
#[tokio::test]
async fn an_account_is_locked_also_where_the_policy_refuses_another_password() {
    let world = ldap().await;
    for (attribute, value) in [("pwdMinAge", "3600"), ("pwdMinLength", "41")] {
        world
            .set_password(STUDENT, "A", SECOND_PASSWORD)
            .await
            .unwrap();
        policy(world.slapd(), attribute, value).await;
        world.lock(STUDENT, "B").await.unwrap();
        let account = world.account(STUDENT).await.unwrap();
        assert_eq!(account.state, AccountState::Locked, "{attribute}");
        assert!(
            !world.accepts(STUDENT, SECOND_PASSWORD).await,
            "{attribute}"
        );
        let unlock = format!(
            "dn: uid={STUDENT},{PEOPLE_DN}\nchangetype: modify\ndelete: pwdAccountLockedTime\n"
        );
        world.slapd().change(&unlock).await.unwrap();
        policy(world.slapd(), attribute, "0").await;
    }
}

#[tokio::test]
async fn where_a_policy_refuses_and_there_is_no_mark_the_account_is_not_taken_for_locked() {
    let world = ldap().await;
    world
        .set_password(STUDENT, "A", SECOND_PASSWORD)
        .await
        .unwrap();
    policy(world.slapd(), "pwdMinAge", "3600").await;
    let mut settings = settings(world.slapd());
    settings.attributes.locked = None;
    let directory = Ldap::new(settings).unwrap();
    let lock = OperationId::new("B");
    let refused = directory.lock(&id(STUDENT), &lock, now()).await;
    assert!(
        matches!(refused, Err(DirectoryError::Refused(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn what_the_portal_may_not_do_is_the_operators_affair() {
    let slapd = Slapd::start().await.unwrap();
    let mut settings = settings(&slapd);
    let lock = settings.attributes.locked.as_mut().unwrap();
    // Readable, but not to be written by anybody.
    lock.attribute = "description".to_owned();
    let directory = Ldap::new(settings).unwrap();
    let operation_id = OperationId::new("A");
    let refused = directory.lock(&id(STUDENT), &operation_id, now()).await;
    assert!(
        matches!(refused, Err(DirectoryError::Refused(_))),
        "{refused:?}"
    );
    let asked = operation("A", OperationKind::Lock, STUDENT, now());
    let found = directory.outcome(&asked, now() + 3600).await;
    assert_eq!(found.unwrap(), Outcome::NotDone);
    assert!(!slapd.accepts(STUDENT, FIRST_PASSWORD).await.unwrap());
}

#[tokio::test]
async fn without_the_time_of_the_last_change_nobody_knows_whether_it_was_made() {
    let slapd = Slapd::start().await.unwrap();
    let mut settings = settings(&slapd);
    let at = now();
    let directory = Ldap::new(settings.clone()).unwrap();
    directory
        .set_password(
            &id(STUDENT),
            &OperationId::new("A"),
            &password(SECOND_PASSWORD),
            at,
        )
        .await
        .unwrap();
    let outcome = async |settings: &LdapSettings, kind, recorded_at| {
        let directory = Ldap::new(settings.clone()).unwrap();
        let asked = operation("A", kind, STUDENT, recorded_at);
        directory.outcome(&asked, at + 3600).await.unwrap()
    };
    use OperationKind::{AccessPass, Lock, Password};
    // The server's clock may be behind.
    assert_eq!(
        outcome(&settings, Password, at + 200).await,
        Outcome::Unknown
    );
    assert_eq!(
        outcome(&settings, Password, at + 400).await,
        Outcome::NotDone
    );
    settings.attributes.locked = None;
    assert_eq!(outcome(&settings, Lock, at).await, Outcome::Done);
    settings.attributes.password_changed_at = None;
    assert_eq!(outcome(&settings, Password, at).await, Outcome::Unknown);
    assert_eq!(outcome(&settings, Lock, at).await, Outcome::Unknown);
    assert_eq!(outcome(&settings, AccessPass, at).await, Outcome::NotDone);
}

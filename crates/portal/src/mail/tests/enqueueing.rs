//! What gets into the outbox, and what stays in it.

use super::*;
use kazasu_service::secret::{hash, length_prefixed};
use kazasu_service::store::SqlError;

#[tokio::test]
async fn nobody_is_told_the_same_twice() {
    let Some(office) = office("twice").await else {
        return;
    };
    let password = notice("O1", Kind::Password);
    let hanako = recipient("hanako@mihon.example");
    assert_eq!(office.enqueue(&password, &hanako).await, Enqueued::Waiting);
    assert_eq!(office.enqueue(&password, &hanako).await, Enqueued::Before);
    let same = recipient(" Hanako@Mihon.example ");
    assert_eq!(office.enqueue(&password, &same).await, Enqueued::Before);
    office.deliver().await;
    // What was sent is forgotten, but not that it was.
    assert_eq!(office.enqueue(&password, &hanako).await, Enqueued::Before);
    for (event, kind, address) in [
        ("O1", Kind::Frozen, "hanako@mihon.example"),
        ("O2", Kind::Password, "hanako@mihon.example"),
        ("O1", Kind::Password, "taro@mihon.example"),
    ] {
        let another = notice(event, kind);
        let enqueued = office.enqueue(&another, &recipient(address)).await;
        assert_eq!(enqueued, Enqueued::Waiting);
    }
    office.deliver().await;
    assert_eq!(office.received().len(), 4);
}

#[tokio::test]
async fn what_did_not_happen_is_told_to_nobody() {
    let Some(office) = office("rolled back").await else {
        return;
    };
    let failed = office.store.write(|c| {
        let whom = recipient("hanako@mihon.example");
        enqueue(c, &notice("O1", Kind::Password), &whom, &key(1), START)?;
        Err::<(), _>(SqlError::Kind)
    });
    assert!(failed.await.is_err());
    office.deliver().await;
    assert_eq!(office.received().len(), 0);
    office.tell("O1", "hanako@mihon.example").await;
}

#[tokio::test]
async fn a_contact_that_is_no_address_is_told_to_the_audit_and_stops_nothing() {
    let Some(office) = office("no address").await else {
        return;
    };
    let notice = notice("O1", Kind::Password);
    let enqueued = office.enqueue(&notice, &recipient("hanako at home")).await;
    assert_eq!(enqueued, Enqueued::NotAnAddress);
    let audited = office.audited().await;
    let event = r#"mail_given_up {"event":"O1","notice":"password","reason":"not_an_address"}"#;
    assert_eq!(audited, [event]);
    assert_eq!(office.waiting().await, 0);
}

/// Every column that holds text, of every row.
async fn rows(office: &Office) -> String {
    let rows = office.store.read(|c| {
        let text = "SELECT id, event, kind, coalesce(recipient, '-') AS recipient,
                           coalesce(language, '-') AS language, coalesce(details, '-') AS details,
                           state, coalesce(reason, '-') AS reason FROM mails";
        c.query(text, &[], |row| {
            let columns = [
                "id",
                "event",
                "kind",
                "recipient",
                "language",
                "details",
                "state",
                "reason",
            ];
            let values: Result<Vec<String>, _> = columns.iter().map(|c| row.get(c)).collect();
            Ok(values?.join(" "))
        })
    });
    rows.await.unwrap().join("\n")
}

#[tokio::test]
async fn what_was_sent_or_given_up_names_nobody_any_more() {
    let Some(office) = office("erased").await else {
        return;
    };
    office.tell("O1", "hanako@mihon.example").await;
    office.tell("O2", "taro@elsewhere.example").await;
    let refused = kazasu_demo::smtp::Behaviour::RefuseRecipient(
        Some("taro@elsewhere.example"),
        "550 5.1.1 No such user: taro@elsewhere.example",
    );
    office.smtp.behave(refused).unwrap();
    let before = rows(&office).await;
    assert!(before.contains("hanako@mihon.example") && before.contains("T0ken"));
    office.deliver().await;
    let after = rows(&office).await;
    assert!(after.contains("sent") && after.contains("given_up"));
    for secret in ["hanako", "taro", "mihon", "T0ken", "Firefox"] {
        assert!(!after.contains(secret), "{after}");
    }
    let audited = office.audited().await.join("\n");
    assert!(!audited.contains("taro"), "{audited}");
    // Nor does a row tell that it was for the same person as another.
    office.tell("O3", "hanako@mihon.example").await;
    let hashes = office.store.read(|c| {
        let text = "SELECT count(DISTINCT recipient_hash) AS number FROM mails";
        c.optional(text, &[], |row| row.get::<i64>("number"))
    });
    assert_eq!(hashes.await.unwrap(), Some(3));
}

#[tokio::test]
async fn after_a_while_even_that_something_was_sent_is_forgotten() {
    let Some(office) = office("forgotten").await else {
        return;
    };
    office.tell("O1", "hanako@mihon.example").await;
    office.deliver().await;
    office.wait(30 * DAY);
    office.tell("O2", "hanako@mihon.example").await;
    office
        .smtp
        .behave(kazasu_demo::smtp::Behaviour::RefuseRecipient(
            None,
            "450 Later",
        ))
        .unwrap();
    office.deliver().await;
    assert!(rows(&office).await.contains("O1"));
    office.wait(1);
    office.deliver().await;
    let kept = rows(&office).await;
    assert!(!kept.contains("O1") && kept.contains("O2"), "{kept}");
}

/// Few addresses are possible: whoever has the database must not find out by trying them.
#[tokio::test]
async fn whom_a_row_was_for_cannot_be_found_out_without_the_key() {
    let (store, _folder) = store().await;
    let notice = notice("O1", Kind::Password);
    let enqueued = store.write(move |c| {
        let told = recipient("hanako@mihon.example");
        for seed in [1, 1, 2] {
            enqueue(c, &notice, &told, &key(seed), START)?;
        }
        let marks = "SELECT recipient_hash FROM mails";
        c.query(marks, &[], |row| row.get::<Vec<u8>>("recipient_hash"))
    });
    let marks = enqueued.await.unwrap();
    // Another key is another mark, where the same one would have been known.
    assert_eq!(marks.len(), 2);
    let address = length_prefixed(&[b"O1", b"hanako@mihon.example"]);
    assert!(!marks.contains(&hash(address).to_vec()));
}

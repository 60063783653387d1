//! A person is forgotten.

use crate::site::{done, ppids, refused};
use kazasu_tests::database::Rows;
use kazasu_tests::world::World;

#[tokio::test]
async fn an_erased_persons_card_is_somebody_new_and_nothing_returns() {
    let world = World::start().await.unwrap();
    let before = ppids(&world).await;
    let folder = world.folder.path();
    let rows = || Rows::read(&world.verifier.database, folder).unwrap();
    let old = rows();

    let arguments = |party, sub| ["erase", "--relying-party", party, "--sub", sub];
    let said = refused(folder, &arguments("library", &before[0])).await;
    assert!(said.contains("nobody has this PPID at library"), "{said}");
    let said = refused(folder, &arguments("nobody", &before[0])).await;
    assert!(said.contains("no relying party \"nobody\""), "{said}");
    assert_eq!(rows().of("credentials"), old.of("credentials"));
    done(folder, &arguments("portal", &before[0])).await;
    for table in [
        "subjects",
        "credentials",
        "transactions",
        "codes",
        "revocation_answers",
    ] {
        assert!(rows().of(table).is_empty(), "{table}");
    }
    let events = rows();
    let mut events = events.of("audit_events").iter();
    let event = events
        .find(|event| event.contains("subject_erased"))
        .unwrap();
    assert!(event.contains("details={}"), "{event}");

    let after = ppids(&world).await;
    assert!(
        before.iter().all(|ppid| !after.contains(ppid)),
        "the PPID returned"
    );
    let new = rows();
    assert_eq!(new.of("credentials").len(), 1);
    assert!(
        old.of("subjects")
            .iter()
            .all(|row| !new.of("subjects").contains(row))
    );
    let said = refused(folder, &arguments("portal", &before[0])).await;
    assert!(said.contains("nobody has this PPID at portal"), "{said}");
}

//! That a database written by an earlier version loses nothing.

use super::{MIGRATIONS, open};
use kazasu_demo::postgres::test_database;
use kazasu_service::store::{Connection, Location, Schema, SqlError, Store};
use kazasu_service::values;

/// Rows as version 1 wrote them: a person, a card, and what happened.
fn write_version_1(c: &mut Connection<'_>) -> Result<(), SqlError> {
    c.execute(
        "INSERT INTO subjects (id, pairwise_version, lineage_broken, created_at)
         VALUES (?1, 1, 0, 5)",
        values![[1; 16]],
    )?;
    c.execute(
        "INSERT INTO credentials (credential_index, subject, created_at) VALUES (?1, ?2, 5)",
        values![[2; 32], [1; 16]],
    )?;
    c.execute(
        "INSERT INTO revoked_credentials (credential_index, seen_at) VALUES (?1, 6)",
        values![[3; 32]],
    )?;
    c.execute(
        "INSERT INTO events (at, kind, transaction_id, relying_party, purpose, mode, reason)
         VALUES (7, 'refused', 'T', 'portal', 'link', 'same-phone', 'certificate_revoked')",
        &[],
    )?;
    c.execute(
        "INSERT INTO events (at, kind, transaction_id, relying_party, purpose, mode, reason)
         VALUES (8, 'rejected', 'U', 'portal', 'view', NULL, NULL)",
        &[],
    )?;
    Ok(())
}

#[tokio::test]
async fn a_database_of_the_first_version_keeps_its_people_and_its_events() {
    let folder = tempfile::tempdir().unwrap();
    let text = test_database().await.unwrap();
    let location = Location::parse(&text, folder.path()).unwrap();
    let first = Store::open(&location, &MIGRATIONS[..1], Schema::Migrate).unwrap();
    first.write(write_version_1).await.unwrap();
    drop(first);
    let store = open(&location, Schema::Migrate).unwrap();
    let subject = store.read(|c| super::subjects::of_credential(c, &[2; 32]));
    assert_eq!(subject.await.unwrap(), Some([1; 16]));
    let revoked = store.read(|c| super::subjects::is_revoked(c, &[3; 32]));
    assert!(revoked.await.unwrap());
    let events = store.read(|c| {
        c.query(
            "SELECT at, kind, details FROM audit_events ORDER BY sequence",
            &[],
            |row| Ok((row.get("at")?, row.get("kind")?, row.get("details")?)),
        )
    });
    let events: Vec<(i64, String, String)> = events.await.unwrap();
    let text = |text: &str| text.to_owned();
    assert_eq!(
        events,
        [
            (
                7,
                text("refused"),
                text(
                    "{\"transaction\":\"T\",\"relying_party\":\"portal\",\"purpose\":\"link\",\"mode\":\"same-phone\",\"reason\":\"certificate_revoked\"}"
                )
            ),
            (
                8,
                text("rejected"),
                text("{\"transaction\":\"U\",\"relying_party\":\"portal\",\"purpose\":\"view\"}")
            ),
        ]
    );
}

#[tokio::test]
async fn a_database_that_is_not_up_to_date_is_only_opened_to_migrate_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = test_database().await.unwrap();
    let location = Location::parse(&text, folder.path()).unwrap();
    drop(Store::open(&location, &MIGRATIONS[..1], Schema::Migrate).unwrap());
    assert!(open(&location, Schema::Check).is_err());
    drop(open(&location, Schema::Migrate).unwrap());
    drop(open(&location, Schema::Check).unwrap());
}

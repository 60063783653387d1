use super::*;
use crate::keys::KeyMismatch;
use crate::store::fixture::empty_store;
use crate::store::nodes::{NodeId, ended, known, register, running, seen};
use kazasu_service::store::Store;

const NODE: NodeId = [1; 16];

fn check(kind: KeyKind, version: u32, value: u8) -> KeyCheck {
    KeyCheck {
        kind,
        version,
        value: [value; 32],
    }
}

fn index(version: u32) -> KeyCheck {
    check(KeyKind::Index, version, version as u8)
}

async fn start(store: &Store, checks: &[KeyCheck]) -> Result<(), KeyMismatch> {
    let checks = checks.to_vec();
    let registered = store.write(move |c| register(c, &checks, None, 0)).await;
    registered.unwrap()
}

/// Stores `count` credentials of one subject, and half of them also as revoked.
async fn fill(store: &Store, count: u32) {
    let filled = store.write(move |c| {
        c.execute(
            "INSERT INTO subjects (id, pairwise_version, lineage_broken, created_at) VALUES (?1, 1, 0, 0)",
            values![[7_u8; 16]],
        )?;
        for number in 0..count {
            let index = stored(number);
            c.execute(
                "INSERT INTO credentials (credential_index, subject, created_at) VALUES (?1, ?2, 0)",
                values![index, [7_u8; 16]],
            )?;
            if number % 2 == 0 {
                c.execute(
                    "INSERT INTO revoked_credentials (credential_index, seen_at) VALUES (?1, 0)",
                    values![index],
                )?;
            }
        }
        Ok(())
    });
    filled.await.unwrap();
}

fn stored(number: u32) -> CredentialIndex {
    kazasu_service::secret::hash(number.to_be_bytes())
}

fn wrap(index: &CredentialIndex) -> Result<CredentialIndex, KeyFailure> {
    Ok(kazasu_service::secret::hash(index))
}

async fn indexes(store: &Store) -> Vec<CredentialIndex> {
    let read = store.read(|c| {
        c.query(
            "SELECT credential_index FROM credentials
             UNION ALL SELECT credential_index FROM revoked_credentials",
            values![],
            |row| row.get("credential_index"),
        )
    });
    let mut all = read.await.unwrap();
    all.sort_unstable();
    all
}

#[tokio::test]
async fn every_stored_index_is_wrapped_once_and_nothing_is_left_behind() {
    let (store, _folder) = empty_store().await;
    start(&store, &[index(1)]).await.unwrap();
    let count = PAGE + 5;
    fill(&store, count).await;
    let mut expected: Vec<_> = indexes(&store).await;
    let wrapped = store.write(|c| rewrap(c, &index(2), &wrap, 0)).await;
    let Rewrapped::Done(done) = wrapped.unwrap() else {
        panic!("nobody runs");
    };
    assert_eq!(done, u64::from(count + count.div_ceil(2)));
    expected
        .iter_mut()
        .for_each(|index| *index = wrap(index).unwrap());
    expected.sort_unstable();
    assert_eq!(indexes(&store).await, expected);
    let left = store.read(|c| {
        c.query("SELECT old_index FROM rewrapped_indexes", values![], |_| {
            Ok(())
        })
    });
    assert!(left.await.unwrap().is_empty());
    let again = store
        .write(|c| rewrap(c, &index(2), &wrap, 0))
        .await
        .unwrap();
    assert!(matches!(again, Rewrapped::NotNext));
    assert_eq!(indexes(&store).await, expected);
    start(&store, &[index(1), index(2)]).await.unwrap();
    assert_eq!(
        start(&store, &[index(1)]).await,
        Err(KeyMismatch::Missing {
            kind: KeyKind::Index,
            version: 2
        })
    );
}

#[tokio::test]
async fn a_key_that_fails_half_way_changes_nothing() {
    let (store, _folder) = empty_store().await;
    start(&store, &[index(1)]).await.unwrap();
    fill(&store, 20).await;
    let before = indexes(&store).await;
    let last = *before.last().unwrap();
    let fails = move |index: &CredentialIndex| match *index == last {
        true => Err(KeyFailure::Refused),
        false => wrap(index),
    };
    let failed = store.write(move |c| rewrap(c, &index(2), &fails, 0)).await;
    assert!(matches!(failed.unwrap(), Rewrapped::Failed(_)));
    assert_eq!(indexes(&store).await, before);
    let next = store.write(|c| rewrap(c, &index(2), &wrap, 0)).await;
    assert!(matches!(next.unwrap(), Rewrapped::Done(_)));
}

#[tokio::test]
async fn nothing_is_rewrapped_while_a_verifier_may_run() {
    let (store, _folder) = empty_store().await;
    let checks = [index(1)];
    let started = store.write(move |c| register(c, &checks, Some(&NODE), 100));
    started.await.unwrap().unwrap();
    let at = async |now| {
        let tried = store.write(move |c| rewrap(c, &index(2), &wrap, now)).await;
        matches!(tried.unwrap(), Rewrapped::Done(_))
    };
    assert!(!at(129).await);
    store.write(|c| seen(c, &NODE, 120)).await.unwrap();
    assert!(!at(149).await);
    store.write(|c| ended(c, &NODE, 140)).await.unwrap();
    assert_eq!(store.read(|c| running(c, 140)).await.unwrap(), None);
    assert!(at(140).await);
}

#[tokio::test]
async fn only_the_keys_of_a_database_start_on_it() {
    let (store, _folder) = empty_store().await;
    let pairwise = |version, value| check(KeyKind::Pairwise, version, value);
    start(&store, &[index(1), index(2), pairwise(1, 1)])
        .await
        .unwrap();
    let ours = [index(1), index(2), pairwise(1, 1)];
    start(&store, &ours).await.unwrap();
    let other = [index(1), index(2), pairwise(1, 9)];
    let (kind, version) = (KeyKind::Pairwise, 1);
    let refused = start(&store, &other).await;
    assert_eq!(refused, Err(KeyMismatch::Other { kind, version }));
    let refused = start(&store, &ours[..2]).await;
    assert_eq!(refused, Err(KeyMismatch::Missing { kind, version }));
    let one_more = [index(1), index(2), index(3), pairwise(1, 1)];
    let refused = start(&store, &one_more).await;
    assert_eq!(refused, Err(KeyMismatch::NotApplied { version: 3 }));
    let rotated = [index(1), index(2), pairwise(1, 1), pairwise(2, 2)];
    start(&store, &rotated).await.unwrap();
    assert_eq!(store.read(known).await.unwrap(), rotated);
    let refused = start(&store, &ours).await;
    assert_eq!(refused, Err(KeyMismatch::Missing { kind, version: 2 }));
}

/// A table that is forgotten here would lose its people at the next rotation.
#[tokio::test]
async fn every_column_with_credential_indexes_is_rewrapped() {
    let (store, _folder) = empty_store().await;
    let tables = match store.engine() {
        Engine::Sqlite => {
            "SELECT t.name AS name FROM sqlite_schema t, pragma_table_info(t.name) c
             WHERE t.type = 'table' AND c.name = 'credential_index' ORDER BY t.name"
        }
        Engine::Postgres => {
            "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.columns
             WHERE column_name = 'credential_index' ORDER BY table_name"
        }
    };
    let read = store.read(move |c| c.query(tables, values![], |row| row.get::<String>("name")));
    assert_eq!(read.await.unwrap(), COLUMNS.map(|(table, _, _)| table));
}

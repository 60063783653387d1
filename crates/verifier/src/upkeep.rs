//! What an operator does to the database with the keys at hand.

use crate::keys::{KeyFailure, KeyKind, KeyMismatch, KeyStore, Keys, KeysError};
use crate::ppid::{SubjectId, ppid};
use crate::settings::Settings;
use crate::store::rewrap::{Rewrapped, rewrap};
use crate::store::{erasure, nodes, publication};
use kazasu_service::store::{Store, StoreError};
use std::sync::Arc;

/// Subjects looked at between two reads.
const PAGE: u32 = 500;

const CHECKING: &str = "computing check values does not panic";

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpkeepError {
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] StoreError),
    /// The keys cannot be loaded or changed.
    #[error("the keys cannot be used")]
    Keys(#[from] KeysError),
    /// A key cannot be used.
    #[error("a key cannot be used")]
    Key(#[source] KeyUse),
    /// Keys and database do not belong together.
    #[error(transparent)]
    Mismatch(#[from] KeyMismatch),
    /// A verifier runs on the database, or did seconds ago.
    #[error(
        "a verifier runs on this database, or did {ago} seconds ago: stop all, or wait half a minute"
    )]
    Running {
        /// Seconds since it was last seen.
        ago: i64,
    },
    /// Somebody else is rewrapping.
    #[error("another rewrap came first")]
    Overtaken,
    /// The settings have no such relying party.
    #[error("there is no relying party {id:?} in the configuration")]
    UnknownRelyingParty {
        /// Which was asked for.
        id: String,
    },
}

/// A key that could not be used; what the token said is the source.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct KeyUse(KeyFailure);

impl From<KeyFailure> for UpkeepError {
    fn from(failure: KeyFailure) -> Self {
        Self::Key(KeyUse(failure))
    }
}

/// A verifier starts: compares its keys with the database, which learns that it runs and what it
/// publishes. Returns the keys, each signing when it may.
pub(crate) async fn start(
    store: &Store,
    keys: Keys,
    node: nodes::NodeId,
    now: i64,
) -> Result<Keys, UpkeepError> {
    let computed = tokio::task::spawn_blocking(move || (keys.checks(), keys));
    let (checks, mut keys) = computed.await.expect(CHECKING);
    let checks = checks?;
    let kids: Vec<_> = keys.signing().iter().map(|key| key.kid.clone()).collect();
    let started = store.write(
        move |c| match nodes::register(c, &checks, Some(&node), now)? {
            Ok(()) => Ok(Ok(publication::publish(c, &kids, now)?)),
            Err(mismatch) => Ok(Err(mismatch)),
        },
    );
    keys.wait_until_seen(&started.await??, now);
    Ok(keys)
}

/// Compares keys with the database: everything here does.
async fn compare(store: &Store, keys: &Arc<Keys>, now: i64) -> Result<(), UpkeepError> {
    let ours = keys.clone();
    let checks = tokio::task::spawn_blocking(move || ours.checks());
    let checks = checks.await.expect(CHECKING)?;
    let compared = store
        .write(move |c| nodes::register(c, &checks, None, now))
        .await?;
    Ok(compared?)
}

/// Adds an index key and wraps every stored index with it, or finishes what a crash or a key added
/// by hand left to do. Every PPID stays. Returns how many stored indexes there are.
///
/// # Errors
/// [`UpkeepError`]; then the database is as it was. A key that was added already stays, verifiers
/// refuse to start, and calling again goes on.
pub async fn rewrap_index(settings: &Settings, now: i64) -> Result<u64, UpkeepError> {
    let store = crate::store::open(&settings.database, settings.schema)?;
    require_nobody(&store, now).await?;
    let mut keys = Arc::new(Keys::load(&settings.keys)?);
    if let Err(version) = not_applied(compare(&store, &keys, now).await)? {
        return apply(&store, &keys, version, now).await;
    }
    let added = KeyStore::open(&settings.keys)?.rotate(KeyKind::Index, 0)?;
    keys = Arc::new(Keys::load(&settings.keys)?);
    apply(&store, &keys, added.version, now).await
}

/// Index keys from `version` on, one after the other.
async fn apply(
    store: &Store,
    keys: &Arc<Keys>,
    mut version: u32,
    now: i64,
) -> Result<u64, UpkeepError> {
    loop {
        let ours = keys.clone();
        let wrapped = store
            .write(move |c| {
                let check = match ours.index_check(version) {
                    Ok(check) => check,
                    Err(failure) => return Ok(Rewrapped::Failed(failure)),
                };
                rewrap(c, &check, &|index| ours.wrap(version, index), now)
            })
            .await?;
        let count = match wrapped {
            Rewrapped::Done(count) => count,
            Rewrapped::Running(seen_at) => {
                return Err(UpkeepError::Running { ago: now - seen_at });
            }
            Rewrapped::NotNext => return Err(UpkeepError::Overtaken),
            Rewrapped::Failed(failure) => return Err(failure.into()),
        };
        match not_applied(compare(store, keys, now).await)? {
            Ok(()) => return Ok(count),
            Err(next) => version = next,
        }
    }
}

/// The index key that still has to be applied, if that is all that is wrong.
fn not_applied(registered: Result<(), UpkeepError>) -> Result<Result<(), u32>, UpkeepError> {
    match registered {
        Ok(()) => Ok(Ok(())),
        Err(UpkeepError::Mismatch(KeyMismatch::NotApplied { version })) => Ok(Err(version)),
        Err(error) => Err(error),
    }
}

async fn require_nobody(store: &Store, now: i64) -> Result<(), UpkeepError> {
    match store.read(move |c| nodes::running(c, now)).await? {
        None => Ok(()),
        Some(seen_at) => Err(UpkeepError::Running { ago: now - seen_at }),
    }
}

/// Forgets the person whom a relying party knows by this PPID: subject, credentials, transactions.
/// Their next tap makes them somebody new. `false` if there is no such person.
///
/// # Errors
/// [`UpkeepError`].
pub async fn erase(
    settings: &Settings,
    relying_party: &str,
    sub: &str,
    now: i64,
) -> Result<bool, UpkeepError> {
    let party = settings.relying_parties.get(relying_party);
    let party = party.ok_or_else(|| UpkeepError::UnknownRelyingParty {
        id: relying_party.to_owned(),
    })?;
    let store = crate::store::open(&settings.database, settings.schema)?;
    let keys = Arc::new(Keys::load(&settings.keys)?);
    compare(&store, &keys, now).await?;
    let Some(subject) = find(&store, &keys, &party.sector, sub).await? else {
        return Ok(false);
    };
    let erased = store
        .write(move |c| erasure::erase(c, &subject, now))
        .await?;
    // What was erased in SQLite stays readable in its log until then.
    store.empty_log()?;
    Ok(erased)
}

/// A PPID leads back to nobody, so every subject's is computed.
async fn find(
    store: &Store,
    keys: &Keys,
    sector: &str,
    sub: &str,
) -> Result<Option<SubjectId>, UpkeepError> {
    let mut last = Vec::new();
    loop {
        let subjects = store
            .read(move |c| erasure::subjects_after(c, &last, PAGE))
            .await?;
        let Some((end, _)) = subjects.last() else {
            return Ok(None);
        };
        last = end.to_vec();
        for (subject, version) in subjects {
            if ppid(keys, version, sector, &subject).await? == sub {
                return Ok(Some(subject));
            }
        }
    }
}

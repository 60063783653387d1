//! Sealing: soon after an event it is chained to all before it and the head is signed.

use super::chain::{Event, Head, NOTHING, head_message, seal_hash};
use super::export::Export;
use crate::store::{Connection, Row, SqlError, Store, StoreError};
use crate::values;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Events in one seal at most, so that sealing never keeps other writes waiting for long.
const BATCH: i64 = 100;

/// Heads exported at once.
const EXPORT_BATCH: i64 = 1000;

/// Signs with the audit key: Ed25519.
pub type Sign = Arc<dyn Fn(&[u8]) -> [u8; 64] + Send + Sync>;

/// Why events stay unsealed, or heads unexported, for now.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The database did not do it.
    #[error("events cannot be sealed")]
    Store(#[from] StoreError),
    /// The export cannot be written.
    #[error("audit heads cannot be exported to {path}")]
    Export {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// Seals the events of one database. Every node has one; for each seal one of them wins.
pub struct Sealer {
    sign: Sign,
    path: Option<PathBuf>,
    export: Arc<Mutex<Option<Export>>>,
}

impl Sealer {
    /// A sealer that signs heads with `sign` and appends them to the file `export`.
    pub fn new(sign: Sign, export: Option<PathBuf>) -> Self {
        Self {
            sign,
            path: export,
            export: Arc::default(),
        }
    }

    /// Seals what is not sealed and exports what is not exported, also what another node sealed
    /// or a crash left. Returns the newest head if this call made one.
    ///
    /// # Errors
    /// [`SealError`]; the next call tries again.
    pub async fn seal(&self, store: &Store, now: i64) -> Result<Option<Head>, SealError> {
        let mut newest = None;
        loop {
            let sign = self.sign.clone();
            let sealed = store.write(move |c| seal_some(c, now, &sign)).await?;
            let is_full = sealed.as_ref().is_some_and(|head| head.events == BATCH);
            newest = sealed.or(newest);
            if !is_full {
                break;
            }
        }
        if let Some(path) = &self.path {
            self.export_new(store, path).await?;
        }
        Ok(newest)
    }

    async fn export_new(&self, store: &Store, path: &Path) -> Result<(), SealError> {
        loop {
            let last = self.with_export(path, |export| Ok(export.last)).await?;
            let heads = store
                .read(move |c| heads_after(c, last, EXPORT_BATCH))
                .await?;
            if heads.is_empty() {
                return Ok(());
            }
            self.with_export(path, move |export| export.append(&heads))
                .await?;
        }
    }

    /// Waits for the disk, so elsewhere than where requests are served. After an error the file is
    /// opened anew, which takes away half a line.
    async fn with_export<T: Send + 'static>(
        &self,
        path: &Path,
        work: impl FnOnce(&mut Export) -> io::Result<T> + Send + 'static,
    ) -> Result<T, SealError> {
        let (slot, file) = (self.export.clone(), path.to_owned());
        let done = tokio::task::spawn_blocking(move || {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            let mut export = match slot.take() {
                Some(export) => export,
                None => Export::open(&file)?,
            };
            let done = work(&mut export)?;
            *slot = Some(export);
            Ok(done)
        });
        let done = done.await.expect("writing a file does not panic");
        done.map_err(|source| SealError::Export {
            path: path.into(),
            source,
        })
    }
}

/// One seal over the oldest unsealed events; `None` if there are none, or another node is at it.
fn seal_some(c: &mut Connection<'_>, now: i64, sign: &Sign) -> Result<Option<Head>, SqlError> {
    // In this order: a seal that another node adds after this look takes the number away.
    let last = c.optional(
        "SELECT number, hash FROM audit_seals ORDER BY number DESC LIMIT 1",
        &[],
        |row| Ok((row.get::<i64>("number")?, row.get::<[u8; 32]>("hash")?)),
    )?;
    let (last, previous) = last.unwrap_or((0, NOTHING));
    let number = last + 1;
    let waiting = c.optional(
        "SELECT sequence FROM audit_events WHERE seal IS NULL LIMIT 1",
        &[],
        |row| row.get::<i64>("sequence"),
    )?;
    if waiting.is_none() {
        return Ok(None);
    }
    let is_ours = c.execute(
        "INSERT INTO audit_seals (number, sealed_at, events, hash, signature)
         VALUES (?1, ?2, 0, ?3, ?3) ON CONFLICT (number) DO NOTHING",
        values![number, now, Vec::new()],
    )? == 1;
    if !is_ours {
        return Ok(None);
    }
    let mut events = c.query(
        "UPDATE audit_events SET seal = ?1 WHERE sequence IN
           (SELECT sequence FROM audit_events WHERE seal IS NULL ORDER BY sequence LIMIT ?2)
         RETURNING sequence, at, kind, details",
        values![number, BATCH],
        event,
    )?;
    events.sort_unstable_by_key(|event| event.sequence);
    let hash = seal_hash(&previous, number, now, &events);
    let head = Head {
        number,
        sealed_at: now,
        events: i64::try_from(events.len()).expect("one batch"),
        hash,
        signature: sign(&head_message(number, now, &hash)),
    };
    c.execute(
        "UPDATE audit_seals SET events = ?2, hash = ?3, signature = ?4 WHERE number = ?1",
        values![number, head.events, &head.hash, &head.signature],
    )?;
    Ok(Some(head))
}

/// Up to `limit` events after the sequence number `after`, in order.
///
/// # Errors
/// [`SqlError`].
pub fn events_after(
    c: &mut Connection<'_>,
    after: i64,
    limit: i64,
) -> Result<Vec<Event>, SqlError> {
    c.query(
        "SELECT sequence, at, kind, details FROM audit_events
         WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
        values![after, limit],
        event,
    )
}

pub(super) fn event(row: &Row<'_>) -> Result<Event, SqlError> {
    Ok(Event {
        sequence: row.get("sequence")?,
        at: row.get("at")?,
        kind: row.get("kind")?,
        details: row.get("details")?,
    })
}

/// Up to `limit` seals after `number`, in order.
pub(super) fn heads_after(
    c: &mut Connection<'_>,
    number: i64,
    limit: i64,
) -> Result<Vec<Head>, SqlError> {
    c.query(
        "SELECT number, sealed_at, events, hash, signature FROM audit_seals
         WHERE number > ?1 ORDER BY number LIMIT ?2",
        values![number, limit],
        |row| {
            Ok(Head {
                number: row.get("number")?,
                sealed_at: row.get("sealed_at")?,
                events: row.get("events")?,
                hash: row.get("hash")?,
                signature: row.get("signature")?,
            })
        },
    )
}

/// The newest seal.
///
/// # Errors
/// [`SqlError`].
pub fn newest(c: &mut Connection<'_>) -> Result<Option<Head>, SqlError> {
    let last = c.optional(
        "SELECT number FROM audit_seals ORDER BY number DESC LIMIT 1",
        &[],
        |row| row.get::<i64>("number"),
    )?;
    match last {
        None => Ok(None),
        Some(number) => Ok(heads_after(c, number - 1, 1)?.pop()),
    }
}

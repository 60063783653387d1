//! Looking whether the chain still says what was sealed.

use super::chain::{Head, NOTHING, seal_hash};
use super::export;
use super::seal::{event, heads_after, newest};
use crate::store::{Connection, SqlError, Store, StoreError};
use crate::values;
use std::io;
use std::path::Path;

/// Seals looked at in one read of the database.
const BATCH: i64 = 200;

/// Lines of an export compared in one read of the database.
const EXPORT_BATCH: usize = 1000;

/// Why nothing could be verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The database did not answer.
    #[error("the audit tables cannot be read")]
    Store(#[from] StoreError),
    /// The export cannot be read.
    #[error("the export cannot be read")]
    Export(#[from] io::Error),
}

/// What was looked at, and what was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Seals looked at.
    pub seals: u64,
    /// Events that they cover.
    pub events: u64,
    /// Lines of the export compared.
    pub exported: u64,
    /// The newest seal.
    pub head: Option<Head>,
    /// Events that no seal covers yet: a server that runs seals within a second or so.
    pub unsealed: u64,
    /// When the oldest of these happened, seconds since the Unix epoch.
    pub unsealed_since: Option<i64>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// Something that is not as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // the sentences say it
pub enum Finding {
    #[error("seal {seal}: {missing} of its events are gone")]
    Removed { seal: i64, missing: i64 },
    #[error("seal {seal}: {more} events were put in")]
    Inserted { seal: i64, more: i64 },
    #[error("seal {seal}: an event, their order, or the seal itself was changed")]
    Changed { seal: i64 },
    #[error("seal {seal}: none of the audit keys signed it")]
    Signature { seal: i64 },
    #[error("seal {seal} is gone")]
    SealRemoved { seal: i64 },
    #[error("{events} events name a seal that does not exist")]
    WithoutSeal { events: i64 },
    #[error("export, line {line}: is no head")]
    ExportLine { line: usize },
    #[error("export, line {line}: none of the audit keys signed it")]
    ExportSignature { line: usize },
    #[error("export, line {line}: seal {seal} is not in the database (any more)")]
    Lost { line: usize, seal: i64 },
    #[error("export, line {line}: seal {seal} is another one in the database")]
    Differs { line: usize, seal: i64 },
}

/// Computes the whole chain anew, checks every signature against the Ed25519 public `keys`, and
/// compares with an export, which shows what was cut off at the end.
///
/// # Errors
/// [`VerifyError`]: nothing is known then.
pub async fn verify(
    store: &Store,
    keys: &[[u8; 32]],
    export: Option<&Path>,
) -> Result<Report, VerifyError> {
    // What is sealed while this runs is looked at the next time.
    let head = store.read(newest).await?;
    let last = head.as_ref().map_or(0, |head| head.number);
    let mut report = Report {
        head,
        ..Report::default()
    };
    let mut number = 0;
    while number < last {
        for seal in store.read(move |c| seals(c, number, last)).await? {
            for gone in number + 1..seal.head.number {
                report.findings.push(Finding::SealRemoved { seal: gone });
            }
            number = seal.head.number;
            seal.check(&mut report, keys);
        }
    }
    let (without_seal, unsealed, since) = store.read(loose_ends).await?;
    if without_seal > 0 {
        let events = without_seal;
        report.findings.push(Finding::WithoutSeal { events });
    }
    report.unsealed = unsealed.unsigned_abs();
    report.unsealed_since = since;
    if let Some(path) = export {
        compare(&mut report, store, keys, path).await?;
    }
    Ok(report)
}

struct Seal {
    head: Head,
    events: i64,
    /// Of what is found; `None` where the seal before is gone, so that nobody can tell.
    hash: Option<[u8; 32]>,
}

impl Seal {
    fn check(&self, report: &mut Report, keys: &[[u8; 32]]) {
        let seal = self.head.number;
        report.seals += 1;
        report.events += self.events.unsigned_abs();
        let missing = self.head.events - self.events;
        if missing > 0 {
            report.findings.push(Finding::Removed { seal, missing });
        } else if missing < 0 {
            let more = -missing;
            report.findings.push(Finding::Inserted { seal, more });
        } else if self.hash.is_some_and(|hash| hash != self.head.hash) {
            report.findings.push(Finding::Changed { seal });
        }
        if !self.head.is_signed_by(keys) {
            report.findings.push(Finding::Signature { seal });
        }
    }
}

/// Seals after `number` up to `last`, at least one, with what is found of their events.
fn seals(c: &mut Connection<'_>, number: i64, last: i64) -> Result<Vec<Seal>, SqlError> {
    let mut before = heads_after(c, number - 1, 1)?
        .pop()
        .filter(|head| head.number == number)
        .map_or((0, NOTHING), |head| (head.number, head.hash));
    let mut found = Vec::new();
    for head in heads_after(c, number, BATCH)? {
        if head.number > last {
            break;
        }
        let events = c.query(
            "SELECT sequence, at, kind, details FROM audit_events WHERE seal = ?1
             ORDER BY sequence",
            values![head.number],
            event,
        )?;
        let follows = before.0 + 1 == head.number;
        let hash = seal_hash(&before.1, head.number, head.sealed_at, &events);
        before = (head.number, head.hash);
        found.push(Seal {
            head,
            events: i64::try_from(events.len()).expect("they are in memory"),
            hash: follows.then_some(hash),
        });
    }
    Ok(found)
}

/// Events that name no seal of the database; unsealed events, and when the oldest happened.
fn loose_ends(c: &mut Connection<'_>) -> Result<(i64, i64, Option<i64>), SqlError> {
    let count = |c: &mut Connection<'_>, sql| {
        let counted = c.optional(sql, &[], |row| {
            Ok((row.get::<i64>("events")?, row.get::<Option<i64>>("since")?))
        })?;
        Ok::<_, SqlError>(counted.unwrap_or_default())
    };
    let (without_seal, _) = count(
        c,
        "SELECT count(*) AS events, min(at) AS since FROM audit_events
         WHERE seal IS NOT NULL AND seal NOT IN (SELECT number FROM audit_seals)",
    )?;
    let (unsealed, since) = count(
        c,
        "SELECT count(*) AS events, min(at) AS since FROM audit_events WHERE seal IS NULL",
    )?;
    Ok((without_seal, unsealed, since))
}

async fn compare(
    report: &mut Report,
    store: &Store,
    keys: &[[u8; 32]],
    path: &Path,
) -> Result<(), VerifyError> {
    let mut heads = Vec::new();
    for entry in export::read(path)? {
        let (line, head) = entry?;
        report.exported += 1;
        match head {
            None => report.findings.push(Finding::ExportLine { line }),
            Some(head) if !head.is_signed_by(keys) => {
                report.findings.push(Finding::ExportSignature { line });
            }
            Some(head) => heads.push((line, head)),
        }
        if heads.len() == EXPORT_BATCH {
            let batch = std::mem::take(&mut heads);
            report
                .findings
                .extend(store.read(|c| differences(c, batch)).await?);
        }
    }
    report
        .findings
        .extend(store.read(|c| differences(c, heads)).await?);
    Ok(())
}

fn differences(
    c: &mut Connection<'_>,
    heads: Vec<(usize, Head)>,
) -> Result<Vec<Finding>, SqlError> {
    let mut found = Vec::new();
    for (line, head) in heads {
        let seal = head.number;
        let stored = heads_after(c, seal - 1, 1)?.pop();
        match stored.filter(|stored| stored.number == seal) {
            None => found.push(Finding::Lost { line, seal }),
            Some(stored) if stored.hash != head.hash => {
                found.push(Finding::Differs { line, seal });
            }
            Some(_) => {}
        }
    }
    Ok(found)
}

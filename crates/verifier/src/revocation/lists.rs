//! Revocation lists: fetched in the background, kept parsed in memory, and looked into at a tap.
//! OCSP answers cannot be fetched ahead like this: that would need serial numbers, which are not
//! kept.

use crate::app::App;
use crate::upstream::{Limits, UpstreamError};
use kazasu_assertion::revocation::{Judgement, RevocationError, RevocationList};
use kazasu_assertion::{TrustAnchors, ValidCertificate};
use reqwest::header::HeaderValue;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use url::Url;

/// How often the clock is compared with what is due.
const TICK: Duration = Duration::from_secs(1);

/// How many seconds to wait after a fetch before the next, also after one that failed.
const PAUSE: i64 = 60;

/// A list of a million entries has about this size; nobody waits for it.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(60),
    size: 32 * 1024 * 1024,
};

/// One list for each configured address.
pub(crate) struct Lists {
    slots: Vec<Slot>,
    refresh: i64,
}

struct Slot {
    url: Url,
    kept: Mutex<Kept>,
}

/// What a slot has.
#[derive(Default)]
struct Kept {
    list: Option<Arc<RevocationList>>,
    /// Of that list.
    tag: Option<HeaderValue>,
    /// When it was last asked for, whatever came of it.
    tried_at: Option<i64>,
    /// When the server last had this list for the newest.
    confirmed_at: i64,
}

/// Why a list that was fetched is not taken.
#[derive(Debug, thiserror::Error)]
enum ListError {
    #[error("the list cannot be fetched")]
    Fetch(#[from] UpstreamError),
    #[error("the list cannot be used")]
    Unusable(#[from] RevocationError),
    #[error("the list is older than the one at hand")]
    Older,
}

impl Lists {
    /// Nothing fetched yet.
    pub(crate) fn new(urls: &[Url], refresh: i64) -> Self {
        let slot = |url: &Url| Slot {
            url: url.clone(),
            kept: Mutex::default(),
        };
        Self {
            slots: urls.iter().map(slot).collect(),
            refresh,
        }
    }

    /// What the lists say of a certificate; `None` if no list in time is about it.
    pub(super) fn judge(&self, certificate: &ValidCertificate, now: i64) -> Option<Judgement> {
        let lists = self
            .slots
            .iter()
            .filter_map(|slot| slot.kept().list.clone());
        what_counts(lists.filter_map(|list| list.judge(certificate, now).ok()))
    }
}

/// Of what several lists say the newest, except that revoked is final.
fn what_counts(said: impl Iterator<Item = Judgement>) -> Option<Judgement> {
    said.max_by_key(|said| {
        let final_word = super::is_revoked(said.status);
        (final_word, said.this_update, said.status)
    })
}

impl Slot {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn refresh(&self, app: &App, now: i64) -> Result<(), ListError> {
        let tag = {
            let mut kept = self.kept();
            kept.tried_at = Some(now);
            kept.tag.clone()
        };
        let fetched = app.upstream.fetch(&self.url, tag.as_ref(), LIMITS).await?;
        let Some(document) = fetched else {
            self.kept().confirmed_at = now;
            return Ok(());
        };
        let anchors = app.anchors.clone();
        let list = parse(document.body, anchors, now).await?;
        let mut kept = self.kept();
        if kept.list.as_ref().is_some_and(|old| is_older(&list, old)) {
            return Err(ListError::Older);
        }
        app.revocation.measures.list_taken(&list);
        kept.list = Some(Arc::new(list));
        kept.tag = document.tag;
        kept.confirmed_at = now;
        Ok(())
    }
}

impl Kept {
    /// Whether to ask for the list now: `refresh` seconds after it was last known to be the newest,
    /// earlier where its nextUpdate comes near.
    fn is_due(&self, refresh: i64, now: i64) -> bool {
        let Some(tried_at) = self.tried_at else {
            return true;
        };
        if (tried_at..tried_at + PAUSE).contains(&now) {
            return false;
        }
        let Some(list) = &self.list else {
            return true;
        };
        let lifetime = list.next_update() - list.this_update();
        let ends_soon = now >= list.next_update() - lifetime / 4;
        let is_young = (self.confirmed_at..self.confirmed_at + refresh).contains(&now);
        ends_soon || !is_young
    }
}

/// A list of the same authority from before: a server that lags behind, or somebody in between who
/// would have a revocation forgotten.
fn is_older(new: &RevocationList, old: &RevocationList) -> bool {
    new.issuer_key_id() == old.issuer_key_id() && new.this_update() < old.this_update()
}

/// Reading a long list takes the processor for a while, so elsewhere than where requests are served.
async fn parse(
    body: Vec<u8>,
    anchors: TrustAnchors,
    now: i64,
) -> Result<RevocationList, RevocationError> {
    tokio::task::spawn_blocking(move || RevocationList::parse(&body, &anchors, now))
        .await
        .expect("reading a list does not panic")
}

/// Keeps every list fresh until dropped.
pub(crate) async fn keep_lists(app: Arc<App>) -> Infallible {
    let mut keepers = JoinSet::new();
    for number in 0..app.revocation.lists.slots.len() {
        keepers.spawn(keep(app.clone(), number));
    }
    // None of them ends.
    keepers.join_all().await;
    std::future::pending().await
}

async fn keep(app: Arc<App>, number: usize) {
    let (lists, measures) = (&app.revocation.lists, &app.revocation.measures);
    let slot = &lists.slots[number];
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        let now = app.now();
        let is_due = slot.kept().is_due(lists.refresh, now);
        if is_due {
            let fetched = slot.refresh(&app, now).await;
            measures.list_fetched(fetched.is_ok());
            if let Err(error) = fetched {
                let source = std::error::Error::source(&error);
                // Numbered as configured; an address may hold a password.
                tracing::warn!(list = number + 1, %error, source, "no newer revocation list");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_assertion::revocation::{RevocationReason, Status};

    #[test]
    fn of_several_lists_the_newest_counts_except_that_revoked_is_final() {
        let at = 0;
        let (good, hold) = (Status::Good, Status::OnHold { at });
        let reason = RevocationReason::KeyCompromise;
        let revoked = Status::Revoked { at, reason };
        for (said, expected) in [
            (vec![], None),
            (vec![(good, 1), (hold, 2)], Some((hold, 2))),
            (vec![(good, 2), (hold, 1)], Some((good, 2))),
            (vec![(hold, 1), (good, 1)], Some((hold, 1))),
            (vec![(good, 2), (revoked, 1)], Some((revoked, 1))),
        ] {
            let said = said.into_iter().map(|(status, this_update)| Judgement {
                status,
                this_update,
                fresh_until: None,
            });
            let came = what_counts(said);
            assert_eq!(came.map(|said| (said.status, said.this_update)), expected);
        }
    }

    #[test]
    fn a_list_that_is_not_there_is_asked_for_again_after_a_pause() {
        let mut kept = Kept::default();
        assert!(kept.is_due(3600, 1000));
        kept.tried_at = Some(1000);
        assert!(!kept.is_due(3600, 1000) && !kept.is_due(3600, 1000 + PAUSE - 1));
        assert!(kept.is_due(3600, 1000 + PAUSE));
        // A clock that was set back does not stop the asking.
        assert!(kept.is_due(3600, 999));
    }
}

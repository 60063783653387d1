//! Issuing a password or a temporary access pass, once for each time it is asked for.

use super::{LEASE, RENEW};
use crate::account::AccountId;
use crate::app::App;
use crate::directory::{DirectoryError, Operation, OperationId, OperationKind};
use crate::failure::Failure;
use crate::mail::Kind;
use crate::password::{AccessPass, Password};
use crate::store::operations::{self, OperationState, Recorded};
use crate::store::{freezes, links, turns};
use crate::telling::Event;
use kazasu_service::Clock;
use kazasu_service::audit::{self, Details};
use kazasu_service::secret::random_text;
use kazasu_service::store::{Connection, SqlError};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Seconds for which a second click of the same button still gets the first one's page: a browser
/// shows only what answers the last.
const SECOND_CLICK: i64 = 5;
/// After which no secret is in memory any more.
const WIPED: Duration = Duration::from_secs(SECOND_CLICK as u64);

/// What somebody asks for.
pub(crate) enum Wanted {
    /// This password, which was made here.
    Password(Password),
    /// This password, which they chose.
    ChosenPassword(Password),
    /// A temporary access pass.
    AccessPass,
}

/// What was issued, and to whom. The secret is in memory only, and only until it is shown.
pub(crate) struct Issued {
    pub(crate) account: AccountId,
    pub(crate) secret: IssuedSecret,
}

pub(crate) enum IssuedSecret {
    Password(Password),
    /// Its person knows it.
    ChosenPassword,
    AccessPass {
        pass: AccessPass,
        /// When it stops to work, in seconds since the Unix epoch.
        expires_at: i64,
    },
}

/// Why nothing was issued, or nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotIssued {
    /// It was asked for before in this procedure, and its secret was shown or is lost.
    AskedBefore,
    /// The account was recovered too often today.
    TooOften,
    /// The link or the account changed since the page was made.
    NotAllowed,
    /// The directory's own rules refuse the password.
    PasswordRefused,
    /// The directory went away in the middle: it will be found out.
    Uncertain,
    /// The directory did not do it, and nothing changed.
    Failed,
}

/// Who asks, where.
#[derive(Clone)]
pub(crate) struct Issue {
    pub(crate) procedure: String,
    pub(crate) account: AccountId,
    /// The link that allows it.
    pub(crate) link: String,
    /// Coarse description, for notices.
    pub(crate) browser: String,
}

type Outcome = Result<Arc<Issued>, NotIssued>;
/// Procedure and kind.
type Key = (String, &'static str);
/// What came of it, and when.
type Running = watch::Receiver<Option<(Outcome, i64)>>;

/// What is being issued now, or was a moment ago.
#[derive(Default)]
pub(crate) struct Issuing(Mutex<HashMap<Key, Running>>);

const NO_PANIC: &str = "nothing panics while it holds the lock";

impl Issuing {
    /// What this procedure is just being issued, or was a moment ago: a second click gets what the
    /// first one got. `None` if there was no first one, or it got nothing.
    pub(crate) async fn second_click(
        &self,
        procedure: &str,
        kind: OperationKind,
        clock: &Clock,
    ) -> Option<Arc<Issued>> {
        let key = (procedure.to_owned(), kind.as_str());
        let running = self.0.lock().expect(NO_PANIC).get(&key).cloned()?;
        let (outcome, at) = ended(running).await?;
        // The second click may have come long before the first one's end. Should the clock have been
        // set back since, it is not known how long ago that was.
        (at..=at + SECOND_CLICK).contains(&clock()).then_some(())?;
        outcome.ok()
    }

    /// The running attempt of this key, or a new one that has to be run.
    fn join(&self, key: &Key) -> Result<Running, watch::Sender<Option<(Outcome, i64)>>> {
        let mut all = self.0.lock().expect(NO_PANIC);
        if let Some(running) = all.get(key) {
            return Ok(running.clone());
        }
        let (sender, running) = watch::channel(None);
        all.insert(key.clone(), running);
        Err(sender)
    }
}

/// What came of an attempt; `None` if it panicked.
async fn ended(mut running: Running) -> Option<(Outcome, i64)> {
    let outcome = running.wait_for(Option::is_some).await.ok()?;
    outcome.clone()
}

/// Issues what is wanted. Whoever asks for the same again at the same time, as a double click does,
/// gets the same answer; whoever asks later gets [`NotIssued::AskedBefore`].
///
/// It goes on when the browser goes away, so that what is begun is also completed.
pub(crate) async fn issue(app: &Arc<App>, issue: Issue, wanted: Wanted) -> Outcome {
    let kind = match wanted {
        Wanted::Password(_) | Wanted::ChosenPassword(_) => OperationKind::Password,
        Wanted::AccessPass => OperationKind::AccessPass,
    };
    let key = (issue.procedure.clone(), kind.as_str());
    let running = match app.issuing.join(&key) {
        Ok(running) => running,
        Err(sender) => {
            let running = sender.subscribe();
            tokio::spawn(run(app.clone(), issue, kind, wanted, key, sender));
            running
        }
    };
    let ended = ended(running).await;
    ended.map_or(Err(NotIssued::Uncertain), |(outcome, _)| outcome)
}

async fn run(
    app: Arc<App>,
    issue: Issue,
    kind: OperationKind,
    wanted: Wanted,
    key: Key,
    sender: watch::Sender<Option<(Outcome, i64)>>,
) {
    let outcome = attempt(&app, issue, kind, wanted).await;
    let outcome = outcome.unwrap_or_else(|failure| {
        failure.log();
        // The database failed before the directory was asked: see `attempt`.
        Err(NotIssued::Failed)
    });
    let got_something = outcome.is_ok();
    sender.send_replace(Some((outcome, app.now())));
    // Whoever got nothing may try something else at once.
    if got_something {
        tokio::time::sleep(WIPED).await;
    }
    app.issuing.0.lock().expect(NO_PANIC).remove(&key);
}

/// Fails only as long as nothing is recorded.
async fn attempt(
    app: &Arc<App>,
    issue: Issue,
    kind: OperationKind,
    wanted: Wanted,
) -> Result<Outcome, Failure> {
    let now = app.now();
    let recorded = Recorded {
        operation: Operation {
            id: OperationId::new(random_text::<16>()),
            kind,
            account: issue.account,
            recorded_at: now,
        },
        link: Some(issue.link),
        procedure: Some(issue.procedure),
        browser: issue.browser,
        state: OperationState::Recorded,
    };
    let per_day = i64::from(app.settings.recovery.per_day);
    let (writing, lease) = (recorded.clone(), now + LEASE);
    let refused = app
        .store
        .write(move |c| record(c, &writing, per_day, lease, now))
        .await?;
    if let Some(refused) = refused {
        return Ok(Err(refused));
    }
    let operation = &recorded.operation;
    Ok(
        match change_under_lease(app, operation, wanted, now).await {
            Ok(issued) => {
                complete(app, &recorded, OperationState::Done).await;
                Ok(Arc::new(issued))
            }
            Err(DirectoryError::Unavailable(source)) => {
                tracing::warn!(%source, "the directory went away in the middle of an operation");
                renew(app, operation, 0).await;
                Err(NotIssued::Uncertain)
            }
            Err(error) => {
                complete(app, &recorded, OperationState::NotDone).await;
                Err(match error {
                    DirectoryError::PasswordRefused => NotIssued::PasswordRefused,
                    DirectoryError::NotActive | DirectoryError::NoSuchAccount => {
                        NotIssued::NotAllowed
                    }
                    other => {
                        Failure::from(other).log();
                        NotIssued::Failed
                    }
                })
            }
        },
    )
}

/// Records what is about to be asked for, if it still may be: the page that offered it is older.
fn record(
    c: &mut Connection<'_>,
    recorded: &Recorded,
    per_day: i64,
    leased_until: i64,
    now: i64,
) -> Result<Option<NotIssued>, SqlError> {
    let account = &recorded.operation.account;
    turns::take(c, account)?;
    let link = links::of_account(c, account)?;
    let is_usable =
        link.is_some_and(|link| Some(&link.id) == recorded.link.as_ref() && link.is_mature(now));
    if !is_usable || freezes::since(c, account)?.is_some() {
        return Ok(Some(NotIssued::NotAllowed));
    }
    let (today, _) = operations::recoveries_since(c, account, now - DAY)?;
    if today >= per_day {
        return Ok(Some(NotIssued::TooOften));
    }
    if !operations::record(c, recorded, leased_until)? {
        return Ok(Some(NotIssued::AskedBefore));
    }
    note(c, recorded, "recovery_asked", now)?;
    Ok(None)
}

/// Has the directory change it, and keeps others from taking it over meanwhile.
async fn change_under_lease(
    app: &App,
    operation: &Operation,
    wanted: Wanted,
    now: i64,
) -> Result<Issued, DirectoryError> {
    let mut change = std::pin::pin!(change(app, operation, wanted, now));
    loop {
        match tokio::time::timeout(RENEW, &mut change).await {
            Ok(changed) => return changed,
            Err(_) => renew(app, operation, LEASE).await,
        }
    }
}

/// Says that this node goes on with it for so many seconds.
async fn renew(app: &App, operation: &Operation, seconds: i64) {
    let (id, until) = (operation.id.clone(), app.now() + seconds);
    let renewed = app.store.write(move |c| operations::renew(c, &id, until));
    if let Err(error) = renewed.await {
        Failure::from(error).log();
    }
}

async fn change(
    app: &App,
    operation: &Operation,
    wanted: Wanted,
    now: i64,
) -> Result<Issued, DirectoryError> {
    let (Operation { id, account, .. }, directory) = (operation, &app.directory);
    let secret = match wanted {
        Wanted::Password(password) => {
            directory.set_password(account, id, &password, now).await?;
            IssuedSecret::Password(password)
        }
        Wanted::ChosenPassword(password) => {
            directory.set_password(account, id, &password, now).await?;
            IssuedSecret::ChosenPassword
        }
        Wanted::AccessPass => {
            let lifetime = app.settings.recovery.access_pass_lifetime;
            let pass = directory.issue_access_pass(account, id, lifetime, now);
            IssuedSecret::AccessPass {
                pass: pass.await?,
                expires_at: now + lifetime,
            }
        }
    };
    Ok(Issued {
        account: account.clone(),
        secret,
    })
}

/// Notes what became of it, and tells its person. Where that fails, whoever takes over does it: the
/// secret is shown all the same, or it would be lost.
async fn complete(app: &App, recorded: &Recorded, state: OperationState) {
    let (operation, teller, now) = (recorded.clone(), app.teller.clone(), app.now());
    let completed = app.store.write(move |c| {
        let recorded = operation;
        let operation = &recorded.operation;
        if !operations::finish(c, &operation.id, state, now)? {
            return Ok(false);
        }
        if state != OperationState::Done {
            note(c, &recorded, "recovery_failed", now)?;
            return Ok(true);
        }
        let kind = match operation.kind {
            OperationKind::Password => Kind::Password,
            OperationKind::AccessPass | OperationKind::Lock => Kind::AccessPass,
        };
        note(c, &recorded, "issued", now)?;
        teller.tell(c, &Event::of_operation(&recorded, kind), now)?;
        Ok(true)
    });
    match completed.await {
        Ok(true) => app.counted.operation(recorded, state),
        Ok(false) => {}
        Err(error) => {
            Failure::from(error).log();
        }
    }
}

/// Writes an audit event about an operation.
pub(crate) fn note(
    c: &mut Connection<'_>,
    recorded: &Recorded,
    what: &str,
    now: i64,
) -> Result<(), SqlError> {
    let details = Details::default()
        .with("operation", recorded.operation.id.as_str())
        .with("kind", recorded.operation.kind.as_str())
        .with("link", recorded.link.as_deref());
    audit::record(c, now, what, &details)
}

#[cfg(test)]
mod tests;

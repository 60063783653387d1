//! Finishing what a crash or an outage left.

use super::LEASE;
use super::issue::note;
use crate::app::App;
use crate::directory::{DirectoryError, OperationKind};
use crate::failure::Failure;
use crate::mail::Kind;
use crate::store::operations::{self, OperationState, Recorded};
use crate::telling::Event;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// How often somebody looks for operations that were left.
const LOOK: Duration = Duration::from_secs(2);

/// The audit event of an operation that was not made, as somebody else than who asked found out.
pub(crate) const NOT_DONE: &str = "operation_not_done";

/// Looks for operations that were left, for ever, and finishes them.
pub(crate) async fn keep_reconciling(app: Arc<App>) -> Infallible {
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        if let Err(failure) = reconcile(&app).await {
            failure.log();
        }
    }
}

/// Takes over what was left, and finishes it as far as the directory answers.
pub(crate) async fn reconcile(app: &App) -> Result<(), Failure> {
    let now = app.now();
    let left = app
        .store
        .write(move |c| operations::take_over(c, now + LEASE, now))
        .await?;
    for recorded in left {
        match outcome(app, &recorded).await {
            // The next look is after the lease.
            Ok(OperationState::Recorded) => {}
            Ok(state) => finish(app, recorded, state).await?,
            Err(error) => {
                tracing::warn!(%error, "an operation is not finished yet");
            }
        }
    }
    Ok(())
}

/// What became of it; [`OperationState::Recorded`] if that is not known for good yet.
async fn outcome(app: &App, recorded: &Recorded) -> Result<OperationState, DirectoryError> {
    let operation = &recorded.operation;
    if operation.kind != OperationKind::Lock {
        return Ok(app.directory.outcome(operation, app.now()).await?.into());
    }
    if !app.directory.capabilities().lock {
        return Ok(OperationState::NotDone);
    }
    // What was under way when somebody objected may arrive after the lock, and in some directories
    // undo it: then there is one more lock after that.
    let account = operation.account.clone();
    let others = app
        .store
        .read(move |c| operations::is_recovery_open(c, &account))
        .await?;
    // Locking twice is locking once, so it is done rather than asked about.
    let locked = app
        .directory
        .lock(&operation.account, &operation.id, app.now());
    match locked.await {
        Ok(()) | Err(DirectoryError::Settled) if others => Ok(OperationState::Recorded),
        Ok(()) | Err(DirectoryError::Settled) => Ok(OperationState::Done),
        Err(DirectoryError::NoSuchAccount | DirectoryError::NotActive) => {
            Ok(OperationState::NotDone)
        }
        // Once more would be refused once more, and perhaps undo what staff does at the counter.
        Err(DirectoryError::Refused(source)) => {
            tracing::error!(%source, operation = operation.id.as_str(),
                "the directory refused to lock an account that is on hold: lock it by hand");
            Ok(OperationState::NotDone)
        }
        Err(error) => Err(error),
    }
}

async fn finish(app: &App, recorded: Recorded, state: OperationState) -> Result<(), Failure> {
    let (teller, now) = (app.teller.clone(), app.now());
    let finishing = recorded.clone();
    let finished = app.store.write(move |c| {
        let recorded = finishing;
        if !operations::finish(c, &recorded.operation.id, state, now)? {
            return Ok(false);
        }
        let what = match state {
            OperationState::NotDone => NOT_DONE,
            _ => "operation_finished",
        };
        note(c, &recorded, what, now)?;
        // Whoever asked for it has perhaps never seen the secret.
        let kind = match recorded.operation.kind {
            _ if state == OperationState::NotDone => return Ok(true),
            OperationKind::Password => Kind::PasswordPerhaps,
            OperationKind::AccessPass => Kind::AccessPassPerhaps,
            OperationKind::Lock => return Ok(true),
        };
        teller.tell(c, &Event::of_operation(&recorded, kind), now)?;
        Ok(true)
    });
    if finished.await? {
        app.counted.operation(&recorded, state);
    }
    app.post.wake();
    Ok(())
}

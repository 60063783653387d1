//! What is done from time to time, and by operators: reading contacts anew, deleting what has had
//! its time, lifting a freeze.

use crate::account::AccountId;
use crate::app::App;
use crate::directory::DirectoryError;
use crate::directory::builtin;
use crate::failure::Failure;
use crate::link::EndedBecause;
use crate::operations::{NOT_DONE, note};
use crate::store::{contacts, freezes, holdings, links, operations, retention, turns};
use kazasu_service::audit::{self, Details};
use kazasu_service::store::{Store, StoreError};

/// Reads the contacts of linked accounts that were not read for long, so that a change is noticed
/// and prior contacts are known when somebody has to be told.
pub(crate) async fn refresh_contacts(app: &App) -> Result<(), Failure> {
    let now = app.now();
    let since = now - app.settings.retention.contacts_refresh;
    let accounts = app
        .store
        .read(move |c| contacts::not_looked_at_since(c, since))
        .await?;
    for id in accounts {
        let account = match app.directory.account(&id, now).await {
            Ok(account) => account,
            Err(DirectoryError::Unavailable(_)) => return Ok(()),
            Err(error) => {
                Failure::from(error).log();
                None
            }
        };
        let written = app.store.write(move |c| match &account {
            Some(account) => contacts::remember(c, &id, &account.contacts, account.language, now),
            None => contacts::looked_at(c, &id, now),
        });
        written.await?;
    }
    Ok(())
}

/// Counts what operators watch.
pub(crate) async fn count(app: &App) -> Result<(), Failure> {
    let holdings = app.store.read(holdings::count).await?;
    app.counted.holds(&holdings, app.now());
    Ok(())
}

/// Deletes what is no longer kept.
pub(crate) async fn purge(app: &App) -> Result<(), Failure> {
    let (lifetimes, retention, now) = (app.settings.lifetimes, app.settings.retention, app.now());
    let gone = app.store.write(move |c| {
        let kept_no_longer = retention::purge(c, &lifetimes, &retention, now)?;
        Ok(kept_no_longer + builtin::purge(c, now)?)
    });
    let gone = gone.await?;
    if gone > 0 {
        tracing::info!(rows = gone, "what is no longer kept was deleted");
    }
    Ok(())
}

/// Lets an account's procedures go on that its person had put on hold; the counter has made sure
/// who asks. `false` if it was not on hold.
///
/// # Errors
/// [`StoreError`].
pub async fn lift_freeze(store: &Store, account: AccountId, now: i64) -> Result<bool, StoreError> {
    store
        .write(move |c| {
            turns::take(c, &account)?;
            let Some(event) = freezes::lift(c, &account)? else {
                return Ok(false);
            };
            let details = Details::default().with("event", event.as_str());
            audit::record(c, now, "unfrozen", &details)?;
            // What was to be locked shall be used again: also where the lock was not made yet.
            for lock in operations::give_up_locks(c, &account, now)? {
                note(c, &lock, NOT_DONE, now)?;
            }
            Ok(true)
        })
        .await
}

/// Removes an account from the built-in directory, with its link: an account of the same name is
/// perhaps somebody else's one day. `false` if there is no such account.
///
/// # Errors
/// [`StoreError`].
pub async fn remove_account(
    store: &Store,
    account: AccountId,
    now: i64,
) -> Result<bool, StoreError> {
    store
        .write(move |c| {
            turns::take(c, &account)?;
            if !builtin::remove(c, &account)? {
                return Ok(false);
            }
            let link = links::of_account(c, &account)?;
            if let Some(link) = &link {
                links::end(c, &link.id, EndedBecause::AccountRemoved, now)?;
            }
            let details = Details::default().with("link", link.as_ref().map(|l| l.id.as_str()));
            audit::record(c, now, "account_removed", &details)?;
            Ok(true)
        })
        .await
}

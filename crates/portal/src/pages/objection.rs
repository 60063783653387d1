//! "This was not me": the link in a mail shows what happened; only the button freezes.

use super::refusal::{PageError, PageResult, Reason};
use super::visit::Visit;
use crate::directory::{Operation, OperationId, OperationKind};
use crate::link::EndedBecause;
use crate::mail::Kind;
use crate::store::freezes::{self, Told};
use crate::store::operations::{self, OperationState, Recorded};
use crate::store::{links, procedures, turns};
use crate::telling::{Event, Teller};
use askama::Template;
use axum::extract::Path;
use kazasu_service::audit::{self, Details};
use kazasu_service::page::Words;
use kazasu_service::page::{describe, redirect};
use kazasu_service::secret::{hash, random_text};
use kazasu_service::store::{Connection, SqlError};

#[derive(Template)]
#[template(path = "objection.html")]
struct Objection<'a> {
    words: Words<'a>,
    token: &'a str,
    what: String,
    at: String,
    browser: &'a str,
    account: &'a str,
    frozen: bool,
    support: Option<&'a str>,
}

/// Shows what a mail was about. Mail scanners follow links, so nothing happens here.
pub(super) async fn show(visit: Visit, Path(token): Path<String>) -> PageResult {
    let (told, frozen) = find(&visit, &token).await?;
    let words = visit.words();
    let body = Objection {
        words,
        token: &token,
        what: words.say(&format!("event-{}", told.kind)),
        at: visit.when(told.at),
        browser: &told.browser,
        account: told.account.as_str(),
        frozen,
        support: visit.support(),
    };
    let title = if frozen { "frozen" } else { "objection" };
    Ok(visit.show(title, &body))
}

async fn find(visit: &Visit, token: &str) -> Result<(Told, bool), PageError> {
    let (token_hash, now) = (hash(token), visit.now);
    let found = visit.app.store.read(move |c| {
        let Some(told) = freezes::told(c, &token_hash, now)? else {
            return Ok(None);
        };
        let frozen = freezes::since(c, &told.account)?.is_some();
        Ok(Some((told, frozen)))
    });
    let unknown = || PageError::refused(Reason::NoticeUnknown, "/");
    found.await?.ok_or_else(unknown)
}

/// Freezes the account. Only a member of staff lifts that.
pub(super) async fn freeze(visit: Visit, Path(token): Path<String>) -> PageResult {
    visit.require_own_form()?;
    let (told, frozen) = find(&visit, &token).await?;
    if !frozen {
        let (teller, now) = (visit.app.teller.clone(), visit.now);
        let browser = describe(&visit.headers);
        visit
            .app
            .store
            .write(move |c| freeze_account(c, &told, &browser, &teller, now))
            .await?;
    }
    // Safe in an address: the token was found.
    Ok(redirect(&format!("/notice/{token}")))
}

/// What was issued, sessions, a link that is still maturing, and a link that is objected to die with
/// it: lifting it later must not give the account back to whoever made that.
fn freeze_account(
    c: &mut Connection<'_>,
    told: &Told,
    browser: &str,
    teller: &Teller,
    now: i64,
) -> Result<(), SqlError> {
    let account = &told.account;
    turns::take(c, account)?;
    if !freezes::freeze(c, account, &told.event, now)? {
        return Ok(());
    }
    let link = links::of_account(c, account)?;
    if let Some(link) = &link
        && (!link.is_mature(now) || told.is_about(link))
    {
        links::end(c, &link.id, EndedBecause::Frozen, now)?;
    }
    procedures::end_of_person(c, account, link.as_ref().map(|link| link.ppid.as_str()))?;
    let lock = Recorded {
        operation: Operation {
            id: OperationId::new(random_text::<16>()),
            kind: OperationKind::Lock,
            account: account.clone(),
            recorded_at: now,
        },
        link: None,
        procedure: None,
        browser: browser.to_owned(),
        state: OperationState::Recorded,
    };
    // Due at once, for whoever finishes operations.
    operations::record(c, &lock, now)?;
    let details = Details::default()
        .with("operation", lock.operation.id.as_str())
        .with("event", told.event.as_str());
    audit::record(c, now, "frozen", &details)?;
    let event = Event {
        id: lock.operation.id.as_str().to_owned(),
        kind: Kind::Frozen,
        account: account.clone(),
        browser: browser.to_owned(),
        matures_at: None,
    };
    teller.tell(c, &event, now)
}

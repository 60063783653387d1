//! The tap page: choose how, show the ticket, take the digits, wait, go on. The URL names the
//! transaction, the cookie the browser; both are needed.

mod view;

use super::browser::Browser;
use super::front_door;
use super::problem::{Back, Kind, PageError, Refusal};
use crate::app::App;
use crate::failure::Failure;
use crate::store::oidc;
use crate::store::transactions::{self, NewTicket, Pairing};
use crate::transaction::{State as Stage, Transaction};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use kazasu_service::page::{Visitor, is_own_form, redirect};
use kazasu_service::secret::{hash, random_text};
use kazasu_statement::{Mode, Reason};
use serde::Deserialize;
use std::sync::Arc;
use view::View;

type PageResult = Result<Response, PageError>;

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    visitor: Visitor,
    headers: HeaderMap,
) -> PageResult {
    let (browser, transaction) = own(&app, &headers, &id).await?;
    if transaction.state == Stage::Accepted && transaction.browser_is_proven() {
        return answer(&app, &transaction).await;
    }
    let now = app.now();
    match transaction.shown_state(app.settings.lifetimes.transaction, now) {
        Stage::Redeemed => {
            let back = start_again(&app, &transaction);
            Err(refused(&transaction, Reason::AlreadyAccepted, back))
        }
        Stage::Cancelled | Stage::Rejected | Stage::Expired => {
            let reason = transaction.closed_because();
            let back = Back::Service(transaction.denial(&app.settings.origin));
            let reason = reason.unwrap_or(Reason::TransactionExpired);
            Err(refused(&transaction, reason, Some(back)))
        }
        _ => Ok(view(&app, &visitor, &browser, &transaction, now)?.respond(None)),
    }
}

/// The page of a transaction that is open.
fn view<'a>(
    app: &'a App,
    visitor: &'a Visitor,
    browser: &Browser,
    transaction: &'a Transaction,
    now: i64,
) -> Result<View<'a>, Failure> {
    let party = app
        .relying_party(&transaction.relying_party)
        .ok_or(Failure::RelyingPartyGone)?;
    let ticket = browser.ticket(&transaction.id, transaction.ticket_number);
    let ticket_url = format!("{}/t/{ticket}", app.settings.ticket_origin);
    Ok(View::new(app, visitor, transaction, party, ticket_url, now))
}

/// A form's address, opened as a page: a reload, or the language switch on the page that answered.
pub(super) async fn to_page(State(app): State<Arc<App>>, Path(id): Path<String>) -> Response {
    // Only what our identifiers are made of, since it becomes an address.
    let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let id = if id.chars().all(known) { &*id } else { "" };
    redirect(&format!("{}/tap/{id}", app.settings.origin))
}

/// Sends the browser to the relying party with a code.
async fn answer(app: &App, transaction: &Transaction) -> PageResult {
    let now = app.now();
    let code = random_text::<32>();
    let (code_hash, id) = (hash(&code), transaction.id.clone());
    let expires_at = now + app.settings.lifetimes.code;
    let issued = app
        .store
        .write(move |c| oidc::issue_code(c, &code_hash, &id, expires_at, now))
        .await?;
    if !issued {
        return Err(refused(transaction, Reason::TransactionExpired, None));
    }
    Ok(redirect(
        &transaction.answer(&app.settings.origin, &[("code", &code)]),
    ))
}

#[derive(Deserialize)]
pub(super) struct StartForm {
    mode: String,
}

pub(super) async fn start(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    form: Result<Form<StartForm>, FormRejection>,
) -> PageResult {
    let (browser, transaction) = own_form(&app, &headers, &id).await?;
    let mode: Option<Mode> = form.ok().and_then(|Form(form)| form.mode.parse().ok());
    let Some(mode) = mode else {
        return Err(mode_not_allowed(&app, &transaction));
    };
    mint(&app, &browser, &transaction, mode).await
}

/// A new ticket in the same mode; whoever claimed the last one is out.
pub(super) async fn refresh(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> PageResult {
    let (browser, transaction) = own_form(&app, &headers, &id).await?;
    match transaction.mode {
        Some(mode) => mint(&app, &browser, &transaction, mode).await,
        None => Ok(redirect(&page(&app, &transaction))),
    }
}

async fn mint(app: &App, browser: &Browser, transaction: &Transaction, mode: Mode) -> PageResult {
    let party = app
        .relying_party(&transaction.relying_party)
        .ok_or(Failure::RelyingPartyGone)?;
    if !transaction.allows(party, mode) {
        return Err(mode_not_allowed(app, transaction));
    }
    let now = app.now();
    let next = transaction.ticket_number + 1;
    let ticket = NewTicket {
        mode,
        after: transaction.ticket_number,
        hash: hash(browser.ticket(&transaction.id, next)),
        expires_at: now + app.settings.lifetimes.ticket,
    };
    let (id, lifetime) = (transaction.id.clone(), app.settings.lifetimes.transaction);
    // Where another click was faster, or it is over, the page shows what there is now.
    if app
        .store
        .write(move |c| {
            transactions::withdraw(c, &id, lifetime, now)?;
            transactions::mint(c, &id, &ticket, now)
        })
        .await?
    {
        app.store.announce(&transaction.id);
    }
    Ok(redirect(&page(app, transaction)))
}

#[derive(Deserialize)]
pub(super) struct PairForm {
    digits: String,
}

pub(super) async fn pair(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    visitor: Visitor,
    headers: HeaderMap,
    form: Result<Form<PairForm>, FormRejection>,
) -> PageResult {
    let (browser, transaction) = own_form(&app, &headers, &id).await?;
    let typed = form.map(|Form(form)| form.digits).unwrap_or_default();
    let now = app.now();
    let Some(digits) = six_digits(&typed) else {
        if !transaction.waits_for_digits() {
            return Ok(redirect(&page(&app, &transaction)));
        }
        // What cannot be a number of ours is a slip of the hand: it costs no try and stays there
        // to be corrected.
        return Ok(view(&app, &visitor, &browser, &transaction, now)?.respond(Some(&typed)));
    };
    let (id, browser_hash) = (transaction.id.clone(), browser.hash());
    let pairing = app
        .store
        .write(move |c| transactions::pair(c, &id, &browser_hash, &digits, now))
        .await?;
    match pairing {
        Pairing::Paired => app.reached(&transaction.id, Stage::Paired),
        Pairing::Rejected => app.reached(&transaction.id, Stage::Rejected),
        Pairing::Wrong { .. } | Pairing::NotWaiting => app.store.announce(&transaction.id),
    }
    Ok(redirect(&page(&app, &transaction)))
}

pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> PageResult {
    let (_, transaction) = own_form(&app, &headers, &id).await?;
    let (id, now) = (transaction.id.clone(), app.now());
    let lifetime = app.settings.lifetimes.transaction;
    if !app
        .store
        .write(move |c| {
            transactions::withdraw(c, &id, lifetime, now)?;
            transactions::cancel(c, &id, now)
        })
        .await?
    {
        return Ok(redirect(&page(&app, &transaction)));
    }
    app.reached(&transaction.id, Stage::Cancelled);
    Ok(redirect(&transaction.answer(
        &app.settings.origin,
        &[("error", "access_denied")],
    )))
}

/// The transaction in the URL, if it is this browser's.
pub(super) async fn own(
    app: &App,
    headers: &HeaderMap,
    id: &str,
) -> Result<(Browser, Transaction), PageError> {
    let (wanted, now) = (id.to_owned(), app.now());
    let found = app
        .store
        .read(move |c| transactions::by_id(c, &wanted, now))
        .await?;
    let Some(transaction) = found else {
        let reason = Reason::TransactionExpired;
        return Err(PageError::refused(reason, None, None));
    };
    // Who has no part in it learns no more of it than where it came from.
    let foreign = |reason| {
        let back = start_again(app, &transaction);
        Err(refused(&transaction, reason, back))
    };
    let Some(browser) = Browser::from_headers(headers) else {
        return foreign(Reason::CookiesRequired);
    };
    if browser.hash() != transaction.browser_hash {
        return foreign(Reason::WrongBrowser);
    }
    Ok((browser, transaction))
}

/// As [`own`], for a form.
async fn own_form(
    app: &App,
    headers: &HeaderMap,
    id: &str,
) -> Result<(Browser, Transaction), PageError> {
    if !is_own_form(headers, &app.settings.origin) {
        return Err(PageError::Refused(Refusal {
            kind: Kind::ForeignForm,
            language: None,
            back: None,
        }));
    }
    own(app, headers, id).await
}

fn page(app: &App, transaction: &Transaction) -> String {
    format!("{}/tap/{}", app.settings.origin, transaction.id)
}

fn refused(transaction: &Transaction, reason: Reason, back: Option<Back>) -> PageError {
    PageError::refused(reason, Some(transaction.language), back)
}

fn mode_not_allowed(app: &App, transaction: &Transaction) -> PageError {
    let back = Back::Page(page(app, transaction));
    refused(transaction, Reason::ModeNotAllowed, Some(back))
}

/// Where to start again without an answer for the relying party.
fn start_again(app: &App, transaction: &Transaction) -> Option<Back> {
    let party = app.relying_party(&transaction.relying_party)?;
    Some(Back::Service(front_door(party, &transaction.redirect_uri)))
}

/// Six digits as people type them: Japanese keyboards give full-width ones, and some put a space
/// in the middle.
fn six_digits(typed: &str) -> Option<String> {
    let digits = typed
        .chars()
        .filter(|c| !c.is_whitespace() && !"-‐－ー".contains(*c))
        .map(|c| match c {
            '0'..='9' => Some(c),
            '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10),
            _ => None,
        });
    let digits: String = digits.collect::<Option<_>>()?;
    (digits.len() == 6).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_understood_as_people_type_them() {
        assert_eq!(six_digits("012345").as_deref(), Some("012345"));
        assert_eq!(six_digits(" 012 345 ").as_deref(), Some("012345"));
        assert_eq!(six_digits("012－345").as_deref(), Some("012345"));
        assert_eq!(six_digits("０１２３４５").as_deref(), Some("012345"));
        for slip in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"] {
            assert_eq!(six_digits(slip), None, "{slip}");
        }
    }
}

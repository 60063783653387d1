//! The tap page: choose how, show the ticket, take the digits, wait, go on. The URL names the
//! transaction, the cookie the browser; both are needed.

mod view;

use super::browser::{self, Browser};
use super::{PageError, redirect, refusal};
use crate::app::App;
use crate::failure::Failure;
use crate::secret::{hash, random_text};
use crate::store::oidc;
use crate::store::transactions::{self, NewTicket, Pairing};
use crate::transaction::{State as Stage, Transaction};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use kazasu_statement::{Mode, Reason};
use serde::Deserialize;
use std::sync::Arc;
use view::View;

type PageResult = Result<Response, PageError>;

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> PageResult {
    let (browser, transaction) = own(&app, &headers, &id).await?;
    let denial = || transaction.denial(&app.settings.origin);
    match transaction.state {
        Stage::Accepted if transaction.browser_is_proven() => answer(&app, &transaction).await,
        Stage::Redeemed => Ok(refusal(Reason::AlreadyAccepted, transaction.language, None)),
        Stage::Cancelled | Stage::Rejected | Stage::Expired => {
            let reason = transaction
                .closed_because()
                .unwrap_or(Reason::TransactionExpired);
            Ok(refusal(reason, transaction.language, Some(&denial())))
        }
        _ => {
            let party = app
                .relying_party(&transaction.relying_party)
                .ok_or(Failure::RelyingPartyGone)?;
            let ticket = browser.ticket(&transaction.id, transaction.ticket_number);
            let ticket_url = format!("{}/t/{ticket}", app.settings.ticket_origin);
            Ok(View {
                transaction: &transaction,
                party,
                ticket_url,
                now: app.now(),
            }
            .respond())
        }
    }
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
        return Err(PageError::Refused(
            Reason::TransactionExpired,
            transaction.language,
        ));
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
    let mode = mode.ok_or(PageError::Refused(
        Reason::ModeNotAllowed,
        transaction.language,
    ))?;
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
        return Err(PageError::Refused(
            Reason::ModeNotAllowed,
            transaction.language,
        ));
    }
    let now = app.now();
    let next = transaction.ticket_number + 1;
    let ticket = NewTicket {
        mode,
        after: transaction.ticket_number,
        hash: hash(browser.ticket(&transaction.id, next)),
        expires_at: now + app.settings.lifetimes.ticket,
    };
    let id = transaction.id.clone();
    // Where another click was faster, or it is over, the page shows what there is now.
    if app
        .store
        .write(move |c| transactions::mint(c, &id, &ticket, now))
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
    headers: HeaderMap,
    form: Result<Form<PairForm>, FormRejection>,
) -> PageResult {
    let (browser, transaction) = own_form(&app, &headers, &id).await?;
    let typed = form.ok().and_then(|Form(form)| six_digits(&form.digits));
    // What cannot be a number of ours is a slip of the hand and costs no try.
    if let Some(digits) = typed {
        let (id, browser_hash, now) = (transaction.id.clone(), browser.hash(), app.now());
        let pairing = app
            .store
            .write(move |c| transactions::pair(c, &id, &browser_hash, &digits, now))
            .await?;
        match pairing {
            Pairing::Paired => app.reached(&transaction.id, Stage::Paired),
            Pairing::Rejected => app.reached(&transaction.id, Stage::Rejected),
            Pairing::Wrong { .. } | Pairing::NotWaiting => app.store.announce(&transaction.id),
        }
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
    if !app
        .store
        .write(move |c| transactions::cancel(c, &id, now))
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
async fn own(
    app: &App,
    headers: &HeaderMap,
    id: &str,
) -> Result<(Browser, Transaction), PageError> {
    let language = browser::language(headers);
    let browser = Browser::from_headers(headers)
        .ok_or(PageError::Refused(Reason::CookiesRequired, language))?;
    let (id, now) = (id.to_owned(), app.now());
    let found = app
        .store
        .read(move |c| transactions::by_id(c, &id, now))
        .await?;
    let transaction = found.ok_or(PageError::Refused(Reason::TransactionExpired, language))?;
    if browser.hash() != transaction.browser_hash {
        return Err(PageError::Refused(Reason::WrongBrowser, language));
    }
    Ok((browser, transaction))
}

/// As [`own`], for a form.
async fn own_form(
    app: &App,
    headers: &HeaderMap,
    id: &str,
) -> Result<(Browser, Transaction), PageError> {
    if !browser::is_same_origin(headers, &app.settings.origin) {
        return Err(PageError::ForeignForm);
    }
    own(app, headers, id).await
}

fn page(app: &App, transaction: &Transaction) -> String {
    format!("{}/tap/{}", app.settings.origin, transaction.id)
}

/// Six digits as people type them: Japanese keyboards give full-width ones, and some put a space
/// in the middle.
fn six_digits(typed: &str) -> Option<String> {
    let digits = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
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
        assert_eq!(six_digits("０１２３４５").as_deref(), Some("012345"));
        for slip in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"] {
            assert_eq!(six_digits(slip), None, "{slip}");
        }
    }
}

//! The authorization endpoint: a pushed request becomes a transaction of this browser.

use super::par::REQUEST_URI_PREFIX;
use crate::app::App;
use crate::failure::Failure;
use crate::pages::browser::{self, Browser};
use crate::pages::{redirect, refusal};
use crate::secret::{hash, random_text};
use crate::store::oidc::{Pushed, pushed};
use crate::store::transactions::{self, NewTransaction};
use crate::transaction::answer;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use kazasu_statement::Reason;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct Parameters {
    client_id: Option<String>,
    request_uri: Option<String>,
}

pub(super) async fn authorize(
    State(app): State<Arc<App>>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let now = app.now();
    let language = browser::language(&headers);
    let handle = parameters
        .request_uri
        .as_deref()
        .and_then(|uri| uri.strip_prefix(REQUEST_URI_PREFIX));
    let request_hash = hash(handle.unwrap_or_default());
    let known = Browser::from_headers(&headers);
    // The page was reloaded, or the way back was used: the transaction is there already.
    if let Some(found) = app
        .store
        .read(move |c| transactions::by_request(c, &request_hash, now))
        .await?
    {
        return Ok(match known {
            _ if parameters.client_id.as_ref() != Some(&found.relying_party) => {
                refusal(Reason::WrongRelyingParty, language, None)
            }
            Some(browser) if browser.hash() == found.browser_hash => {
                redirect(&tap_page(&app, &found.id))
            }
            _ => refusal(Reason::WrongBrowser, language, None),
        });
    }
    // Without a request nothing says where an error could safely be sent: it stays here.
    let request = app.store.read(move |c| pushed(c, &request_hash, now));
    let Some(request) = request.await? else {
        return Ok(refusal(Reason::TransactionExpired, language, None));
    };
    if parameters.client_id.as_deref() != Some(request.relying_party.as_str()) {
        return Ok(refusal(Reason::WrongRelyingParty, language, None));
    }
    if request.prompt_none {
        return Ok(redirect(&login_required(&app, &request)));
    }
    let browser = known.unwrap_or_else(Browser::new);
    let id = random_text::<16>();
    let new = NewTransaction {
        id: id.clone(),
        request_hash,
        language: request
            .language
            .and_then(|word| word.parse().ok())
            .unwrap_or(language),
        browser_hash: browser.hash(),
        browser: browser::describe(&headers),
        created_at: now,
        expires_at: now + app.settings.lifetimes.transaction,
        delete_after: now + app.settings.lifetimes.row,
    };
    if !app
        .store
        .write(move |c| transactions::begin(c, &new))
        .await?
    {
        // Another tab was faster with the same request.
        return Ok(refusal(Reason::TransactionExpired, language, None));
    }
    tracing::info!(relying_party = request.relying_party, "a transaction began");
    Ok((
        [(SET_COOKIE, browser.set_cookie())],
        redirect(&tap_page(&app, &id)),
    )
        .into_response())
}

fn tap_page(app: &App, id: &str) -> String {
    format!("{}/tap/{id}", app.settings.origin)
}

/// A tap always shows pages, so a request that allows none cannot be met (OpenID Connect Core
/// §3.1.2.6).
fn login_required(app: &App, request: &Pushed) -> String {
    let parameters = [("error", "login_required")];
    answer(
        &request.redirect_uri,
        request.request_state.as_deref(),
        &app.settings.origin,
        &parameters,
    )
}

//! The return URL of same-phone mode: it continues only in the browser that started.

use super::browser::Browser;
use super::front_door;
use super::problem::{Back, PageError};
use crate::app::App;
use crate::store::acceptance::{self, HandBack};
use crate::store::transactions;
use crate::transaction::State as Stage;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use kazasu_service::page::redirect;
use kazasu_service::secret::hash;
use kazasu_statement::Reason;
use std::sync::Arc;

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let browser_hash = Browser::from_headers(&headers).map(|browser| browser.hash());
    let (return_hash, now) = (hash(code), app.now());
    let outcome = app
        .store
        .write(move |c| acceptance::hand_back(c, &return_hash, browser_hash.as_ref(), now))
        .await?;
    match outcome {
        HandBack::Continue(id) => {
            app.store.announce(&id);
            Ok(redirect(&format!("{}/tap/{id}", app.settings.origin)))
        }
        HandBack::WrongBrowser(ended) => {
            let back = match ended {
                Some(id) => {
                    app.reached(&id, Stage::Rejected);
                    start_again(&app, id).await?
                }
                None => None,
            };
            Err(PageError::refused(Reason::WrongBrowser, None, back))
        }
        HandBack::Unknown => Err(PageError::refused(Reason::TicketUnknown, None, None)),
    }
}

/// Where to start again. Not the address of an answer: that one belongs to the other browser.
async fn start_again(app: &App, id: String) -> Result<Option<Back>, PageError> {
    let now = app.now();
    let found = app
        .store
        .read(move |c| transactions::by_id(c, &id, now))
        .await?;
    Ok(found.and_then(|transaction| {
        let party = app.relying_party(&transaction.relying_party)?;
        Some(Back::Service(front_door(party, &transaction.redirect_uri)))
    }))
}

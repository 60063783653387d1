//! The return URL of same-phone mode: it continues only in the browser that started.

use super::browser::{self, Browser};
use super::{PageError, redirect};
use crate::app::App;
use crate::secret::hash;
use crate::store::acceptance::{self, HandBack};
use crate::transaction::State as Stage;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use kazasu_statement::Reason;
use std::sync::Arc;

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let language = browser::language(&headers);
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
            if let Some(id) = ended {
                app.reached(&id, Stage::Rejected);
            }
            Err(PageError::Refused(Reason::WrongBrowser, language))
        }
        HandBack::Unknown => Err(PageError::Refused(Reason::TicketUnknown, language)),
    }
}

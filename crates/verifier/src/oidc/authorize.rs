//! The authorization endpoint: a request becomes a transaction of this browser. Where client and
//! redirect URI are known, a refusal goes there; everything else ends on a page, because an
//! unchecked address must not be able to send people on.

use super::par::REQUEST_URI_PREFIX;
use super::parameters::Parameters;
use super::request::{Origin, check, redirect_uri};
use super::{AUTHORIZE_PATH, Refusal};
use crate::app::App;
use crate::failure::Failure;
use crate::pages::browser::{self, Browser};
use crate::pages::refusal;
use crate::settings::RelyingParty;
use crate::store::oidc::{Pushed, PushedRequest, push, pushed};
use crate::store::transactions::{self, NewTransaction};
use crate::transaction::{State as Stage, answer};
use axum::extract::{RawForm, RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use kazasu_service::page::{describe, redirect};
use kazasu_service::secret::{hash, length_prefixed, random_text};
use kazasu_statement::{Language, Reason};
use std::sync::Arc;

pub(super) async fn authorize(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let query = query.unwrap_or_default();
    let parameters = Parameters::parse(query.as_bytes());
    let language = browser::language(&headers);
    let party = parameters
        .get("client_id")
        .and_then(|id| app.relying_party(id));
    let Some(party) = party else {
        return Ok(refusal(Reason::WrongRelyingParty, language, None));
    };
    let visit = Visit {
        app: &app,
        party,
        headers: &headers,
        language,
    };
    let handle = parameters
        .get("request_uri")
        .and_then(|uri| uri.strip_prefix(REQUEST_URI_PREFIX));
    match handle {
        Some(handle) => visit.open(hash(handle), None).await,
        None => visit.open_unpushed(&query, &parameters).await,
    }
}

/// OpenID Connect Core §3.1.2.1 wants POST as well. Another site's form comes without our cookie;
/// the redirect brings it.
pub(super) async fn authorize_by_form(
    State(app): State<Arc<App>>,
    RawForm(form): RawForm,
) -> Response {
    // Written anew, so that what arrived cannot be anything but a query.
    let parameters = url::form_urlencoded::parse(&form);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    redirect(&format!("{}{AUTHORIZE_PATH}?{query}", app.settings.origin))
}

/// A browser that a relying party sent here.
struct Visit<'a> {
    app: &'a App,
    party: &'a RelyingParty,
    headers: &'a HeaderMap,
    language: Language,
}

impl Visit<'_> {
    /// A request that the browser carries itself: an exception, or an error.
    async fn open_unpushed(
        &self,
        query: &str,
        parameters: &Parameters,
    ) -> Result<Response, Failure> {
        let Some(uri) = redirect_uri(parameters, self.party) else {
            return Ok(self.page(Reason::WrongRelyingParty));
        };
        let checked = if self.party.allow_unpushed_requests {
            check(parameters, self.party, Origin::Exception)
        } else {
            Err(Refusal::invalid_request(
                "push the request first (RFC 9126)",
            ))
        };
        match checked {
            Ok(request) => {
                // The same address is the same request, as with pushed ones.
                let key = length_prefixed(&[b"unpushed", query.as_bytes()]);
                self.open(hash(key), Some(request)).await
            }
            Err(Refusal(error, description)) => {
                let answer = [("error", error), ("error_description", description)];
                Ok(self.answer(uri, parameters.get("state"), &answer))
            }
        }
    }

    /// Finds or begins the transaction of a request that was pushed, or is `unpushed`.
    async fn open(
        &self,
        request_hash: [u8; 32],
        unpushed: Option<PushedRequest>,
    ) -> Result<Response, Failure> {
        let (app, now) = (self.app, self.app.now());
        let known = Browser::from_headers(self.headers);
        let found = app
            .store
            .read(move |c| transactions::by_request(c, &request_hash, now))
            .await?;
        // The page was reloaded, or the way back was used: the transaction is there already.
        if let Some(found) = found {
            return Ok(match known {
                _ if found.relying_party != self.party.id => self.page(Reason::WrongRelyingParty),
                Some(browser) if browser.hash() == found.browser_hash => {
                    redirect(&self.tap_page(&found.id))
                }
                _ => self.page(Reason::WrongBrowser),
            });
        }
        if let Some(request) = unpushed {
            let expires_at = now + app.settings.lifetimes.pushed_request;
            app.store
                .write(move |c| push(c, &request_hash, &request, expires_at))
                .await?;
        }
        // Without a request nothing says where an error could safely be sent: it stays here.
        let request = app.store.read(move |c| pushed(c, &request_hash, now));
        let Some(request) = request.await? else {
            return Ok(self.page(Reason::TransactionExpired));
        };
        if request.relying_party != self.party.id {
            return Ok(self.page(Reason::WrongRelyingParty));
        }
        if request.prompt_none {
            // A tap always shows pages (OpenID Connect Core §3.1.2.6).
            let answer = [("error", "login_required")];
            return Ok(self.answer(
                &request.redirect_uri,
                request.request_state.as_deref(),
                &answer,
            ));
        }
        self.begin(request_hash, &request, known.unwrap_or_else(Browser::new))
            .await
    }

    async fn begin(
        &self,
        request_hash: [u8; 32],
        request: &Pushed,
        browser: Browser,
    ) -> Result<Response, Failure> {
        let (app, now) = (self.app, self.app.now());
        let id = random_text::<16>();
        let wanted = request
            .language
            .as_deref()
            .and_then(|word| word.parse().ok());
        let new = NewTransaction {
            id: id.clone(),
            request_hash,
            language: wanted.unwrap_or(self.language),
            browser_hash: browser.hash(),
            browser: describe(self.headers),
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
            return Ok(self.page(Reason::TransactionExpired));
        }
        app.reached(&id, Stage::Created);
        tracing::info!(relying_party = request.relying_party, "a transaction began");
        let cookie = [(SET_COOKIE, browser.set_cookie())];
        Ok((cookie, redirect(&self.tap_page(&id))).into_response())
    }

    /// A page that says why, with a way to start again where the relying party has one.
    fn page(&self, reason: Reason) -> Response {
        refusal(reason, self.language, self.party.start_url.as_deref())
    }

    fn answer(&self, uri: &str, state: Option<&str>, parameters: &[(&str, &str)]) -> Response {
        redirect(&answer(uri, state, &self.app.settings.origin, parameters))
    }

    fn tap_page(&self, id: &str) -> String {
        format!("{}/tap/{id}", self.app.settings.origin)
    }
}

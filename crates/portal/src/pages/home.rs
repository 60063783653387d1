//! The front page, the page of a procedure, and the way out.

use super::refusal::{PageError, PageResult, Reason};
use super::visit::{Visit, page_of};
use super::{link, recover, state, unlink};
use crate::procedure::ProcedureKind;
use crate::session::SessionSecret;
use crate::store::procedures;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path};
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use kazasu_service::page::redirect;
use kazasu_service::page::{Page, Words};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    words: Words<'a>,
    kinds: [ProcedureKind; 4],
    support: Option<&'a str>,
}

pub(super) async fn show(visit: Visit) -> Response {
    let words = visit.words();
    let support = visit.app.settings.support.as_ref();
    let body = Home {
        words,
        kinds: [
            ProcedureKind::Recover,
            ProcedureKind::Link,
            ProcedureKind::State,
            ProcedureKind::Unlink,
        ],
        support: support.map(|link| link.get(visit.language())),
    };
    visit.show("home", &body)
}

/// The page of a procedure: whatever it is that comes next.
pub(super) async fn procedure(visit: Visit, Path(id): Path<String>) -> PageResult {
    let (secret, procedure) = visit.own(&id).await?;
    let token = secret.form_token(&procedure.id);
    match procedure.kind {
        ProcedureKind::Link => link::show(&visit, &procedure, &token).await,
        ProcedureKind::State => state::show(&visit, &procedure, &token).await,
        ProcedureKind::Unlink => unlink::show(&visit, &procedure, &token).await,
        ProcedureKind::Recover => recover::show(&visit, &procedure, &token).await,
    }
}

/// A form's address, opened as a page.
pub(super) async fn back(Path(id): Path<String>) -> Response {
    redirect(&page_of(&id))
}

/// What every form carries.
#[derive(Deserialize)]
pub(super) struct Token {
    pub(super) token: String,
}

/// The token of a form that has nothing else; empty where it is missing, which no procedure's is.
pub(super) fn token(form: Result<Form<Token>, FormRejection>) -> String {
    form.map(|Form(form)| form.token).unwrap_or_default()
}

/// Ends the session: whoever uses this browser next finds nothing.
pub(super) async fn end(
    visit: Visit,
    Path(id): Path<String>,
    form: Result<Form<Token>, FormRejection>,
) -> PageResult {
    visit.require_own_form()?;
    // Whoever leaves has left, also where the session is over already.
    let Some(secret) = visit.secret() else {
        return Ok(redirect("/"));
    };
    if !secret.is_form_token(&id, &token(form)) {
        return Err(PageError::refused(Reason::OldForm, page_of(&id)));
    }
    let hash = secret.hash();
    visit
        .app
        .store
        .write(move |c| procedures::end_session(c, &hash))
        .await?;
    let mut response = redirect("/");
    let forget = HeaderValue::try_from(SessionSecret::forget_cookie());
    response.headers_mut().insert(
        SET_COOKIE,
        forget.expect("a cookie in ASCII is a header value"),
    );
    Ok(response)
}

impl Visit {
    /// Shows a page: its title by the key, and what is below it.
    pub(super) fn show(&self, title: &str, body: &impl Template) -> Response {
        self.show_page(&self.words().say(title), body, |_| ())
    }

    /// As [`Visit::show`], with the title itself and whatever else is special about the page.
    pub(super) fn show_page(
        &self,
        title: &str,
        body: &impl Template,
        special: impl FnOnce(&mut Page<'_>),
    ) -> Response {
        let body = body.render().expect("writing to a string does not fail");
        let mut page = Page::new(self.language(), title, body);
        // Forms lead to the verifier, by way of a redirect.
        let targets = [self.app.settings.verifier.issuer.clone()];
        page.form_targets = &targets;
        special(&mut page);
        self.app.frame.show(&self.visitor, &page)
    }
}

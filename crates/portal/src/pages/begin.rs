//! The beginning of a procedure, and its ways to the verifier and to the sign-in.

use super::dress::too_many;
use super::home::{Token, token};
use super::refusal::{PageError, PageResult, Reason};
use super::visit::{Visit, page};
use crate::counted::Step;
use crate::failure::Failure;
use crate::openid::Begun;
use crate::procedure::ProcedureKind;
use crate::session::SessionSecret;
use crate::store::procedures::{self, New};
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Extension, Form, Path};
use axum::http::header::{REFRESH, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::IntoResponse as _;
use kazasu_service::listener::{ClientAddress, network};
use kazasu_service::page::Words;
use kazasu_service::page::{describe, redirect};
use kazasu_service::secret::{hash, random_text};
use serde::Deserialize;
use std::net::Ipv6Addr;

#[derive(Template)]
#[template(path = "begin.html")]
struct Begin<'a> {
    words: Words<'a>,
    kind: ProcedureKind,
    steps: Vec<String>,
}

/// What a procedure does, and what it needs, before anything happens.
pub(super) async fn show(visit: Visit, Path(word): Path<String>) -> PageResult {
    let Some(kind) = ProcedureKind::from_word(&word) else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let words = visit.words();
    let steps = (1..=4)
        .map(|number| format!("{word}-step-{number}"))
        .filter(|key| words.has(key))
        .map(|key| words.say(&key))
        .collect();
    Ok(visit.show(&word, &Begin { words, kind, steps }))
}

#[derive(Deserialize)]
pub(super) struct Way {
    way: String,
}

/// Starts a procedure in this browser, and goes on to the tap or the sign-in.
pub(super) async fn start(
    visit: Visit,
    Path(word): Path<String>,
    client: Option<Extension<ClientAddress>>,
    form: Result<Form<Way>, FormRejection>,
) -> PageResult {
    let Some(kind) = ProcedureKind::from_word(&word) else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    visit.require_own_form()?;
    let address = client.map_or(Ipv6Addr::UNSPECIFIED.into(), |Extension(client)| client.0);
    if let Err(too_often) = visit.app.starts.check(&network(address)) {
        return Ok(too_many(too_often));
    }
    let way = form.map(|Form(form)| form.way).unwrap_or_default();
    let by_sign_in = way == "sign-in" && kind.can_begin_with_sign_in();
    // A browser that has no session yet gets its cookie only now that it asked for something.
    let known = visit.secret();
    let fresh = known.is_none();
    let secret = known.unwrap_or_else(SessionSecret::new);
    let lifetimes = &visit.app.settings.lifetimes;
    let new = New {
        id: random_text::<16>(),
        kind,
        browser: describe(&visit.headers),
        expires_at: visit.now + lifetimes.procedure,
        session_expires_at: visit.now + lifetimes.session,
    };
    let (id, session) = (new.id.clone(), random_text::<16>());
    let (cookie_hash, now) = (secret.hash(), visit.now);
    visit
        .app
        .store
        .write(move |c| procedures::start(c, &cookie_hash, &session, &new, now))
        .await?;
    visit.app.counted.procedure(kind, Step::Started);
    let went = match by_sign_in {
        true => to_sign_in(&visit, &id).await,
        false => to_verifier(&visit, &id, kind).await,
    };
    let mut response = went.map_err(|error| error.back_at(format!("/{word}")))?;
    if fresh {
        let cookie = HeaderValue::try_from(secret.set_cookie());
        response.headers_mut().insert(
            SET_COOKIE,
            cookie.expect("a cookie in ASCII is a header value"),
        );
    }
    Ok(response)
}

/// The sign-in to the account that a card is linked to, after the tap.
pub(super) async fn sign_in(
    visit: Visit,
    Path(id): Path<String>,
    form: Result<Form<Token>, FormRejection>,
) -> PageResult {
    let token = token(form);
    let (_, procedure) = visit.own_form(ProcedureKind::Link, &id, &token).await?;
    match (&procedure.done, &procedure.tap) {
        (None, Some(_)) => to_sign_in(&visit, &procedure.id).await,
        // The page says what there is to do.
        (None, None) => Ok(redirect(&page(&procedure.id))),
        (Some(_), _) => Err(PageError::refused(Reason::AlreadyDone, page(&procedure.id))),
    }
}

async fn to_verifier(visit: &Visit, procedure: &str, kind: ProcedureKind) -> PageResult {
    let begun = visit
        .app
        .verifier
        .begin(kind.purpose(), visit.language(), visit.now)
        .await
        .map_err(Failure::Verifier)
        .map_err(|failure| PageError::from(failure).back_at(page(procedure)))?;
    remember(visit, procedure, "tap", &begun).await?;
    Ok(redirect(begun.url.as_str()))
}

#[derive(Template)]
#[template(path = "leave.html")]
struct Leave<'a> {
    words: Words<'a>,
    url: &'a str,
}

async fn to_sign_in(visit: &Visit, procedure: &str) -> PageResult {
    let begun = visit
        .app
        .sign_in
        .begin(visit.language(), visit.now)
        .await
        .map_err(Failure::SignIn)
        .map_err(|failure| PageError::from(failure).back_at(page(procedure)))?;
    remember(visit, procedure, "sign-in", &begun).await?;
    // Not a redirect: browsers hold it against the form's policy, and a sign-in may go on to any
    // number of other hosts.
    let words = visit.words();
    let url = begun.url.as_str();
    let mut response = visit.show("leave", &Leave { words, url });
    let refresh = HeaderValue::try_from(format!("0; url={url}"));
    response
        .headers_mut()
        .insert(REFRESH, refresh.expect("a URL is a header value"));
    Ok(response)
}

async fn remember(
    visit: &Visit,
    procedure: &str,
    provider: &'static str,
    begun: &Begun,
) -> Result<(), PageError> {
    let procedure = procedure.to_owned();
    let (state, nonce) = (hash(&begun.state), begun.nonce.clone());
    let code_verifier = begun.code_verifier.clone();
    let written = visit
        .app
        .store
        .write(move |c| procedures::ask(c, &procedure, provider, &state, &nonce, &code_verifier));
    Ok(written.await?)
}

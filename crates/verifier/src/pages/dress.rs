//! The last step of every answer to a browser: the right host, the language switch, and a page
//! where there would be none.

use super::hosts::Host;
use super::problem::{Back, Kind, Reference, Refusal};
use super::spoken;
use crate::app::App;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kazasu_service::page::{
    Action, Notice, Visitor, accepts_html, answer_preview, is_made, switch_language,
    with_headers_of,
};
use kazasu_service::telemetry;
use kazasu_statement::Language;

pub(crate) async fn dress(app: &App, request: Request, next: Next) -> Response {
    let visitor = Visitor::new(request.headers(), request.uri());
    let reads_html = accepts_html(request.headers());
    let host = Host::of(&app.settings, &request);
    let is_return = request.uri().path().starts_with("/return/");
    let response = match host {
        None => StatusCode::MISDIRECTED_REQUEST.into_response(),
        Some(host) if !host.has(request.uri().path()) => StatusCode::NOT_FOUND.into_response(),
        Some(host) => {
            // A language is remembered in a cookie, and the tickets' host sets none.
            let switched = switch_language(request.method(), request.uri());
            if let Some(switched) = switched.filter(|_| host == Host::Verifier) {
                return switched;
            }
            match nobody_looks(&request) {
                Some(response) => response,
                None => next.run(request).await,
            }
        }
    };
    if let Some(refusal) = response.extensions().get::<Refusal>() {
        // A return URL says its answer once.
        return with_headers_of(
            response.status(),
            response.headers(),
            refuse(app, &visitor, response.status(), refusal, !is_return),
        );
    }
    let status = response.status();
    let is_bare = (status.is_client_error() || status.is_server_error()) && !is_made(&response);
    if !is_bare || !reads_html {
        return response;
    }
    let reference = response.extensions().get::<Reference>();
    let page = app
        .frame
        .plain_notice(&visitor, status, reference.map(|r| r.0.as_str()));
    with_headers_of(status, response.headers(), page)
}

/// The answer to a request on whose result no person looks: it must not use up a return URL or a
/// code.
fn nobody_looks(request: &Request) -> Option<Response> {
    let path = request.uri().path();
    let matters = ["/return/", "/tap/", "/oidc/authorize"]
        .iter()
        .any(|start| path.starts_with(start));
    matters.then(|| answer_preview(request.method(), request.headers()))?
}

fn refuse(
    app: &App,
    visitor: &Visitor,
    status: StatusCode,
    refusal: &Refusal,
    switchable: bool,
) -> Response {
    let language = visitor.language(refusal.language.map(spoken));
    let words = app.frame.words(language);
    let (word, key) = match refusal.kind {
        Kind::Reason(reason) => (reason.to_string(), format!("refused-{reason}")),
        Kind::ForeignForm => ("foreign_form".into(), "refused-form".into()),
    };
    let [title, why, next] = match refusal.kind {
        Kind::Reason(reason) if !words.has(&key) => {
            let message = reason.message(match language {
                kazasu_service::page::Language::Japanese => Language::Japanese,
                kazasu_service::page::Language::English => Language::English,
            });
            [
                words.say("refused"),
                message.sentence.into(),
                message.next_step.into(),
            ]
        }
        _ => ["", ".why", ".next"].map(|part| words.say(&format!("{key}{part}"))),
    };
    let label = match refusal.back {
        Some(Back::Page(_)) => words.say("back-to-page"),
        _ => words.say("back-to-service"),
    };
    let action = match &refusal.back {
        Some(Back::Service(href) | Back::Page(href)) if !href.is_empty() => Some(Action {
            href,
            label: &label,
        }),
        _ => None,
    };
    let reference = telemetry::reference();
    tracing::info!(%reference, reason = word, "a page says no");
    app.frame.notice(
        visitor,
        language,
        &Notice {
            status,
            reason: &word,
            title: &title,
            why: &why,
            next: &next,
            action,
            reference: Some(&reference),
            switchable,
        },
    )
}

//! The last step of every answer to a browser: the language switch, and a page where there would be
//! none.

use super::refusal::Refusal;
use crate::app::App;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kazasu_service::limits::TooOften;
use kazasu_service::page::{
    Action, Notice, Visitor, accepts_html, answer_preview, is_made, switch_language,
    with_headers_of,
};
use kazasu_service::telemetry;

pub(crate) async fn dress(app: &App, request: Request, next: Next) -> Response {
    let visitor = Visitor::new(request.headers(), request.uri());
    let reads_html = accepts_html(request.headers());
    if let Some(switched) = switch_language(request.method(), request.uri()) {
        return switched;
    }
    let response = match nobody_looks(&request) {
        Some(response) => response,
        None => next.run(request).await,
    };
    let status = response.status();
    if let Some(refusal) = response.extensions().get::<Refusal>() {
        let page = refuse(app, &visitor, status, refusal);
        return with_headers_of(status, response.headers(), page);
    }
    let is_bare = (status.is_client_error() || status.is_server_error()) && !is_made(&response);
    if !is_bare || !reads_html {
        return response;
    }
    let page = app.frame.plain_notice(&visitor, status, None);
    with_headers_of(status, response.headers(), page)
}

/// The answer to a request on whose result no person looks: an answer of a provider is good once.
fn nobody_looks(request: &Request) -> Option<Response> {
    let is_answer = request.uri().path().starts_with("/callback/");
    is_answer.then(|| answer_preview(request.method(), request.headers()))?
}

fn refuse(app: &App, visitor: &Visitor, status: StatusCode, refusal: &Refusal) -> Response {
    let language = visitor.language(None);
    let words = app.frame.words(language);
    let key = match refusal.word {
        // The frame has words for it.
        "unavailable" => "unavailable".to_owned(),
        word => format!("refused-{word}"),
    };
    let [title, why, next] = ["", ".why", ".next"].map(|part| words.say(&format!("{key}{part}")));
    let is_failure = refusal.reference.is_some();
    let label = words.say(match (is_failure, refusal.back.as_str()) {
        (true, _) => "again",
        (false, "/") => "back-home",
        (false, back) if back.starts_with("/p/") => "back-to-procedure",
        (false, _) => "start-again",
    });
    let reference = refusal
        .reference
        .clone()
        .unwrap_or_else(telemetry::reference);
    app.counted.refusal(refusal.word);
    tracing::info!(%reference, reason = refusal.word, "a page says no");
    app.frame.notice(
        visitor,
        language,
        &Notice {
            status,
            reason: refusal.word,
            title: &title,
            why: &why,
            next: &next,
            action: Some(Action {
                href: &refusal.back,
                label: &label,
            }),
            reference: Some(&reference),
            switchable: true,
        },
    )
}

/// The answer to a request that came too often.
pub(crate) fn too_often(_: &Request, too_often: TooOften) -> Response {
    too_many(too_often)
}

/// As [`too_often`], where the request is gone; [`dress`] makes a page of it.
pub(super) fn too_many(too_often: TooOften) -> Response {
    (StatusCode::TOO_MANY_REQUESTS, [too_often.header()]).into_response()
}

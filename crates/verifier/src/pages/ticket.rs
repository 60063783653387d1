//! A ticket link opened without the app. Looking at it claims nothing.

use super::browser;
use super::layout::Page;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use kazasu_statement::Language;

pub(super) async fn show(headers: HeaderMap) -> Response {
    let language = browser::language(&headers);
    let (title, text) = match language {
        Language::Japanese => (
            "アプリが必要です",
            "このリンクは、カードを読み取るアプリで開きます。アプリをインストールしてから元のページに戻り、リンクをもう一度開くか、コードを読み取ってください。",
        ),
        Language::English => (
            "You need the app",
            "This link is opened by the app that reads your card. Install the app, go back to the page you came from, and open the link or scan the code again.",
        ),
    };
    let body = format!("<p id=\"get-the-app\">{text}</p>");
    Page {
        language,
        title,
        body,
        refresh: None,
        form_target: None,
    }
    .respond(StatusCode::OK)
}

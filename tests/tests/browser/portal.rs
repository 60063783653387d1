//! What a browser finds at the relying party: a front page, the place answers come to, and a page
//! that puts another into a frame.

use axum::Router;
use axum::extract::RawQuery;
use axum::http::HeaderMap;
use axum::http::header::REFERER;
use axum::response::Html;
use axum::routing::get;
use std::net::Ipv4Addr;
use tokio::net::TcpListener;
use url::form_urlencoded;

/// Starts it; returns its origin.
pub(crate) async fn start() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let page = |text: &'static str| {
        get(move |headers: HeaderMap| async move {
            // Nobody tells the relying party which page of the verifier the browser was on.
            let referrer = headers.get(REFERER).map(|url| url.to_str().unwrap());
            let referrer = referrer.unwrap_or_default();
            assert!(!referrer.contains("verifier.localhost"), "{referrer}");
            Html(format!("<!DOCTYPE html><title>Portal</title><p>{text}</p>"))
        })
    };
    let router = Router::new()
        .route("/", page("Welcome"))
        .route("/callback", page("Back"))
        .route("/frame", get(frame));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://portal.localhost:{port}")
}

async fn frame(RawQuery(query): RawQuery) -> Html<String> {
    let query = query.unwrap_or_default();
    let mut fields = form_urlencoded::parse(query.as_bytes());
    let address = fields.find(|(key, _)| key == "of").unwrap().1.into_owned();
    Html(format!(
        "<!DOCTYPE html><title>Frame</title><iframe src=\"{address}\"></iframe>"
    ))
}

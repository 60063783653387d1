//! Live updates: a stream that says that the page is out of date, and never why. What there is to
//! see is the page's business.

use super::problem::PageError;
use super::tap;
use crate::app::App;
use crate::failure::Failure;
use crate::store::transactions;
use axum::extract::{Path, Query, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use kazasu_service::telemetry;
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;

/// How long a browser waits before it asks again after a broken connection.
const AGAIN: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
pub(super) struct Seen {
    /// The mark of the page that is shown.
    #[serde(default)]
    seen: String,
}

pub(super) async fn events(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(Seen { seen }): Query<Seen>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    // Before the first look, so that no change falls in between.
    let changes = app.store.changes();
    tap::own(&app, &headers, &id).await?;
    let (sender, receiver) = mpsc::channel(1);
    telemetry::spawn(follow(app, id, seen, changes, sender));
    let headers = [
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // nginx would collect events until they fill a buffer.
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    let stream = Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::default());
    Ok((headers, stream).into_response())
}

async fn follow(
    app: Arc<App>,
    id: String,
    seen: String,
    mut changes: broadcast::Receiver<String>,
    sender: mpsc::Sender<Result<Event, Infallible>>,
) {
    // Something has to be sent at once, or proxies and browsers take the stream for not begun.
    if sender
        .send(Ok(Event::default().retry(AGAIN)))
        .await
        .is_err()
    {
        return;
    }
    loop {
        let (wanted, now) = (id.clone(), app.now());
        let found = app
            .store
            .read(move |c| transactions::by_id(c, &wanted, now))
            .await;
        let found = match found {
            Ok(found) => found,
            // The browser asks again by itself when the stream ends.
            Err(error) => {
                Failure::from(error).log();
                return;
            }
        };
        let mark = found.map(|found| found.mark(app.settings.lifetimes.transaction, now));
        if mark.as_ref() != Some(&seen) {
            // Browsers drop an event without data. Whoever closed the page needs no news.
            let event = Event::default().event("changed").data("reload");
            let _ = sender.send(Ok(event)).await;
            return;
        }
        tokio::select! {
            () = changed(&mut changes, &id) => {}
            () = tokio::time::sleep(app.store.look_again()) => {}
            () = sender.closed() => return,
            () = app.stopped() => return,
        }
    }
}

/// Returns when the transaction changed, or may have.
async fn changed(changes: &mut broadcast::Receiver<String>, id: &str) {
    // Lagging behind or closed: the database knows.
    while changes.recv().await.is_ok_and(|changed| changed != id) {}
}

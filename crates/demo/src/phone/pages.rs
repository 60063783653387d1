//! The phone's addresses: the ticket link, the tap, and what the person does.

use super::screen::{Act, Screen};
use super::{Phone, Tap, notice, view};
use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use kazasu_companion::Ticket;
use kazasu_service::page::{HostCookie, Visitor, redirect};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use url::Url;
use zeroize::Zeroizing;

/// Whose card was taken the last time.
const HELD: HostCookie = HostCookie::new("card");

/// How long an answer waits for what the person did to show.
const TO_SHOW: Duration = Duration::from_secs(3);

pub(super) fn routes(phone: Arc<Phone>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/open", post(open))
        .route("/t/{ticket}", get(ticket).post(claim))
        .route("/tap/{tap}", get(show))
        .route("/tap/{tap}/events", get(events))
        .route("/tap/{tap}/take-away", get(to_page).post(take_away))
        .route("/tap/{tap}/{act}", get(to_page).post(act))
        .with_state(phone)
}

async fn home(State(phone): State<Arc<Phone>>, visitor: Visitor) -> Response {
    view::home(&phone, &visitor, None)
}

#[derive(Deserialize)]
struct LinkForm {
    link: String,
}

/// The link of a QR code, typed or pasted: a page cannot look at another screen.
async fn open(
    State(phone): State<Arc<Phone>>,
    visitor: Visitor,
    Form(form): Form<LinkForm>,
) -> Response {
    let known = std::slice::from_ref(&phone.line.deployment);
    let ticket = Ticket::parse(&form.link, known);
    match Url::parse(form.link.trim()).ok().filter(|_| ticket.is_ok()) {
        Some(link) => redirect(link.path()),
        None => view::home(&phone, &visitor, Some(&form.link)),
    }
}

/// Opening a link claims nothing: software that looks ahead opens links, too.
async fn ticket(
    State(phone): State<Arc<Phone>>,
    Path(_): Path<String>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Response {
    view::ticket(&phone, &visitor, HELD.read(&headers).as_deref())
}

#[derive(Deserialize)]
struct CardForm {
    card: String,
}

async fn claim(
    State(phone): State<Arc<Phone>>,
    Path(secret): Path<String>,
    visitor: Visitor,
    Form(form): Form<CardForm>,
) -> Response {
    let link = format!("{}/t/{secret}", phone.site.origin());
    let known = std::slice::from_ref(&phone.line.deployment);
    let Ok(ticket) = Ticket::parse(&link, known) else {
        return notice::no_ticket(&phone, &visitor);
    };
    if !phone.cards.has(&form.card) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    match phone.claim(&ticket, &form.card).await {
        Ok(tap) => {
            let held = HELD.set(&tap.holder);
            ([(SET_COOKIE, held)], redirect(&page(&tap))).into_response()
        }
        Err(error) => notice::unclaimed(&phone, &visitor, &error),
    }
}

async fn show(
    State(phone): State<Arc<Phone>>,
    Path(id): Path<String>,
    visitor: Visitor,
) -> Response {
    match phone.tap(&id) {
        Some(tap) => view::tap(&phone, &visitor, &tap),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A form's address, opened as a page.
async fn to_page(State(phone): State<Arc<Phone>>, path: Path<Vec<(String, String)>>) -> Response {
    let id = path.0.into_iter().next().map(|(_, id)| id);
    match id.and_then(|id| phone.tap(&id)) {
        Some(tap) => redirect(&page(&tap)),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[derive(Deserialize)]
struct ActForm {
    /// The screen it was done on.
    screen: u64,
    #[serde(default)]
    pin: String,
    #[serde(default)]
    agree: Option<String>,
}

async fn act(
    State(phone): State<Arc<Phone>>,
    Path((id, word)): Path<(String, String)>,
    Form(form): Form<ActForm>,
) -> Response {
    let Some(tap) = phone.tap(&id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let last_try = form.agree.is_some();
    let act = match word.as_str() {
        "allow" => Act::Allow,
        "cancel" => Act::Cancel,
        "digits" => Act::NewDigits,
        "pin" => Act::Type {
            digits: narrow(&Zeroizing::new(form.pin)),
            last_try,
        },
        "same" => Act::Same { last_try },
        "hold" => Act::Hold,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let mut shown = tap.shown.clone();
    let is_now = shown.borrow_and_update().number == form.screen;
    // Where it is over, nobody listens; the page then says so.
    if (is_now || matches!(act, Act::Cancel)) && tap.acts.send((form.screen, act)).await.is_ok() {
        // What takes longer is shown when it is there: the page waits for it.
        let _ = tokio::time::timeout(TO_SHOW, shown.changed()).await;
    }
    redirect(&page(&tap))
}

/// The person takes the card away from the phone, whatever it is doing.
async fn take_away(State(phone): State<Arc<Phone>>, Path(id): Path<String>) -> Response {
    let Some(tap) = phone.tap(&id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut shown = tap.shown.clone();
    let _ = shown.borrow_and_update();
    tap.field.remove();
    let noticed = shown.wait_for(|now| !matches!(now.screen, Screen::Reading(_)));
    let _ = tokio::time::timeout(TO_SHOW, noticed).await.is_ok();
    redirect(&page(&tap))
}

#[derive(Deserialize)]
struct Seen {
    seen: u64,
}

/// Tells the page when it is out of date, and never why.
async fn events(
    State(phone): State<Arc<Phone>>,
    Path(id): Path<String>,
    Query(Seen { seen }): Query<Seen>,
) -> Response {
    let Some(tap) = phone.tap(&id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (sender, receiver) = mpsc::channel::<Result<Event, Infallible>>(1);
    let mut shown = tap.shown.clone();
    drop(tap);
    tokio::spawn(async move {
        // Something has to be sent at once, or browsers take the stream for not begun.
        let _ = sender.send(Ok(Event::default().comment(""))).await;
        let is_old = tokio::select! {
            changed = shown.wait_for(|now| now.number != seen) => changed.is_ok(),
            () = sender.closed() => false,
        };
        if is_old {
            let event = Event::default().event("changed").data("reload");
            let _ = sender.send(Ok(event)).await;
        }
    });
    let stream = Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::default());
    ([(CACHE_CONTROL, "no-store")], stream).into_response()
}

fn page(tap: &Tap) -> String {
    format!("/tap/{}", tap.id)
}

/// Digits as Japanese keyboards give them.
fn narrow(typed: &str) -> Zeroizing<String> {
    let narrow = |c: char| match c {
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10).unwrap_or(c),
        other => other,
    };
    Zeroizing::new(typed.trim().chars().map(narrow).collect())
}

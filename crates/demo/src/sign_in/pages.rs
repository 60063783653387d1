//! The sign-in's pages: account and password, the second factor, and where one is registered.

use super::authorize::{Mistake, Request};
use super::directory::With;
use super::state::{Flow, Goal, Level, Session};
use super::view::{self, Problem};
use super::{SignIn, now};
use axum::Router;
use axum::extract::{Form, Path, RawQuery, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use axum::routing::{get, post};
use kazasu_service::page::{HostCookie, Visitor, redirect};
use kazasu_service::secret::random_text;
use serde::Deserialize;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Which browser a sign-in began in.
const BROWSER: HostCookie = HostCookie::new("browser");
/// Who is signed in.
const SESSION: HostCookie = HostCookie::new("session");

type App = State<Arc<SignIn>>;

pub(super) fn routes(sign_in: Arc<SignIn>) -> Router {
    Router::new()
        .route("/", get(async || redirect("/security-info")))
        .route("/authorize", get(authorize))
        .route("/sign-in/{flow}", get(show).post(check))
        .route("/sign-in/{flow}/approve", get(to_page).post(approve))
        .route("/sign-in/{flow}/other", get(to_page).post(other))
        .route("/sign-in/{flow}/cancel", get(to_page).post(cancel))
        .route("/security-info", get(security_info))
        .route("/security-info/register", post(register))
        .route("/security-info/lose", post(lose))
        .route("/sign-out", post(sign_out))
        .with_state(sign_in)
}

async fn authorize(
    State(sign_in): App,
    RawQuery(query): RawQuery,
    visitor: Visitor,
    headers: HeaderMap,
) -> Response {
    let request = match Request::parse(&sign_in, &query.unwrap_or_default()) {
        Ok(request) => request,
        Err(Mistake::Told(address)) => return redirect(&address),
        Err(Mistake::Unanswerable) => return view::unanswerable(&sign_in, &visitor),
    };
    let session = session(&sign_in, &headers).await;
    let is_enough = |session: &Session| {
        let age = now() - session.auth_time;
        !request.anew
            && request.max_age.is_none_or(|max| max > 0 && age <= max)
            && (request.password_is_enough || session.level != Level::Password)
    };
    match session.filter(is_enough) {
        Some(session) => {
            let code = sign_in.state().issue(request.clone(), session, now());
            redirect(&request.answered(&sign_in, &code))
        }
        None if request.silent => redirect(&request.refused(&sign_in, "login_required")),
        None => begin(&sign_in, &headers, Goal::Client(Box::new(request))),
    }
}

/// Asks this browser to sign in.
fn begin(sign_in: &SignIn, headers: &HeaderMap, goal: Goal) -> Response {
    let known = BROWSER.read(headers);
    let browser = known.clone().unwrap_or_else(random_text::<16>);
    let flow = sign_in.state().begin(&browser, goal, now());
    let answer = redirect(&page(&flow));
    match known {
        Some(_) => answer,
        None => with_cookie(answer, BROWSER, &browser),
    }
}

async fn show(
    State(sign_in): App,
    Path(id): Path<String>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Response {
    match flow(&sign_in, &headers, &id) {
        Some(flow) => view::sign_in(&sign_in, &visitor, &id, &flow, None),
        None => view::over(&sign_in, &visitor),
    }
}

/// A form's address, opened as a page.
async fn to_page(Path(id): Path<String>) -> Response {
    redirect(&page(&id))
}

#[derive(Deserialize)]
struct Credentials {
    account: String,
    secret: String,
}

async fn check(
    State(sign_in): App,
    Path(id): Path<String>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(form): Form<Credentials>,
) -> Response {
    let Some(flow) = flow(&sign_in, &headers, &id) else {
        return view::over(&sign_in, &visitor);
    };
    let account = form.account.trim();
    let secret = Zeroizing::new(form.secret);
    let person = match sign_in.directory.check(account, &secret).await {
        Ok(person) => person,
        Err(refusal) => {
            let problem = Problem { refusal, account };
            return view::sign_in(&sign_in, &visitor, &id, &flow, Some(&problem));
        }
    };
    let is_enough = match &flow.goal {
        Goal::Client(request) => request.password_is_enough,
        Goal::SecurityInfo => false,
    };
    let level = match person.with {
        With::AccessPass => Level::AccessPass,
        With::Password if is_enough => Level::Password,
        With::Password => {
            sign_in.state().set_person(&id, Some(person));
            return redirect(&page(&id));
        }
    };
    let auth_time = now();
    let session = Session {
        person,
        level,
        auth_time,
    };
    finish(&sign_in, &headers, &id, flow, session)
}

/// The button on the authenticator.
async fn approve(
    State(sign_in): App,
    Path(id): Path<String>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Response {
    let Some(flow) = flow(&sign_in, &headers, &id) else {
        return view::over(&sign_in, &visitor);
    };
    let person = flow.person.clone();
    let has_one = |account: &str| sign_in.state().has_authenticator(account);
    match person.filter(|person| has_one(&person.account)) {
        Some(person) => {
            let session = Session {
                person,
                level: Level::Authenticator,
                auth_time: now(),
            };
            finish(&sign_in, &headers, &id, flow, session)
        }
        None => redirect(&page(&id)),
    }
}

/// Opens a session in place of the one there was, and goes where it was wanted.
fn finish(
    sign_in: &SignIn,
    headers: &HeaderMap,
    id: &str,
    flow: Flow,
    session: Session,
) -> Response {
    let mut state = sign_in.state();
    state.end(id);
    if let Some(before) = SESSION.read(headers) {
        state.close(&before);
    }
    let opened = state.open(session.clone());
    let to = match flow.goal {
        Goal::SecurityInfo => "/security-info".to_owned(),
        Goal::Client(request) => {
            let code = state.issue((*request).clone(), session, now());
            request.answered(sign_in, &code)
        }
    };
    with_cookie(redirect(&to), SESSION, &opened)
}

/// Somebody else's account after all.
async fn other(State(sign_in): App, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if flow(&sign_in, &headers, &id).is_some() {
        sign_in.state().set_person(&id, None);
    }
    redirect(&page(&id))
}

async fn cancel(
    State(sign_in): App,
    Path(id): Path<String>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Response {
    let Some(flow) = flow(&sign_in, &headers, &id) else {
        return view::over(&sign_in, &visitor);
    };
    sign_in.state().end(&id);
    match flow.goal {
        Goal::Client(request) => redirect(&request.refused(&sign_in, "access_denied")),
        Goal::SecurityInfo => redirect(&sign_in.recovery),
    }
}

async fn security_info(State(sign_in): App, visitor: Visitor, headers: HeaderMap) -> Response {
    match strong_session(&sign_in, &headers).await {
        Some(session) => view::security_info(&sign_in, &visitor, &session),
        None => begin(&sign_in, &headers, Goal::SecurityInfo),
    }
}

async fn register(State(sign_in): App, headers: HeaderMap) -> Response {
    set_authenticator(&sign_in, &headers, true).await
}

/// The demo's: whoever wants to know what it is like without.
async fn lose(State(sign_in): App, headers: HeaderMap) -> Response {
    set_authenticator(&sign_in, &headers, false).await
}

async fn set_authenticator(sign_in: &SignIn, headers: &HeaderMap, has: bool) -> Response {
    if let Some(session) = strong_session(sign_in, headers).await {
        let account = &session.person.account;
        sign_in.state().set_authenticator(account, has);
    }
    redirect("/security-info")
}

async fn sign_out(State(sign_in): App, visitor: Visitor, headers: HeaderMap) -> Response {
    if let Some(id) = SESSION.read(&headers) {
        sign_in.state().close(&id);
    }
    view::signed_out(&sign_in, &visitor)
}

/// Who is signed in, if the directory still says so.
async fn session(sign_in: &SignIn, headers: &HeaderMap) -> Option<Session> {
    let id = SESSION.read(headers)?;
    let session = sign_in.state().session(&id, now())?;
    let person = &session.person;
    let directory = &sign_in.directory;
    if directory
        .holds(&person.account, person.session_generation)
        .await
    {
        return Some(session);
    }
    sign_in.state().close(&id);
    None
}

/// As [`session`]; a password alone changes no second factor.
async fn strong_session(sign_in: &SignIn, headers: &HeaderMap) -> Option<Session> {
    let session = session(sign_in, headers).await?;
    (session.level != Level::Password).then_some(session)
}

fn flow(sign_in: &SignIn, headers: &HeaderMap, id: &str) -> Option<Flow> {
    let browser = BROWSER.read(headers);
    sign_in.state().flow(id, browser.as_deref(), now())
}

/// Only what our identifiers are made of, since it becomes an address.
fn page(id: &str) -> String {
    let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match id.chars().all(known) {
        true => format!("/sign-in/{id}"),
        false => "/".to_owned(),
    }
}

fn with_cookie(mut answer: Response, cookie: HostCookie, value: &str) -> Response {
    let cookie = HeaderValue::try_from(cookie.set(value)).expect("base64url is a header value");
    answer.headers_mut().append(SET_COOKIE, cookie);
    answer
}

//! The front of the browser demo: where everything is, who its people are, the counters, and the
//! mails that the portal wrote.

mod desk;
mod mailbox;
mod people;

use crate::cards::Cards;
use crate::cast::Person;
use crate::site::Site;
use anyhow::Result;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use kazasu_service::page::{Page, Source, Visitor, Words};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

/// The texts of its pages.
pub(crate) const TEXTS: Source = Source {
    ja: include_str!("texts/front.ja.ftl"),
    en: include_str!("texts/front.en.ftl"),
};

/// What opens an account again that was frozen, as a counter of the university does.
pub type Unfreeze =
    Box<dyn Fn(String) -> Pin<Box<dyn Future<Output = Result<()>> + Send>> + Send + Sync>;

/// What the front is set up with.
pub struct FrontSetup {
    /// Its origin.
    pub origin: String,
    /// Where the portal is.
    pub portal: String,
    /// Where the phone is.
    pub phone: String,
    /// Where the sign-in is.
    pub sign_in: String,
    /// Everybody.
    pub people: Vec<Person>,
    /// Their cards.
    pub cards: Arc<Cards>,
    /// Where the portal puts its mails.
    pub mails: PathBuf,
    /// What opens an account again.
    pub unfreeze: Unfreeze,
}

struct Front {
    site: Arc<Site>,
    setup: FrontSetup,
}

/// The front's pages.
pub fn router(setup: FrontSetup) -> Router {
    let name = ["かざすのデモ", "Kazasu demo"];
    let site = Arc::new(Site::new(&setup.origin, name, &[TEXTS]));
    let front = Arc::new(Front {
        site: site.clone(),
        setup,
    });
    let pages = Router::new()
        .route("/", get(start))
        .route("/people", get(people::show))
        .route("/desk", get(desk::show))
        .route("/desk/cards/{holder}/{order}", post(desk::order))
        .route("/desk/accounts/{account}/open", post(desk::open))
        .route("/mail", get(mailbox::list))
        .route("/mail/{file}", get(mailbox::show))
        .with_state(front);
    site.dress(pages)
}

#[derive(Template)]
#[template(path = "front/start.html")]
struct Start<'a> {
    words: Words<'a>,
    setup: &'a FrontSetup,
}

async fn start(State(front): State<Arc<Front>>, visitor: Visitor) -> Response {
    front.show(&visitor, "start", |words| Start {
        words,
        setup: &front.setup,
    })
}

impl Front {
    fn show<'a, T: Template>(
        &'a self,
        visitor: &Visitor,
        title: &str,
        body: impl FnOnce(Words<'a>) -> T,
    ) -> Response {
        let language = visitor.language(None);
        let words = self.site.words(language);
        let body = body(words).render();
        let body = body.expect("writing to a string does not fail");
        let title = words.say(title);
        self.site.show(visitor, &Page::new(language, &title, body))
    }
}

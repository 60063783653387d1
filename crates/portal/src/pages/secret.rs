//! The page that shows a secret, once.

use super::visit::Visit;
use crate::operations::Issued;
use askama::Template;
use axum::response::Response;
use kazasu_service::page::Words;

/// What is shown.
pub(super) struct Secret<'a> {
    pub(super) procedure: &'a str,
    pub(super) token: &'a str,
    pub(super) account: &'a str,
    pub(super) issued: &'a Issued,
    /// The person chose it, so they know it.
    pub(super) chosen: bool,
}

#[derive(Template)]
#[template(path = "secret.html")]
struct Shown<'a> {
    words: Words<'a>,
    procedure: &'a str,
    token: &'a str,
    account: &'a str,
    /// Names the texts: password or access-pass.
    what: &'static str,
    /// `None` where it was chosen: it is not repeated.
    secret: Option<&'a str>,
    until: Option<String>,
    /// Where it is used.
    link: Option<&'a str>,
    printed_at: String,
}

pub(super) fn show(visit: &Visit, secret: &Secret<'_>) -> Response {
    let recovery = &visit.app.settings.recovery;
    let (what, text, until, link) = match secret.issued {
        Issued::Password(password) => ("password", password.expose(), None, &recovery.sign_in_url),
        Issued::AccessPass { pass, expires_at } => (
            "access-pass",
            pass.expose(),
            Some(visit.when(*expires_at)),
            &recovery.security_info_url,
        ),
    };
    let body = Shown {
        words: visit.words(),
        procedure: secret.procedure,
        token: secret.token,
        account: secret.account,
        what,
        secret: (!secret.chosen).then_some(text),
        until,
        link: link.as_ref().map(|link| link.get(visit.language())),
        printed_at: visit.when(visit.now),
    };
    let title = visit.words().say(&format!("secret-{what}"));
    visit.show_page(&title, &body, |page| {
        // Copying and asking before leaving need the script; everything else works without.
        page.live = true;
        page.switchable = false;
    })
}

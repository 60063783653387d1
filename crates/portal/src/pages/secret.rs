//! The page that shows a secret, once.

use super::visit::Visit;
use crate::operations::{Issued, IssuedSecret};
use askama::Template;
use axum::response::Response;
use kazasu_service::page::Words;

/// What is shown.
pub(super) struct Secret<'a> {
    pub(super) procedure: &'a str,
    pub(super) token: &'a str,
    pub(super) issued: &'a Issued,
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
    let Issued {
        account,
        secret: issued,
    } = secret.issued;
    let (what, text, until) = match issued {
        IssuedSecret::Password(password) => ("password", Some(password.expose()), None),
        IssuedSecret::ChosenPassword => ("password", None, None),
        IssuedSecret::AccessPass { pass, expires_at } => {
            let until = visit.when(*expires_at);
            ("access-pass", Some(pass.expose()), Some(until))
        }
    };
    let link = match issued {
        IssuedSecret::AccessPass { .. } => &recovery.security_info_url,
        _ => &recovery.sign_in_url,
    };
    let body = Shown {
        words: visit.words(),
        procedure: secret.procedure,
        token: secret.token,
        account: account.as_str(),
        what,
        secret: text,
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

//! The browser: the cookie it is recognised by, and what its headers say.

use crate::keys::derived_code;
use axum::http::{HeaderMap, Uri};
use kazasu_service::page::{self, HostCookie, Visitor};
use kazasu_service::secret::{from_base64url, hash, random_text};
use kazasu_statement::Language;

const COOKIE: HostCookie = HostCookie::new("kazasu");

/// Keeps tickets apart from anything else derived from a cookie.
const TICKET_DOMAIN: &[u8] = b"kazasu/ticket/v1";

/// A browser that sent its cookie, or is about to get it.
pub(crate) struct Browser {
    cookie: String,
}

impl Browser {
    /// A browser that was not here before.
    pub(crate) fn new() -> Self {
        Self {
            cookie: random_text::<32>(),
        }
    }

    /// `None` if there is no cookie, one that is not of ours, or more than one.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let cookie = COOKIE.read(headers)?;
        (from_base64url(&cookie)?.len() == 32).then_some(Self { cookie })
    }

    /// What the database knows it by.
    pub(crate) fn hash(&self) -> [u8; 32] {
        hash(&self.cookie)
    }

    pub(crate) fn set_cookie(&self) -> String {
        COOKIE.set(&self.cookie)
    }

    /// The ticket with a number. Derived from the cookie, so that this browser's page can show it
    /// again although only its hash is stored.
    pub(crate) fn ticket(&self, transaction_id: &str, number: u32) -> String {
        let fields = [
            TICKET_DOMAIN,
            transaction_id.as_bytes(),
            &number.to_be_bytes(),
        ];
        derived_code(self.cookie.as_bytes(), &fields)
    }
}

/// The language a person chose here or their browser prefers, of the two there are.
pub(crate) fn language(headers: &HeaderMap) -> Language {
    let visitor = Visitor::new(headers, &Uri::default());
    match visitor.language(None) {
        page::Language::Japanese => Language::Japanese,
        page::Language::English => Language::English,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header;

    #[test]
    fn a_cookie_is_recognised_among_others_and_a_strange_one_is_not() {
        let of = |line: &str| {
            let headers = HeaderMap::from_iter([(header::COOKIE, line.parse().unwrap())]);
            Browser::from_headers(&headers).map(|browser| browser.cookie)
        };
        let browser = Browser::new();
        let line = format!("a=b; __Host-kazasu={}; c=d", browser.cookie);
        assert_eq!(of(&line).as_ref(), Some(&browser.cookie));
        for strange in ["", "a=b", "__Host-kazasu=short", "__Host-kazasu="] {
            assert_eq!(of(strange), None, "{strange}");
        }
    }
}

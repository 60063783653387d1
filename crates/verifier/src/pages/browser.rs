//! The browser: the cookie it is recognised by, and what its headers say.

use crate::keys::derived_code;
use axum::http::header::{COOKIE, USER_AGENT};
use axum::http::{HeaderMap, Uri};
use cookie::Cookie;
use kazasu_service::page::{self, Visitor};
use kazasu_service::secret::{from_base64url, hash, random_text};
use kazasu_statement::Language;

/// The `__Host-` prefix makes browsers insist on Secure, Path=/ and no Domain, so that no
/// neighbouring host can set it (RFC 6265bis §4.1.3.2).
const NAME: &str = "__Host-kazasu";

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

    /// `None` if there is no cookie, one that is not of ours, or more than one: no browser keeps
    /// two, so one of them was slipped in, and nothing says which.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let cookies = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let mut named = cookies
            .flat_map(Cookie::split_parse)
            .filter_map(Result::ok)
            .filter(|cookie| cookie.name() == NAME);
        let cookie = named.next()?.value().to_owned();
        if named.next().is_some() {
            return None;
        }
        (from_base64url(&cookie)?.len() == 32).then_some(Self { cookie })
    }

    /// What the database knows it by.
    pub(crate) fn hash(&self) -> [u8; 32] {
        hash(&self.cookie)
    }

    /// No Max-Age: it goes when the browser is closed.
    pub(crate) fn set_cookie(&self) -> String {
        format!(
            "{NAME}={}; Path=/; Secure; HttpOnly; SameSite=Lax",
            self.cookie
        )
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

/// A description that a person recognises and that tells a tracker nothing: "Firefox, Windows".
pub(crate) fn describe(headers: &HeaderMap) -> String {
    let agent = headers
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    // In this order, because most browsers also claim to be the ones after them.
    let browsers = [
        ("Edg", "Edge"),
        ("Firefox", "Firefox"),
        ("FxiOS", "Firefox"),
        ("CriOS", "Chrome"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ];
    let systems = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Macintosh", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let find = |list: &[(&str, &'static str)]| {
        list.iter()
            .find(|(mark, _)| agent.contains(mark))
            .map(|(_, name)| *name)
    };
    let known: Vec<&str> = [find(&browsers), find(&systems)]
        .into_iter()
        .flatten()
        .collect();
    known.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn headers(list: &[(HeaderName, &str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_cookie_is_recognised_among_others_and_a_strange_one_is_not() {
        let browser = Browser::new();
        let line = format!("a=b; {NAME}={}; c=d", browser.cookie);
        assert_eq!(
            Browser::from_headers(&headers(&[(COOKIE, &line)]))
                .unwrap()
                .cookie,
            browser.cookie
        );
        for strange in ["", "a=b", "__Host-kazasu=short", "__Host-kazasu="] {
            assert!(Browser::from_headers(&headers(&[(COOKIE, strange)])).is_none());
        }
    }

    #[test]
    fn the_cookie_is_for_this_host_https_and_no_script() {
        let browser = Browser::new();
        let line = browser.set_cookie();
        let mut parts = line.split("; ");
        assert_eq!(parts.next(), Some(&*format!("{NAME}={}", browser.cookie)));
        let attributes: Vec<_> = parts.collect();
        assert_eq!(attributes, ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"]);
    }

    #[test]
    fn of_two_cookies_neither_counts() {
        let (planted, own) = (Browser::new().cookie, Browser::new().cookie);
        let line = format!("{NAME}={planted}; {NAME}={own}");
        assert!(Browser::from_headers(&headers(&[(COOKIE, &line)])).is_none());
        let mut lines = headers(&[(COOKIE, &format!("{NAME}={planted}"))]);
        lines.append(COOKIE, format!("{NAME}={own}").parse().unwrap());
        assert!(Browser::from_headers(&lines).is_none());
    }

    #[test]
    fn the_description_is_coarse() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0";
        assert_eq!(describe(&headers(&[(USER_AGENT, edge)])), "Edge, Windows");
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
        assert_eq!(
            describe(&headers(&[(USER_AGENT, iphone)])),
            "Safari, iPhone"
        );
        assert_eq!(describe(&headers(&[])), "");
    }
}

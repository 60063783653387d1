//! Who looks at a page, as far as its language goes, and whether anybody does.

use super::{HostCookie, Language};
use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, LOCATION, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;

/// The query parameter of the language switch.
const PARAMETER: &str = "lang";

/// Remembers a chosen language until the browser is closed.
const CHOICE: HostCookie = HostCookie::new("language");

/// Whoever looks at a page.
#[derive(Debug, Clone)]
pub struct Visitor {
    chosen: Option<Language>,
    preferred: Option<Language>,
    /// The address says nothing but the page, and perhaps the language.
    is_plain: bool,
}

impl Visitor {
    /// What a request says about them.
    pub fn new(headers: &HeaderMap, uri: &Uri) -> Self {
        let language = asked_for(uri);
        let remembered = || Language::from_tag(&CHOICE.read(headers)?);
        Self {
            chosen: language.or_else(remembered),
            preferred: preferred(headers),
            is_plain: language.is_some() || uri.query().is_none(),
        }
    }

    /// The language to speak: what they chose here, else what they were sent with, else what their
    /// browser prefers.
    pub fn language(&self, sent_with: Option<Language>) -> Language {
        self.chosen
            .or(sent_with)
            .or(self.preferred)
            .unwrap_or(Language::Japanese)
    }

    /// A link, relative to the page, that shows it in another language. There is none where the
    /// address has a query: it would have to be repeated on the page, and may come from anybody.
    pub fn link_to(&self, language: Language) -> Option<String> {
        let link = || format!("?{PARAMETER}={}", language.tag());
        self.is_plain.then(link)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let OriginalUri(uri) = OriginalUri::from_request_parts(parts, state).await?;
        Ok(Self::new(&parts.headers, &uri))
    }
}

/// The answer to a click on the language switch: the same page, with the choice in a cookie. It
/// leads nowhere else, whatever the address says.
pub fn switch_language(method: &Method, uri: &Uri) -> Option<Response> {
    let language = asked_for(uri).filter(|_| method == Method::GET)?;
    // Two slashes at the start would name another host.
    let location = format!("/{}", uri.path().trim_start_matches(['/', '\\']));
    let cookie = CHOICE.set(language.tag());
    let headers = [
        (LOCATION, HeaderValue::try_from(location).ok()?),
        (SET_COOKIE, HeaderValue::try_from(cookie).ok()?),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Some((StatusCode::SEE_OTHER, headers).into_response())
}

/// A request that somebody's software makes to have a look, and that must change nothing: HEAD, or
/// a page fetched in case a person wants it later.
pub(super) fn is_preview(method: &Method, headers: &HeaderMap) -> bool {
    // Sec-Purpose is what browsers send; X-Moz and Purpose are what older ones did.
    let purposes = ["sec-purpose", "purpose", "x-moz"].map(HeaderName::from_static);
    let fetches_ahead = |name: &HeaderName| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.contains("prefetch") || value.contains("prerender"))
    };
    method == Method::HEAD || purposes.iter().any(fetches_ahead)
}

/// The language that an address names, if it names nothing else.
fn asked_for(uri: &Uri) -> Option<Language> {
    let (key, tag) = uri.query()?.split_once('=')?;
    Language::from_tag(tag).filter(|_| key == PARAMETER)
}

fn preferred(headers: &HeaderMap) -> Option<Language> {
    let header = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    // Browsers list languages by preference; weights only repeat the order.
    header
        .split(',')
        .filter_map(|entry| entry.split(';').next())
        .find_map(|tag| Language::from_tag(tag.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::COOKIE;

    fn visitor(accept: &str, cookie: &str, uri: &str) -> Visitor {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, accept.parse().unwrap());
        headers.insert(COOKIE, cookie.parse().unwrap());
        Visitor::new(&headers, &uri.parse().unwrap())
    }

    #[test]
    fn a_chosen_language_wins_over_the_one_sent_with_and_that_over_the_browsers() {
        let english = Some(Language::English);
        let browser = visitor("ja,en;q=0.5", "", "/page");
        assert_eq!(browser.language(None), Language::Japanese);
        assert_eq!(browser.language(english), Language::English);
        let chosen = visitor("en", "a=b; __Host-language=ja", "/page");
        assert_eq!(chosen.language(english), Language::Japanese);
        let neither = visitor("fr-FR", "__Host-language=fr", "/page");
        assert_eq!(neither.language(None), Language::Japanese);
    }

    #[test]
    fn the_first_language_that_is_spoken_here_is_taken() {
        let pick = |accept| visitor(accept, "", "/").language(None);
        assert_eq!(pick("en-GB,en;q=0.9,ja;q=0.8"), Language::English);
        assert_eq!(pick("fr-FR,ja;q=0.8,en;q=0.5"), Language::Japanese);
        assert_eq!(pick("fr"), Language::Japanese);
    }

    #[test]
    fn the_switch_leads_back_to_the_page_and_is_remembered() {
        let here = visitor("ja", "", "/page?lang=ja");
        assert_eq!(here.link_to(Language::English).as_deref(), Some("?lang=en"));
        let answer = switch_language(&Method::GET, &"/page?lang=en".parse().unwrap()).unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()[LOCATION], "/page");
        assert_eq!(
            answer.headers()[SET_COOKIE],
            "__Host-language=en; Path=/; Secure; HttpOnly; SameSite=Lax"
        );
        assert!(switch_language(&Method::POST, &"/page?lang=en".parse().unwrap()).is_none());
        assert!(switch_language(&Method::GET, &"/page?lang=tlh".parse().unwrap()).is_none());
    }

    #[test]
    fn an_address_that_says_more_is_left_alone() {
        let address = "/page?client_id=a&lang=en";
        assert!(
            visitor("ja", "", address)
                .link_to(Language::English)
                .is_none()
        );
        assert!(switch_language(&Method::GET, &address.parse().unwrap()).is_none());
        let other = "/page?a=b";
        assert!(
            visitor("ja", "", other)
                .link_to(Language::English)
                .is_none()
        );
    }

    #[test]
    fn the_switch_leads_to_no_other_host() {
        for address in ["//evil.example/?lang=en", "///evil.example/?lang=en"] {
            let answer = switch_language(&Method::GET, &address.parse().unwrap()).unwrap();
            assert_eq!(answer.headers()[LOCATION], "/evil.example/");
        }
    }

    #[test]
    fn a_look_ahead_is_no_visit() {
        let mut headers = HeaderMap::new();
        assert!(is_preview(&Method::HEAD, &headers));
        assert!(!is_preview(&Method::GET, &headers));
        headers.insert("sec-purpose", "prefetch;prerender".parse().unwrap());
        assert!(is_preview(&Method::GET, &headers));
    }
}

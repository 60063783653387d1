//! Answers that are no page yet, or none at all: redirects, bare statuses, and what every answer to
//! a browser carries.

use super::visitor::is_preview;
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, REFERRER_POLICY, RETRY_AFTER,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

/// Seconds after which somebody who came too often, or at a bad time, may come again.
const LATER: &str = "60";

/// 303, so that a form's answer is fetched by GET. `location` is a URL, or a path.
pub fn redirect(location: &str) -> Response {
    let location = HeaderValue::try_from(location).expect("a URL is a header value");
    let headers = [
        (LOCATION, location),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// The answer to a request on whose result no person looks, if it is one: HEAD, or a page fetched
/// in case somebody wants it later. It changes nothing, and uses nothing up.
pub fn answer_preview(method: &Method, headers: &HeaderMap) -> Option<Response> {
    if !is_preview(method, headers) {
        return None;
    }
    Some(match *method {
        Method::HEAD => StatusCode::OK.into_response(),
        // Told that there is nothing to keep, the browser asks again when the person goes there.
        _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    })
}

/// Whoever sent the request shows pages.
pub fn accepts_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|types| types.contains("text/html"))
}

/// An answer for programs, or a page already: not one that a page could stand in for.
pub fn is_made(response: &Response) -> bool {
    let kind = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    kind.is_some_and(|kind| !kind.starts_with("text/plain"))
}

/// The page that stands in for a `bare` answer of this status. What that said besides its text
/// stays: when to come again, which methods there are.
pub fn with_headers_of(status: StatusCode, bare: &HeaderMap, mut page: Response) -> Response {
    for (name, value) in bare {
        if !page.headers().contains_key(name) && name != CONTENT_LENGTH {
            page.headers_mut().insert(name, value.clone());
        }
    }
    let soon = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    if soon.contains(&status) {
        page.headers_mut()
            .entry(RETRY_AFTER)
            .or_insert(HeaderValue::from_static(LATER));
    }
    page
}

/// What everything that a server of this `origin` answers to a browser carries, page or not.
pub fn with_security_headers(origin: &str, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Pages say so themselves: they let their own forms name where they come from.
    headers
        .entry(REFERRER_POLICY)
        .or_insert(HeaderValue::from_static("no-referrer"));
    if origin.starts_with("https:") {
        headers.insert(
            STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::ALLOW;
    use axum::response::Html;

    #[test]
    fn a_redirect_is_followed_by_get_and_leaves_no_trace() {
        let answer = redirect("/next");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()[LOCATION], "/next");
        assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(answer.headers()[REFERRER_POLICY], "no-referrer");
    }

    #[test]
    fn a_preview_changes_nothing_and_is_not_kept() {
        let mut headers = HeaderMap::new();
        let status = |method, headers: &HeaderMap| {
            answer_preview(&method, headers).map(|response| response.status())
        };
        assert_eq!(status(Method::GET, &headers), None);
        assert_eq!(status(Method::HEAD, &headers), Some(StatusCode::OK));
        headers.insert("sec-purpose", HeaderValue::from_static("prefetch"));
        let later = Some(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status(Method::GET, &headers), later);
    }

    #[test]
    fn a_page_stands_in_for_bare_answers_only() {
        assert!(!is_made(&StatusCode::NOT_FOUND.into_response()));
        assert!(!is_made(&"plain".into_response()));
        assert!(is_made(&Html("page").into_response()));
        assert!(is_made(&axum::Json(1).into_response()));
    }

    #[test]
    fn a_page_keeps_what_the_bare_answer_said_beside_its_text() {
        let bare = [(ALLOW, "GET"), (CONTENT_TYPE, "text/plain")];
        let bare = (bare, "Method Not Allowed").into_response();
        let stand_in = |status: StatusCode, bare: &HeaderMap| {
            with_headers_of(status, bare, (status, Html("page")).into_response())
        };
        let page = stand_in(StatusCode::METHOD_NOT_ALLOWED, bare.headers());
        assert_eq!(page.headers()[ALLOW], "GET");
        assert_eq!(page.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
        assert!(!page.headers().contains_key(RETRY_AFTER));
        let page = stand_in(StatusCode::SERVICE_UNAVAILABLE, &HeaderMap::new());
        assert_eq!(page.headers()[RETRY_AFTER], LATER);
        let said = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("7"))]);
        let page = stand_in(StatusCode::TOO_MANY_REQUESTS, &said);
        assert_eq!(page.headers()[RETRY_AFTER], "7");
    }

    #[test]
    fn https_stays_https_and_a_page_says_itself_what_its_forms_name() {
        let page = [(REFERRER_POLICY, "same-origin")].into_response();
        let page = with_security_headers("https://service.example", page);
        assert_eq!(page.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(page.headers()[REFERRER_POLICY], "same-origin");
        assert!(page.headers().contains_key(STRICT_TRANSPORT_SECURITY));
        let bare = with_security_headers("http://127.0.0.1:1", ().into_response());
        assert_eq!(bare.headers()[REFERRER_POLICY], "no-referrer");
        assert!(!bare.headers().contains_key(STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn a_browser_says_that_it_shows_pages() {
        let asks = |types: &'static str| {
            accepts_html(&HeaderMap::from_iter([(
                ACCEPT,
                HeaderValue::from_static(types),
            )]))
        };
        assert!(asks("text/html,application/xhtml+xml,*/*;q=0.8"));
        assert!(!asks("application/json"));
        assert!(!accepts_html(&HeaderMap::new()));
    }
}

//! Forms are taken from our own pages only.

use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, HeaderName};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A form that a page of `origin` sent. Browsers state it in Sec-Fetch-Site; Safari before 16.4
/// only in Origin, which is there because pages have the referrer policy `same-origin`: under
/// `no-referrer` it would be "null". Who states neither is refused.
pub fn is_own_form(headers: &HeaderMap, origin: &str) -> bool {
    match (headers.get(SEC_FETCH_SITE), headers.get(ORIGIN)) {
        (Some(site), _) => site == "same-origin",
        (None, Some(sender)) => sender == origin,
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_from_elsewhere_are_recognised() {
        let ours = "https://service.example";
        let check = |list: &[(HeaderName, &str)]| {
            let headers = list
                .iter()
                .map(|(name, value)| (name.clone(), value.parse().unwrap()));
            is_own_form(&headers.collect(), ours)
        };
        assert!(check(&[(ORIGIN, ours)]));
        assert!(check(&[(ORIGIN, "null"), (SEC_FETCH_SITE, "same-origin")]));
        assert!(!check(&[]));
        assert!(!check(&[(ORIGIN, "null")]));
        assert!(!check(&[(ORIGIN, "https://evil.example")]));
        assert!(!check(&[(ORIGIN, ours), (SEC_FETCH_SITE, "same-site")]));
        assert!(!check(&[(ORIGIN, ours), (SEC_FETCH_SITE, "none")]));
    }
}

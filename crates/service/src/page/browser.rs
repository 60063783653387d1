//! The browser: a cookie that it is recognised by, and what its headers say.

use axum::http::HeaderMap;
use axum::http::header::{COOKIE, USER_AGENT};
use cookie::Cookie;

const PREFIX: &str = "__Host-";

/// A cookie for this very host, https, no script, and as long as the browser is open.
///
/// The `__Host-` prefix makes browsers insist on Secure, Path=/ and no Domain, so that no
/// neighbouring host can set it (RFC 6265bis §4.1.3.2).
#[derive(Debug, Clone, Copy)]
pub struct HostCookie {
    name: &'static str,
}

impl HostCookie {
    /// The cookie called `__Host-` and this `name`, in letters.
    pub const fn new(name: &'static str) -> Self {
        Self { name }
    }

    /// Its value. `None` also if there is more than one: no browser keeps two, so one of them was
    /// slipped in, and nothing says which.
    pub fn read(self, headers: &HeaderMap) -> Option<String> {
        let cookies = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let mut named = cookies
            .flat_map(Cookie::split_parse)
            .filter_map(Result::ok)
            .filter(|cookie| cookie.name().strip_prefix(PREFIX) == Some(self.name));
        let value = named.next()?.value().to_owned();
        named.next().is_none().then_some(value)
    }

    /// The value of `Set-Cookie` that sets it to `value`, which is base64url or another word.
    pub fn set(self, value: &str) -> String {
        // No Max-Age: it goes when the browser is closed.
        let name = self.name;
        format!("{PREFIX}{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax")
    }

    /// The value of `Set-Cookie` that takes it away.
    pub fn forget(self) -> String {
        self.set("") + "; Max-Age=0"
    }
}

/// A description that a person recognises and that tells a tracker nothing: "Firefox, Windows".
pub fn describe(headers: &HeaderMap) -> String {
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

    const OURS: HostCookie = HostCookie::new("ours");

    fn headers(list: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_cookie_is_recognised_among_others() {
        let read = |line: &str| OURS.read(&headers(&[(COOKIE, line)]));
        let value = Some("value".to_owned());
        assert_eq!(read("a=b; __Host-ours=value; c=d"), value);
        for other in ["", "a=b", "ours=value", "__Host-ours2=value", "__Host-=x"] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn of_two_cookies_neither_counts() {
        let (planted, own) = ("__Host-ours=planted", "__Host-ours=own");
        let line = format!("{planted}; {own}");
        assert_eq!(OURS.read(&headers(&[(COOKIE, &line)])), None);
        let lines = headers(&[(COOKIE, planted), (COOKIE, own)]);
        assert_eq!(OURS.read(&lines), None);
    }

    #[test]
    fn a_cookie_is_for_this_host_https_and_no_script() {
        assert_eq!(
            OURS.set("value"),
            "__Host-ours=value; Path=/; Secure; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            OURS.forget(),
            "__Host-ours=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
        );
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

//! Two hosts, one port: the verifier's own, and that of ticket links. What belongs to one is not
//! found on the other, so that a ticket link is only ever one of the host that apps open, and
//! nothing there ever sets a cookie.

use super::ticket::{ANDROID_PATH, IOS_PATH};
use crate::settings::Settings;
use axum::extract::Request;
use axum::http::header::HOST;
use url::Url;

/// Which host a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Host {
    Verifier,
    Tickets,
}

impl Host {
    /// `None` for a name that is neither, or for two names: which of them counts would be anybody's
    /// guess (RFC 9112 §3.2). The port is not compared: in front of this server may be one that
    /// listens elsewhere.
    pub(super) fn of(settings: &Settings, request: &Request) -> Option<Self> {
        // HTTP/2 has it in the address.
        let authority = request.uri().host().map(str::to_owned).or_else(|| {
            let mut named = request.headers().get_all(HOST).iter();
            let (header, second) = (named.next()?.to_str().ok()?, named.next());
            second.is_none().then(|| without_port(header).to_owned())
        })?;
        let is = |origin: &str| {
            let url = Url::parse(origin).ok();
            url.is_some_and(|url| {
                url.host_str()
                    .is_some_and(|host| host.eq_ignore_ascii_case(&authority))
            })
        };
        if is(&settings.origin) {
            Some(Self::Verifier)
        } else if is(&settings.ticket_origin) {
            Some(Self::Tickets)
        } else {
            None
        }
    }

    /// Whether something at `path` may be here.
    pub(super) fn has(self, path: &str) -> bool {
        let of_tickets = path.starts_with("/t/") || path == ANDROID_PATH || path == IOS_PATH;
        match self {
            Self::Verifier => !of_tickets,
            Self::Tickets => of_tickets || path.starts_with("/assets/"),
        }
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // The colons of an IPv6 address stand inside its brackets.
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_taken_off_and_nothing_else() {
        assert_eq!(without_port("tap.example:443"), "tap.example");
        assert_eq!(without_port("tap.example"), "tap.example");
        assert_eq!(without_port("[::1]:8080"), "[::1]");
        assert_eq!(without_port("[::1]"), "[::1]");
    }

    #[test]
    fn each_host_has_its_own() {
        for path in ["/t/abc", ANDROID_PATH, IOS_PATH] {
            assert!(
                Host::Tickets.has(path) && !Host::Verifier.has(path),
                "{path}"
            );
        }
        for path in ["/tap/abc", "/oidc/jwks", "/", "/return/x"] {
            assert!(
                Host::Verifier.has(path) && !Host::Tickets.has(path),
                "{path}"
            );
        }
        let style = "/assets/page-0.css";
        assert!(Host::Verifier.has(style) && Host::Tickets.has(style));
    }
}

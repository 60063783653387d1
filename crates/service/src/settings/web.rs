//! Addresses of the web in settings.

use super::Problems;
use url::{Host, Url};

/// The origin `text` as it is compared and signed: without a trailing slash. Must be https, or
/// http on loopback.
pub fn origin(problems: &mut Problems, place: &str, text: &str) -> Option<String> {
    let parsed = Url::parse(text).ok().filter(is_web);
    let Some(ascii) = parsed.map(|url| url.origin().ascii_serialization()) else {
        problems.add(format!(
            "{place}: must be an https origin, or http on loopback"
        ));
        return None;
    };
    if ascii != text {
        problems.add(format!("{place}: write it as {ascii:?}"));
        return None;
    }
    Some(ascii)
}

/// Whether nobody on the way can read or change what is sent there: https, or http on loopback.
pub fn is_web(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

/// Warns where nobody can ever be: RFC 2606 keeps these names for examples.
pub fn warn_of_placeholder(problems: &mut Problems, place: &str, url: &Url) {
    let is_example = |name: &str| {
        [".invalid", ".example"]
            .iter()
            .any(|end| name.ends_with(end))
    };
    if matches!(url.host(), Some(Host::Domain(name)) if is_example(name)) {
        problems.warn(format!(
            "{place}: nobody is there; it was written as an example"
        ));
    }
}

/// Whether the host is this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

//! Tickets, as they come out of a QR code or an app link.

use std::fmt;
use url::{Host, Url};
use zeroize::Zeroizing;

/// A ticket carries at least 128 random bits: 22 base64url characters.
const SECRET_MIN: usize = 22;
const SECRET_MAX: usize = 128;

/// A verifier this companion was built or configured for: the origin its tickets are on, and the
/// verifier's own origin pinned to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    ticket_origin: String,
    verifier_origin: String,
}

/// Why a deployment cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeploymentError {
    /// Not `scheme://host[:port]` alone.
    #[error("`{0}` is not an origin (scheme://host[:port])")]
    NotAnOrigin(String),
    /// Neither HTTPS nor plain HTTP to this very machine.
    #[error("`{0}` must be https, or http on this machine")]
    Insecure(String),
}

impl Deployment {
    /// Pins a verifier's origin to a ticket origin. Both are `https://…`; plain `http://` is taken
    /// for loopback addresses and `localhost` only.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub fn new(ticket_origin: &str, verifier_origin: &str) -> Result<Self, DeploymentError> {
        Ok(Self {
            ticket_origin: origin(ticket_origin)?,
            verifier_origin: origin(verifier_origin)?,
        })
    }

    /// The origin whose statements this deployment signs and whose gRPC it calls.
    pub fn verifier_origin(&self) -> &str {
        &self.verifier_origin
    }
}

fn origin(text: &str) -> Result<String, DeploymentError> {
    let url = Url::parse(text).map_err(|_| DeploymentError::NotAnOrigin(text.to_owned()))?;
    let origin = url.origin().ascii_serialization();
    if origin != text.trim_end_matches('/') {
        return Err(DeploymentError::NotAnOrigin(text.to_owned()));
    }
    match url.scheme() {
        "https" => Ok(origin),
        "http" if is_this_machine(&url) => Ok(origin),
        _ => Err(DeploymentError::Insecure(text.to_owned())),
    }
}

/// Loopback by address or by name (RFC 6761 §6.3).
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Why a text is not a ticket to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// Not a ticket at all.
    #[error("this is not a Kazasu link")]
    NotATicket,
    /// A ticket of a host this companion was not configured for. Nothing was sent anywhere.
    #[error("this link belongs to a service this app does not know")]
    UnknownHost,
}

/// A ticket of a known deployment.
pub struct Ticket {
    pub(crate) secret: Zeroizing<String>,
    pub(crate) deployment: Deployment,
}

impl Ticket {
    /// Reads a scanned or opened link, `<ticket origin>/t/<ticket>`.
    ///
    /// # Errors
    /// [`TicketError`].
    pub fn parse(link: &str, known: &[Deployment]) -> Result<Self, TicketError> {
        let url = Url::parse(link.trim()).map_err(|_| TicketError::NotATicket)?;
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let secret = url
            .path()
            .strip_prefix("/t/")
            .filter(|secret| bare && is_ticket_secret(secret))
            .ok_or(TicketError::NotATicket)?;
        let origin = url.origin().ascii_serialization();
        let deployment = known
            .iter()
            .find(|deployment| deployment.ticket_origin == origin)
            .ok_or(TicketError::UnknownHost)?;
        Ok(Self {
            secret: Zeroizing::new(secret.to_owned()),
            deployment: deployment.clone(),
        })
    }

    /// The deployment it belongs to; its verifier is the one to connect to.
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }
}

fn is_ticket_secret(text: &str) -> bool {
    (SECRET_MIN..=SECRET_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket(of {})", self.deployment.ticket_origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdefghijkl";

    fn known() -> Vec<Deployment> {
        vec![Deployment::new("https://tap.example", "https://verifier.example").unwrap()]
    }

    #[test]
    fn a_ticket_of_a_known_host_pins_its_verifier() {
        let ticket = Ticket::parse(&format!("https://tap.example/t/{SECRET}\n"), &known()).unwrap();
        assert_eq!(
            ticket.deployment().verifier_origin(),
            "https://verifier.example"
        );
        assert_eq!(&*ticket.secret, SECRET);
        assert!(!format!("{ticket:?}").contains(SECRET));
    }

    #[test]
    fn look_alikes_of_a_ticket_are_refused() {
        for (link, expected) in [
            (
                format!("https://tap.example.evil/t/{SECRET}"),
                TicketError::UnknownHost,
            ),
            (
                format!("https://tap.example:444/t/{SECRET}"),
                TicketError::UnknownHost,
            ),
            (
                format!("http://tap.example/t/{SECRET}"),
                TicketError::UnknownHost,
            ),
            (
                format!("https://tap.example@evil/t/{SECRET}"),
                TicketError::NotATicket,
            ),
            (
                format!("https://tap.example/t/{SECRET}?x=1"),
                TicketError::NotATicket,
            ),
            (
                format!("https://tap.example/t/{SECRET}#x"),
                TicketError::NotATicket,
            ),
            (
                format!("https://tap.example/t/../t/{SECRET}/x"),
                TicketError::NotATicket,
            ),
            (
                "https://tap.example/t/short".to_owned(),
                TicketError::NotATicket,
            ),
            ("not a link".to_owned(), TicketError::NotATicket),
        ] {
            assert_eq!(
                Ticket::parse(&link, &known()).unwrap_err(),
                expected,
                "{link}"
            );
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for local in [
            "http://127.0.0.1:7080",
            "http://localhost:1",
            "http://verifier.localhost",
            "http://[::1]:9",
        ] {
            Deployment::new(local, local).unwrap();
        }
        for far in [
            "http://verifier.example",
            "http://10.0.0.1",
            "ftp://localhost",
        ] {
            assert!(Deployment::new(far, far).is_err(), "{far}");
        }
        assert_eq!(
            Deployment::new("https://tap.example/t/", "https://verifier.example"),
            Err(DeploymentError::NotAnOrigin(
                "https://tap.example/t/".to_owned()
            ))
        );
    }
}

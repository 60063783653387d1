//! From a ticket link to a connection with its verifier.

use crate::arguments::TapOptions;
use crate::failure::Failure;
use crate::language::Language;
use kazasu_companion::{CompanionError, Deployment, Ticket};
use std::net::SocketAddr;
use std::time::Duration;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};

const CONNECT_TIME: Duration = Duration::from_secs(10);
/// While the person types, nothing is sent for minutes: a connection that died has to be noticed.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);
const KEEP_ALIVE_TIME: Duration = Duration::from_secs(10);

/// Parses the link, which must be one of a trusted deployment, reached in a way that can be
/// trusted.
pub(crate) fn ticket(options: &TapOptions, language: Language) -> Result<Ticket, Failure> {
    let deployments = options
        .deployments
        .iter()
        .map(|text| {
            let (ticket_origin, verifier_origin) = text.split_once('=').unwrap_or((text, ""));
            Deployment::new(ticket_origin, verifier_origin)
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Failure::deployment(&error, language))?;
    let ticket = Ticket::parse(&options.ticket, &deployments)
        .map_err(|error| Failure::ticket(error, language))?;
    let plain = ticket.deployment().verifier_origin().starts_with("http:");
    match options.connect_to {
        Some(address) if plain && !address.ip().is_loopback() => {
            Err(Failure::insecure_address(language))
        }
        _ => Ok(ticket),
    }
}

/// Connects to the verifier at its origin, or at an address given instead.
pub(crate) async fn connect(
    origin: &str,
    address: Option<SocketAddr>,
    language: Language,
) -> Result<Channel, Failure> {
    let endpoint = endpoint(origin, address).ok();
    let connected = match endpoint {
        Some(endpoint) => endpoint.connect().await.ok(),
        None => None,
    };
    connected.ok_or_else(|| {
        let status = tonic::Status::unavailable("no connection");
        Failure::companion(&CompanionError::Offline(Box::new(status)), language)
    })
}

fn endpoint(
    origin: &str,
    address: Option<SocketAddr>,
) -> Result<Endpoint, tonic::transport::Error> {
    let endpoint = Endpoint::from_shared(origin.to_owned())?;
    let verifier = endpoint.uri().clone();
    let scheme = verifier.scheme_str().unwrap_or("https");
    let endpoint = match address {
        Some(address) => {
            Endpoint::from_shared(format!("{scheme}://{address}"))?.origin(verifier.clone())
        }
        None => endpoint,
    }
    .connect_timeout(CONNECT_TIME)
    .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
    .keep_alive_timeout(KEEP_ALIVE_TIME);
    if scheme == "http" {
        return Ok(endpoint);
    }
    let name = verifier.host().unwrap_or_default();
    endpoint.tls_config(ClientTlsConfig::new().with_native_roots().domain_name(name))
}

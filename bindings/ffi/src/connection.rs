//! The connection to the pinned verifier.

use crate::error::TapError;
use kazasu_companion::Deployment;
use std::time::Duration;
use tonic::transport::{Channel, Endpoint};

const CONNECT_TIME: Duration = Duration::from_secs(10);
/// While the person types, nothing is sent for minutes: a connection that died has to be noticed.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);
const KEEP_ALIVE_TIME: Duration = Duration::from_secs(10);

/// A channel that connects when it is first used, and again whenever that broke.
pub(crate) fn channel(deployment: &Deployment) -> Result<Channel, TapError> {
    let origin = deployment.verifier_origin();
    let endpoint = Endpoint::from_shared(origin.to_owned()).map_err(internal)?;
    let endpoint = endpoint
        .connect_timeout(CONNECT_TIME)
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIME);
    let endpoint = match endpoint.uri().scheme_str() {
        Some("https") => with_tls(endpoint)?,
        _ => endpoint,
    };
    Ok(endpoint.connect_lazy())
}

#[cfg(feature = "tls")]
fn with_tls(endpoint: Endpoint) -> Result<Endpoint, TapError> {
    let tls = tonic::transport::ClientTlsConfig::new().with_webpki_roots();
    endpoint.tls_config(tls).map_err(internal)
}

#[cfg(not(feature = "tls"))]
fn with_tls(_: Endpoint) -> Result<Endpoint, TapError> {
    let detail = "this build has no TLS: enable the feature `tls`".to_owned();
    Err(TapError::Internal { detail })
}

fn internal(error: tonic::transport::Error) -> TapError {
    TapError::Internal {
        detail: error.to_string(),
    }
}

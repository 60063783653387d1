//! The phone's connection to the one verifier that it knows.

use kazasu_companion::{CompanionError, Deployment, DeploymentError};
use std::net::SocketAddr;
use std::time::Duration;
use tonic::transport::{Channel, Endpoint};

const CONNECT_TIME: Duration = Duration::from_secs(5);

/// Which verifier, and where it is whatever its name.
pub(crate) struct Line {
    pub(crate) deployment: Deployment,
    address: SocketAddr,
}

impl Line {
    pub(crate) fn new(
        tickets: &str,
        verifier: &str,
        address: SocketAddr,
    ) -> Result<Self, DeploymentError> {
        Ok(Self {
            deployment: Deployment::new(tickets, verifier)?,
            address,
        })
    }

    /// A connection to the verifier's address that asks for it by its name.
    pub(crate) fn connect(&self) -> Result<Channel, CompanionError> {
        let failed = |_| CompanionError::BadAnswer("address");
        let named = Endpoint::from_shared(self.deployment.verifier_origin().to_owned());
        let named = named.map_err(failed)?;
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address));
        let endpoint = endpoint.map_err(failed)?.connect_timeout(CONNECT_TIME);
        Ok(endpoint.origin(named.uri().clone()).connect_lazy())
    }
}

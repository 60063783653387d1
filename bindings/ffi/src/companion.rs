//! The entry: one app build serves one verifier.

use crate::cancel::{CancelToken, unless_cancelled};
use crate::connection;
use crate::error::{PinKind, TapError};
use crate::tap::Tap;
use kazasu_companion::{Deployment, DeploymentError, Ticket, Transaction};
use std::sync::Arc;

/// Why a companion cannot be set up: the app was built with wrong addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum SetupError {
    /// Not `scheme://host[:port]` alone.
    #[error("`{address}` is not an origin (scheme://host[:port])")]
    NotAnOrigin {
        /// What was given.
        address: String,
    },
    /// Neither HTTPS nor plain HTTP to this very machine.
    #[error("`{address}` must be https, or http on this machine")]
    Insecure {
        /// What was given.
        address: String,
    },
}

/// Where a saved tap is.
#[derive(uniffi::Enum)]
pub enum Resumed {
    /// It waits for pairing or for the card, as it did before.
    Open {
        /// To go on with. PINs have to be typed again.
        tap: Arc<Tap>,
    },
    /// The tap was accepted; only its answer was missed.
    Accepted {
        /// The one-time address to open in the browser that started; absent where the page goes on
        /// by itself.
        return_url: Option<String>,
    },
}

/// What opens tickets of one verifier.
#[derive(Debug, uniffi::Object)]
pub struct Companion {
    deployment: Deployment,
}

#[uniffi::export(async_runtime = "tokio")]
impl Companion {
    /// For tickets at `ticket_origin`, such as `https://tap.example`, whose verifier is
    /// `verifier_origin`. An app builds both in; a link never brings them.
    ///
    /// # Errors
    /// [`SetupError`].
    #[uniffi::constructor]
    pub fn new(ticket_origin: String, verifier_origin: String) -> Result<Arc<Self>, SetupError> {
        let deployment = Deployment::new(&ticket_origin, &verifier_origin);
        let deployment = deployment.map_err(|error| match error {
            DeploymentError::NotAnOrigin(address) => SetupError::NotAnOrigin { address },
            DeploymentError::Insecure(address) => SetupError::Insecure { address },
        })?;
        Ok(Arc::new(Self { deployment }))
    }

    /// Opens a ticket that was scanned, or that an app link brought. The first companion that opens
    /// it has it.
    ///
    /// # Errors
    /// [`TapError::NotATicket`] and [`TapError::UnknownService`] before anything was sent;
    /// [`TapError::Offline`], [`TapError::Expired`], [`TapError::Rejected`].
    #[uniffi::method(default(cancel = None))]
    pub async fn open(
        &self,
        link: String,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<Tap>, TapError> {
        let ticket = Ticket::parse(&link, std::slice::from_ref(&self.deployment))?;
        let channel = connection::channel(&self.deployment)?;
        let claimed = unless_cancelled(cancel.as_deref(), Transaction::claim(channel, &ticket));
        let claimed = claimed.await.ok_or(TapError::Cancelled)?;
        let transaction = claimed.map_err(|error| TapError::of(error, PinKind::Authentication))?;
        Ok(Tap::new(transaction))
    }

    /// Goes on with a tap that was saved before the app was ended.
    ///
    /// # Errors
    /// [`TapError::NotSaved`] for bytes that `Tap.save` of this verifier did not give; otherwise
    /// why the tap cannot go on.
    #[uniffi::method(default(cancel = None))]
    pub async fn resume(
        &self,
        saved: Vec<u8>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Resumed, TapError> {
        let saved = zeroize::Zeroizing::new(saved);
        let channel = connection::channel(&self.deployment)?;
        let resumed = Transaction::resume(channel, &saved, &self.deployment);
        let resumed = unless_cancelled(cancel.as_deref(), resumed).await;
        let resumed = resumed.ok_or(TapError::Cancelled)?;
        match resumed.map_err(|error| TapError::of(error, PinKind::Authentication))? {
            kazasu_companion::Resumed::Open(transaction) => Ok(Resumed::Open {
                tap: Tap::new(*transaction),
            }),
            kazasu_companion::Resumed::Accepted { return_url } => {
                Ok(Resumed::Accepted { return_url })
            }
        }
    }
}

//! What went wrong on our side. The caller gets a reference; the log has the rest.

use crate::keys::KeyFailure;
use crate::pages::Reference;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kazasu_service::store::StoreError;
use kazasu_service::telemetry;
use tonic::Status;

/// An infrastructure failure, never a refusal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the database failed")]
    Store(#[from] StoreError),
    #[error("a transaction names a relying party that is no longer configured")]
    RelyingPartyGone,
    #[error("a key cannot be used")]
    Key(#[from] KeyFailure),
    #[error("a name cannot be decrypted")]
    NameSealed,
}

impl Failure {
    /// Logs it and returns the reference to look for: the request's identifier, where there is one.
    pub(crate) fn log(&self) -> String {
        let reference = telemetry::reference();
        let source = std::error::Error::source(self)
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(%reference, error = %self, source, "internal error");
        reference
    }

    /// The same request may succeed later where the database or the keys' token was away.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Store(_) | Self::Key(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::RelyingPartyGone | Self::NameSealed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        let text = format!("internal error, reference {}", failure.log());
        match failure.status() {
            StatusCode::SERVICE_UNAVAILABLE => Self::unavailable(text),
            _ => Self::internal(text),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let reference = self.log();
        let text = format!("internal error, reference {reference}\n");
        let mut response = (self.status(), text).into_response();
        // The page that a person gets instead shows it.
        response.extensions_mut().insert(Reference(reference));
        response
    }
}

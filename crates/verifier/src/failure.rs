//! What went wrong on our side. The caller gets a reference; the log has the rest.

use crate::keys::KeyFailure;
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
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        Self::internal(format!("internal error, reference {}", failure.log()))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let text = format!("internal error, reference {}\n", self.log());
        (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
    }
}

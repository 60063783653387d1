//! What went wrong on our side, or at a party that the portal needs. The person gets a page and a
//! reference; the log has the rest.

use crate::directory::DirectoryError;
use crate::openid::OpenIdError;
use axum::http::StatusCode;
use kazasu_service::store::StoreError;
use kazasu_service::telemetry;

/// An infrastructure failure, never a refusal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the database failed")]
    Store(#[from] StoreError),
    #[error("the directory failed")]
    Directory(#[from] DirectoryError),
    #[error("the verifier failed")]
    Verifier(#[source] OpenIdError),
    #[error("the sign-in failed")]
    SignIn(#[source] OpenIdError),
}

impl Failure {
    /// Logs it and returns the reference to look for: the request's identifier, where there is one.
    pub(crate) fn log(&self) -> String {
        let reference = telemetry::reference();
        let mut sources = Vec::new();
        let mut next = std::error::Error::source(self);
        while let Some(source) = next {
            sources.push(source.to_string());
            next = source.source();
        }
        let source = sources.join(": ");
        tracing::error!(%reference, error = %self, source, "internal error");
        reference
    }

    /// The word for programs and for support, which also names the page's texts.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Store(_) => "unavailable",
            Self::Directory(_) => "directory_unavailable",
            Self::Verifier(_) => "verifier_unavailable",
            Self::SignIn(_) => "sign_in_unavailable",
        }
    }

    /// The same request may succeed later.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

//! The pages a browser sees: the tap, the way back, and the ticket link without the app. Plain
//! HTML without scripts; each works with the way back, a reload and a second tab.

pub(crate) mod browser;
mod hand_back;
mod layout;
mod tap;
mod ticket;

pub(crate) use layout::{redirect, refusal};

use crate::app::App;
use crate::failure::Failure;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use kazasu_statement::{Language, Reason};
use std::sync::Arc;

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/tap/{transaction}", get(tap::show))
        .route("/tap/{transaction}/start", post(tap::start))
        .route("/tap/{transaction}/refresh", post(tap::refresh))
        .route("/tap/{transaction}/pair", post(tap::pair))
        .route("/tap/{transaction}/cancel", post(tap::cancel))
        .route("/return/{code}", get(hand_back::show))
        .route("/t/{ticket}", get(ticket::show))
}

/// Why a page is not the one that was asked for.
enum PageError {
    /// A person is told why.
    Refused(Reason, Language),
    /// A form that no page of ours sent.
    ForeignForm,
    /// Our side failed.
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(reason, language) => refusal(reason, language, None),
            Self::ForeignForm => (
                StatusCode::FORBIDDEN,
                "forms are taken from pages of this site only\n",
            )
                .into_response(),
            Self::Failed(failure) => failure.into_response(),
        }
    }
}

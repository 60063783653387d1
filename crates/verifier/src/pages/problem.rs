//! Answers that are no page yet: which refusal or failure it is. [`super::dress`] makes the page,
//! in the language of whoever asked.

use crate::failure::Failure;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kazasu_statement::{Language, Reason};

/// A refusal that is about to become a page.
#[derive(Clone)]
pub(super) struct Refusal {
    pub(super) kind: Kind,
    /// The language of the transaction, if there is one.
    pub(super) language: Option<Language>,
    pub(super) back: Option<Back>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Reason(Reason),
    /// A form that no page of ours sent.
    ForeignForm,
}

/// The way on.
#[derive(Clone)]
pub(super) enum Back {
    /// To the relying party.
    Service(String),
    /// To the page of the transaction.
    Page(String),
}

/// What the log knows a failure by; part of the answer that reports one.
#[derive(Clone)]
pub(crate) struct Reference(pub(crate) String);

/// Why a page is not the one that was asked for.
pub(super) enum PageError {
    Refused(Refusal),
    /// Our side failed.
    Failed(Failure),
}

impl PageError {
    pub(super) fn refused(reason: Reason, language: Option<Language>, back: Option<Back>) -> Self {
        Self::Refused(Refusal {
            kind: Kind::Reason(reason),
            language,
            back,
        })
    }
}

impl<E: Into<Failure>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refusal) => refusal.into_response(),
            Self::Failed(failure) => failure.into_response(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self.kind {
            Kind::Reason(reason) => status(reason),
            Kind::ForeignForm => StatusCode::FORBIDDEN,
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A refusal: what happened, what to do now, and a way to do it. `language` is used where the
/// person chose none; `back` is an address at the relying party.
pub(crate) fn refusal(reason: Reason, language: Language, back: Option<&str>) -> Response {
    let back = back.map(|uri| Back::Service(uri.to_owned()));
    PageError::refused(reason, Some(language), back).into_response()
}

fn status(reason: Reason) -> StatusCode {
    match reason {
        Reason::TicketUnknown => StatusCode::NOT_FOUND,
        Reason::TicketExpired | Reason::TransactionExpired => StatusCode::GONE,
        Reason::Cancelled | Reason::AlreadyAccepted => StatusCode::OK,
        Reason::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::FORBIDDEN,
    }
}

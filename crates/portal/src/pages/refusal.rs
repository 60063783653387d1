//! Answers that are no page yet: which refusal or failure it is. [`super::dress`] makes the page, in
//! the language of whoever asked.

use crate::failure::Failure;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Why somebody cannot go on. Each has a title, a why and a what-now in both languages, under
/// `refused-` and its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reason {
    /// The procedure is unknown, over, or another browser's.
    ProcedureOver,
    /// The browser keeps no cookies, or the answer came to another browser.
    CookiesRequired,
    /// A form that no page of ours sent.
    ForeignForm,
    /// A form whose token is not that of the session: a page from before a tap or a sign-in.
    OldForm,
    /// An answer to a question that nobody asked, or that was answered before.
    AnswerUnknown,
    /// "Cancel" at the tap.
    TapCancelled,
    /// The verifier ended the tap without a result.
    TapFailed,
    /// The tap was for something else.
    OtherPurpose,
    /// The tap or sign-in is too long ago.
    EvidenceOld,
    /// "Cancel" at the sign-in.
    SignInCancelled,
    /// The sign-in did not ask for the password again.
    SignInStale,
    /// The sign-in did not ask for a second factor.
    SignInWeak,
    /// The directory knows no such account.
    AccountUnknown,
    /// The address in a mail is unknown or too old.
    NoticeUnknown,
    /// Something else was done in this procedure meanwhile.
    AlreadyDone,
}

impl Reason {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 15] = [
        Self::ProcedureOver,
        Self::CookiesRequired,
        Self::ForeignForm,
        Self::OldForm,
        Self::AnswerUnknown,
        Self::TapCancelled,
        Self::TapFailed,
        Self::OtherPurpose,
        Self::EvidenceOld,
        Self::SignInCancelled,
        Self::SignInStale,
        Self::SignInWeak,
        Self::AccountUnknown,
        Self::NoticeUnknown,
        Self::AlreadyDone,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::ProcedureOver => "procedure_over",
            Self::CookiesRequired => "cookies_required",
            Self::ForeignForm => "foreign_form",
            Self::OldForm => "old_form",
            Self::AnswerUnknown => "answer_unknown",
            Self::TapCancelled => "tap_cancelled",
            Self::TapFailed => "tap_failed",
            Self::OtherPurpose => "other_purpose",
            Self::EvidenceOld => "evidence_old",
            Self::SignInCancelled => "sign_in_cancelled",
            Self::SignInStale => "sign_in_stale",
            Self::SignInWeak => "sign_in_weak",
            Self::AccountUnknown => "account_unknown",
            Self::NoticeUnknown => "notice_unknown",
            Self::AlreadyDone => "already_done",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::ProcedureOver | Self::EvidenceOld | Self::NoticeUnknown => StatusCode::GONE,
            Self::TapCancelled | Self::SignInCancelled | Self::AlreadyDone => StatusCode::OK,
            _ => StatusCode::FORBIDDEN,
        }
    }
}

/// A refusal or failure that is about to become a page.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    /// Names the texts.
    pub(crate) word: &'static str,
    /// Where to go on: a path of the portal.
    pub(crate) back: String,
    /// Of a failure: what the log knows it by.
    pub(crate) reference: Option<String>,
}

/// Why a page is not the one that was asked for.
pub(crate) enum PageError {
    Refused(Reason, String),
    /// Our side failed; where to go on.
    Failed(Failure, String),
}

pub(crate) type PageResult = Result<Response, PageError>;

impl PageError {
    /// A refusal from which one goes on at `back`, a path of the portal.
    pub(crate) fn refused(reason: Reason, back: impl Into<String>) -> Self {
        Self::Refused(reason, back.into())
    }

    /// The same failure, from which one goes on at `back`.
    pub(crate) fn back_at(self, back: impl Into<String>) -> Self {
        match self {
            Self::Refused(reason, _) => Self::Refused(reason, back.into()),
            Self::Failed(failure, _) => Self::Failed(failure, back.into()),
        }
    }
}

impl<E: Into<Failure>> From<E> for PageError {
    fn from(error: E) -> Self {
        // The page itself: what failed may have passed by then.
        Self::Failed(error.into(), String::new())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let (status, refusal) = match self {
            Self::Refused(reason, back) => (
                reason.status(),
                Refusal {
                    word: reason.word(),
                    back,
                    reference: None,
                },
            ),
            Self::Failed(failure, back) => (
                failure.status(),
                Refusal {
                    word: failure.word(),
                    back,
                    reference: Some(failure.log()),
                },
            ),
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(refusal);
        response
    }
}

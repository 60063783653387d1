//! What the phone says where it does not go on: why, and what to do now.

use super::screen::{Ending, Pin};
use super::view::page_there;
use super::{Phone, Tap};
use axum::http::StatusCode;
use axum::response::Response;
use kazasu_card::CardError;
use kazasu_companion::CompanionError;
use kazasu_service::page::{Action, Language, Notice, Visitor};
use kazasu_statement::{self as statement, Reason};

pub(super) fn no_ticket(phone: &Phone, visitor: &Visitor) -> Response {
    let language = visitor.language(None);
    let why = Why::Text("no-ticket");
    notice(phone, visitor, language, StatusCode::NOT_FOUND, why, None)
}

/// Why a ticket could not be claimed.
pub(super) fn unclaimed(phone: &Phone, visitor: &Visitor, error: &CompanionError) -> Response {
    let language = visitor.language(None);
    let (status, why) = match error {
        CompanionError::Refused(reason) => (StatusCode::CONFLICT, Why::Reason(*reason)),
        CompanionError::Offline(_) => (StatusCode::BAD_GATEWAY, Why::Text("offline")),
        _ => (StatusCode::BAD_GATEWAY, Why::Text("failed")),
    };
    notice(phone, visitor, language, status, why, None)
}

/// What a notice says.
enum Why {
    /// A text of these pages.
    Text(&'static str),
    Reason(Reason),
}

/// A tap that ended without being accepted.
pub(super) fn over(
    phone: &Phone,
    visitor: &Visitor,
    language: Language,
    tap: &Tap,
    ending: &Ending,
) -> Response {
    let why = match ending {
        Ending::Cancelled => Why::Text("cancelled"),
        Ending::Refused(reason) => Why::Reason(*reason),
        Ending::Blocked(Pin::Auth) => Why::Text("blocked-auth"),
        Ending::Blocked(Pin::Name) => Why::Text("blocked-name"),
        Ending::Card(CardError::NotMyNumberCard | CardError::OtherToken(_)) => {
            Why::Text("another-card")
        }
        Ending::Card(_) => Why::Text("card-failed"),
        Ending::Failed => Why::Text("failed"),
    };
    let words = phone.site.words(language);
    let (href, label) = match ending {
        Ending::Blocked(_) => (phone.desk.clone(), words.say("to-desk")),
        _ => (page_there(tap), words.say("to-page")),
    };
    let action = Action {
        href: &href,
        label: &label,
    };
    notice(phone, visitor, language, StatusCode::OK, why, Some(action))
}

fn notice(
    phone: &Phone,
    visitor: &Visitor,
    language: Language,
    status: StatusCode,
    why: Why,
    action: Option<Action<'_>>,
) -> Response {
    let words = phone.site.words(language);
    let (reason, [title, why, next]) = match why {
        Why::Text(key) => (
            key.to_owned(),
            ["", ".why", ".next"].map(|part| words.say(&format!("{key}{part}"))),
        ),
        Why::Reason(reason) => {
            let message = reason.message(match language {
                Language::Japanese => statement::Language::Japanese,
                Language::English => statement::Language::English,
            });
            let said = [message.sentence, message.next_step].map(str::to_owned);
            let [sentence, next] = said;
            (reason.to_string(), [words.say("refused"), sentence, next])
        }
    };
    let notice = Notice {
        status,
        reason: &reason,
        title: &title,
        why: &why,
        next: &next,
        action,
        reference: None,
        switchable: status != StatusCode::CONFLICT,
    };
    phone.site.notice(visitor, language, &notice)
}

//! The pages a browser sees: the tap, the way back, and the ticket link without the app. Rendered
//! here and usable without scripts; each works with the way back, a reload and a second tab.

pub(crate) mod browser;
mod dress;
mod events;
mod hand_back;
mod hosts;
mod problem;
mod qr;
mod tap;
mod ticket;

pub(crate) use dress::dress;
pub(crate) use problem::{Reference, refusal};

use crate::app::App;
use crate::settings::{RelyingParty, Settings};
use axum::Router;
use axum::routing::get;
use kazasu_service::page::{self, Frame, Source};
use kazasu_statement::Language;
use std::sync::Arc;
use url::Url;

/// The texts of these pages.
const TEXTS: Source = Source {
    ja: include_str!("pages/texts/ja.ftl"),
    en: include_str!("pages/texts/en.ftl"),
};

/// What all pages have in common.
pub(crate) fn frame(settings: &Settings) -> Frame {
    Frame::new(settings.institution.clone(), &[TEXTS])
}

/// Every page; [`dress`] keeps those of one host off the other.
pub(crate) fn routes(frame: &Frame) -> Router<Arc<App>> {
    Router::new()
        .route("/tap/{transaction}", get(tap::show))
        .route("/tap/{transaction}/events", get(events::events))
        .route(
            "/tap/{transaction}/start",
            get(tap::to_page).post(tap::start),
        )
        .route(
            "/tap/{transaction}/refresh",
            get(tap::to_page).post(tap::refresh),
        )
        .route("/tap/{transaction}/pair", get(tap::to_page).post(tap::pair))
        .route(
            "/tap/{transaction}/cancel",
            get(tap::to_page).post(tap::cancel),
        )
        .route("/return/{code}", get(hand_back::show))
        .route("/t/{ticket}", get(ticket::show))
        .route(ticket::ANDROID_PATH, get(ticket::android))
        .route(ticket::IOS_PATH, get(ticket::ios))
        .route(page::ASSETS_PATH, frame.assets())
}

/// A language of statements and transactions, as the pages know it.
fn spoken(language: Language) -> page::Language {
    match language {
        Language::Japanese => page::Language::Japanese,
        Language::English => page::Language::English,
    }
}

/// Where a person goes on at a relying party when there is no answer to bring: where it says one
/// can start, else its front page.
fn front_door(party: &RelyingParty, redirect_uri: &str) -> String {
    let front_page = || {
        let url = Url::parse(redirect_uri).ok()?;
        Some(format!("{}/", url.origin().ascii_serialization()))
    };
    party
        .start_url
        .clone()
        .or_else(front_page)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;

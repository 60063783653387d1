//! What people see. Each procedure is a module with its pages; what they share is here: the way from
//! a request to the procedure it is about, and from a refusal to a page.

mod answers;
mod begin;
mod breach;
mod dress;
mod erase;
mod home;
mod link;
mod objection;
mod recover;
mod refusal;
mod secret;
mod state;
mod unlink;
mod visit;

pub(crate) use dress::{dress, too_often};

use crate::app::App;
use crate::settings::Settings;
use axum::Router;
use axum::routing::get;
use kazasu_service::page::{self, Frame, Source};
use std::sync::Arc;

/// Where the verifier sends people back to.
pub(crate) const TAP_CALLBACK: &str = "/callback/tap";
/// Where the sign-in sends people back to.
pub(crate) const SIGN_IN_CALLBACK: &str = "/callback/sign-in";

/// The texts of these pages.
const TEXTS: [Source; 5] = [
    Source {
        ja: include_str!("pages/texts/common.ja.ftl"),
        en: include_str!("pages/texts/common.en.ftl"),
    },
    Source {
        ja: include_str!("pages/texts/refused.ja.ftl"),
        en: include_str!("pages/texts/refused.en.ftl"),
    },
    Source {
        ja: include_str!("pages/texts/link.ja.ftl"),
        en: include_str!("pages/texts/link.en.ftl"),
    },
    Source {
        ja: include_str!("pages/texts/state.ja.ftl"),
        en: include_str!("pages/texts/state.en.ftl"),
    },
    Source {
        ja: include_str!("pages/texts/recover.ja.ftl"),
        en: include_str!("pages/texts/recover.en.ftl"),
    },
];

/// What all pages have in common.
pub(crate) fn frame(settings: &Settings) -> Frame {
    Frame::new(settings.institution.clone(), &TEXTS)
}

/// Every page. A form's address opened as a page, by a reload or the language switch, leads back to
/// the page with the form.
pub(crate) fn routes(frame: &Frame) -> Router<Arc<App>> {
    Router::new()
        .route("/", get(home::show))
        .route("/{kind}", get(begin::show).post(begin::start))
        .route(TAP_CALLBACK, get(answers::tap))
        .route(SIGN_IN_CALLBACK, get(answers::sign_in))
        .route("/p/{id}", get(home::procedure))
        .route("/p/{id}/sign-in", get(home::back).post(begin::sign_in))
        .route("/p/{id}/end", get(home::back).post(home::end))
        .route("/p/{id}/link", get(home::back).post(link::confirm))
        .route("/p/{id}/unlink", get(home::back).post(unlink::confirm))
        .route("/p/{id}/veto", get(home::back).post(unlink::veto))
        .route("/p/{id}/erase", get(erase::show).post(erase::confirm))
        .route(
            "/p/{id}/password",
            get(recover::password).post(recover::set_password),
        )
        .route(
            "/p/{id}/access-pass",
            get(recover::access_pass).post(recover::issue_access_pass),
        )
        .route("/p/{id}/saved", get(home::back).post(recover::saved))
        .route(
            "/notice/{token}",
            get(objection::show).post(objection::freeze),
        )
        .route(page::ASSETS_PATH, frame.assets())
}

#[cfg(test)]
mod tests;

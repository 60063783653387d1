//! What people see, whichever server shows it: the frame around every page with its security
//! headers, the two languages, the stylesheet and the one script, and the notice that says what
//! happened and what to do now.

mod answer;
mod assets;
mod browser;
mod form;
mod frame;
mod institution;
mod notice;
mod texts;
mod visitor;

pub use answer::{
    accepts_html, answer_preview, is_made, redirect, with_headers_of, with_security_headers,
};
pub use assets::ASSETS_PATH;
pub use browser::{HostCookie, describe};
pub use form::is_own_form;
pub use frame::{Frame, Page};
pub use institution::{Bilingual, Institution, Logo, LogoError};
pub use notice::{Action, Notice};
pub use texts::{Language, Source, Texts, Words};
pub use visitor::{Visitor, switch_language};

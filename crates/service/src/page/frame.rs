//! The frame around every page, and the headers that keep it from being used against its reader.

use super::assets::Assets;
use super::{Institution, Language, Source, Texts, Visitor, Words};
use askama::Template;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, REFERRER_POLICY,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::MethodRouter;

/// The words of the frame itself.
const TEXTS: Source = Source {
    ja: include_str!("texts/ja.ftl"),
    en: include_str!("texts/en.ftl"),
};

/// What all pages of a server have in common.
pub struct Frame {
    institution: Institution,
    texts: Texts,
    assets: Assets,
}

/// One page, in one language.
pub struct Page<'a> {
    /// The answer's status.
    pub status: StatusCode,
    /// The heading, which is also the title of the window: where one is.
    pub title: &'a str,
    /// What is below it: HTML that a template wrote.
    pub body: String,
    /// The language it is written in.
    pub language: Language,
    /// Show the page again after this many seconds where there are no scripts.
    pub reload: Option<u32>,
    /// It has live updates, and so the script.
    pub live: bool,
    /// Origins that its forms may lead to besides this one. Browsers look at the redirect that
    /// answers a form, too.
    pub form_targets: &'a [String],
    /// Whether switching the language can show the same page again.
    pub switchable: bool,
}

impl<'a> Page<'a> {
    /// A page without forms that lead elsewhere, and without live updates.
    pub fn new(language: Language, title: &'a str, body: String) -> Self {
        Self {
            status: StatusCode::OK,
            title,
            body,
            language,
            reload: None,
            live: false,
            form_targets: &[],
            switchable: true,
        }
    }
}

#[derive(Template)]
#[template(path = "page.html")]
struct Layout<'a> {
    page: &'a Page<'a>,
    words: Words<'a>,
    institution: &'a Institution,
    assets: &'a Assets,
    /// Language, link.
    other: Option<(Language, String)>,
}

impl Frame {
    /// The frame of an institution's server whose pages also use the texts of `sources`.
    pub fn new(institution: Institution, sources: &[Source]) -> Self {
        let sources: Vec<Source> = [TEXTS].iter().chain(sources).copied().collect();
        Self {
            assets: Assets::new(institution.logo.as_ref()),
            institution,
            texts: Texts::new(&sources),
        }
    }

    /// All texts in one language.
    pub fn words(&self, language: Language) -> Words<'_> {
        self.texts.words(language)
    }

    /// Serves what pages load; belongs at [`super::ASSETS_PATH`] on every host that shows pages.
    pub fn assets<S: Clone + Send + Sync + 'static>(&self) -> MethodRouter<S> {
        self.assets.service()
    }

    /// Shows a page.
    pub fn show(&self, visitor: &Visitor, page: &Page<'_>) -> Response {
        let other = match page.language {
            Language::Japanese => Language::English,
            Language::English => Language::Japanese,
        };
        let layout = Layout {
            page,
            words: self.texts.words(page.language),
            institution: &self.institution,
            assets: &self.assets,
            other: visitor
                .link_to(other)
                .filter(|_| page.switchable)
                .map(|link| (other, link)),
        };
        let html = layout.render().expect("writing to a string does not fail");
        (page.status, headers(page), Html(html)).into_response()
    }
}

fn headers(page: &Page<'_>) -> [(HeaderName, HeaderValue); 7] {
    let fixed = HeaderValue::from_static;
    let live = if page.live {
        " script-src 'self'; connect-src 'self';"
    } else {
        ""
    };
    let targets: String = page
        .form_targets
        .iter()
        .map(|origin| format!(" {origin}"))
        .collect();
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self';{live} form-action 'self'{targets}; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    let policy = HeaderValue::try_from(policy).expect("origins in ASCII are a header value");
    [
        (CONTENT_SECURITY_POLICY, policy),
        (CACHE_CONTROL, fixed("no-store")),
        (CONTENT_LANGUAGE, fixed(page.language.tag())),
        // Nothing leaves for other sites, while forms still say where they come from.
        (REFERRER_POLICY, fixed("same-origin")),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            fixed("same-origin"),
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            fixed("same-origin"),
        ),
        (
            HeaderName::from_static("permissions-policy"),
            fixed(
                "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
            ),
        ),
    ]
}

#[cfg(test)]
mod tests;

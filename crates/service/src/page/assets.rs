//! The files that pages load: the stylesheet, the one script, the icon, the logo. Their addresses
//! carry a hash of their content, so that browsers may keep them for ever.

use super::Logo;
use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use std::borrow::Cow;
use std::sync::Arc;

/// Where the files are, as a route.
pub const ASSETS_PATH: &str = "/assets/{file}";

const STYLESHEET: &str = include_str!("assets/page.css");
const SCRIPT: &str = include_str!("assets/live.js");
const ICON: &str = include_str!("assets/icon.svg");

/// A served file.
struct Asset {
    name: String,
    media_type: &'static str,
    content: Cow<'static, [u8]>,
}

impl Asset {
    fn new(
        stem: &str,
        extension: &str,
        media_type: &'static str,
        content: Cow<'static, [u8]>,
    ) -> Self {
        let hash = hex::encode(&digest(&SHA256, &content).as_ref()[..8]);
        Self {
            name: format!("{stem}-{hash}.{extension}"),
            media_type,
            content,
        }
    }

    fn address(&self) -> String {
        ASSETS_PATH.replace("{file}", &self.name)
    }
}

/// Every file, and where it is.
pub(super) struct Assets {
    files: Arc<Vec<Asset>>,
    pub(super) stylesheet: String,
    pub(super) script: String,
    pub(super) icon: String,
    pub(super) logo: Option<String>,
}

impl Assets {
    pub(super) fn new(logo: Option<&Logo>) -> Self {
        let bytes = |text: &'static str| Cow::Borrowed(text.as_bytes());
        let stylesheet = Asset::new("page", "css", "text/css; charset=utf-8", bytes(STYLESHEET));
        let script = Asset::new(
            "live",
            "js",
            "text/javascript; charset=utf-8",
            bytes(SCRIPT),
        );
        let icon = Asset::new("icon", "svg", "image/svg+xml", bytes(ICON));
        let logo = logo.map(|logo| {
            let content = Cow::Owned(logo.bytes.clone());
            Asset::new("logo", logo.extension, logo.media_type, content)
        });
        Self {
            stylesheet: stylesheet.address(),
            script: script.address(),
            icon: icon.address(),
            logo: logo.as_ref().map(Asset::address),
            files: Arc::new([stylesheet, script, icon].into_iter().chain(logo).collect()),
        }
    }

    /// What serves them, for the route [`ASSETS_PATH`].
    pub(super) fn service<S: Clone + Send + Sync + 'static>(&self) -> MethodRouter<S> {
        let files = self.files.clone();
        get(async move |Path(name): Path<String>| serve(&files, &name))
    }
}

fn serve(files: &[Asset], name: &str) -> Response {
    let Some(asset) = files.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers: [(HeaderName, HeaderValue); 3] = [
        (CONTENT_TYPE, HeaderValue::from_static(asset.media_type)),
        (
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
        // A logo that is opened by itself is a document, and an SVG one could hold scripts.
        (
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox"),
        ),
    ];
    (headers, asset.content.clone().into_owned()).into_response()
}

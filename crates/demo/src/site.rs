//! A web site of the demo: a host name of its own under `.localhost`, and what all of its pages
//! have in common. Browsers keep cookies by host, so parties that must not see each other's need
//! names that differ.

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use kazasu_service::page::{
    ASSETS_PATH, Bilingual, Frame, Institution, Page, Source, Visitor, Words, is_made, is_own_form,
    switch_language, with_headers_of, with_security_headers,
};
use kazasu_service::page::{Language, Notice};
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// An address that was taken for a site and is not served yet.
pub struct Place {
    origin: String,
    listener: TcpListener,
}

impl Place {
    /// Takes `http://{name}.localhost`, at `port` if that is free, otherwise at a free one. Port 0
    /// is any free one.
    ///
    /// # Errors
    /// If the machine has no free port.
    pub async fn take(name: &str, port: u16) -> Result<Self> {
        let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
                .await
                .context("a free port")?,
        };
        let port = listener.local_addr()?.port();
        Ok(Self {
            origin: format!("http://{name}.localhost:{port}"),
            listener,
        })
    }

    /// The origin of the site.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Serves it.
    pub fn serve(self, router: Router) -> Served {
        let Self { listener, .. } = self;
        Served(tokio::spawn(async move {
            // It ends with the task only.
            let _ = axum::serve(listener, router).await;
        }))
    }
}

/// A site that is served until this is dropped.
pub struct Served(JoinHandle<()>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The frame of a site's pages.
pub(crate) struct Site {
    origin: String,
    frame: Frame,
}

impl Site {
    /// The site at `origin`, called `name` in Japanese and in English.
    pub(crate) fn new(origin: &str, name: [&str; 2], texts: &[Source]) -> Self {
        let [ja, en] = name.map(str::to_owned);
        let institution = Institution {
            name: Bilingual { ja, en },
            logo: None,
            help: None,
            privacy: None,
            terms: None,
        };
        Self {
            origin: origin.to_owned(),
            frame: Frame::new(institution, texts),
        }
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn words(&self, language: Language) -> Words<'_> {
        self.frame.words(language)
    }

    pub(crate) fn show(&self, visitor: &Visitor, page: &Page<'_>) -> Response {
        self.frame.show(visitor, page)
    }

    pub(crate) fn notice(
        &self,
        visitor: &Visitor,
        language: Language,
        notice: &Notice<'_>,
    ) -> Response {
        self.frame.notice(visitor, language, notice)
    }

    /// These pages, with what they load; each request is for this site, each form from it, and
    /// each answer a page.
    pub(crate) fn dress(self: Arc<Self>, pages: Router) -> Router {
        pages
            .route(ASSETS_PATH, self.frame.assets())
            .layer(from_fn_with_state(self, dress))
    }

    fn is_meant(&self, request: &Request) -> bool {
        let named = request.headers().get(HOST);
        let named = named.and_then(|host| host.to_str().ok());
        let ours = self.origin.strip_prefix("http://");
        named.is_some() && named == ours
    }
}

async fn dress(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    request: Request,
    next: Next,
) -> Response {
    let plain = |status| site.frame.plain_notice(&visitor, status, None);
    if !site.is_meant(&request) {
        return plain(StatusCode::MISDIRECTED_REQUEST);
    }
    if let Some(switched) = switch_language(request.method(), request.uri()) {
        return switched;
    }
    if request.method() == Method::POST && !is_own_form(request.headers(), &site.origin) {
        return plain(StatusCode::FORBIDDEN);
    }
    let response = next.run(request).await;
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let response = match is_error && !is_made(&response) {
        true => with_headers_of(status, response.headers(), plain(status)),
        false => response,
    };
    with_security_headers(&site.origin, response)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[tokio::test]
    async fn a_port_that_is_taken_is_passed_over() {
        let first = Place::take("one", 0).await.unwrap();
        let port = first.listener.local_addr().unwrap().port();
        let second = Place::take("two", port).await.unwrap();
        let other = second.listener.local_addr().unwrap().port();
        assert_eq!(first.origin(), format!("http://one.localhost:{port}"));
        assert_eq!(second.origin(), format!("http://two.localhost:{other}"));
        assert_ne!(other, port);
        drop((first, second));
        let again = Place::take("three", port).await.unwrap();
        assert_eq!(again.origin(), format!("http://three.localhost:{port}"));
    }
}

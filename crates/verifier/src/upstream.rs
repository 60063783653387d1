//! Questions to the authority's services, with a time limit and a size limit.

use reqwest::header::{ACCEPT, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response, StatusCode};
use std::time::Duration;
use url::Url;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    #[error("it took too long")]
    TooSlow,
    #[error("it cannot be reached")]
    Http(#[source] reqwest::Error),
    #[error("it answered with HTTP status {0}")]
    Status(u16),
    #[error("its answer is too long")]
    TooLong,
}

impl From<reqwest::Error> for UpstreamError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::TooSlow;
        }
        // An error would quote the URL; it is configuration, but the log needs only the cause.
        Self::Http(error.without_url())
    }
}

/// How much of the other side's time and words is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// From the connection to the last octet.
    pub(crate) time: Duration,
    /// Octets of the answer.
    pub(crate) size: usize,
}

/// A document, and what to show to learn whether it has changed.
pub(crate) struct Document {
    pub(crate) body: Vec<u8>,
    pub(crate) tag: Option<HeaderValue>,
}

pub(crate) struct Upstream {
    client: reqwest::Client,
}

impl Upstream {
    /// A client for these addresses.
    pub(crate) fn new<'a>(mut urls: impl Iterator<Item = &'a Url>) -> Result<Self, reqwest::Error> {
        let mut builder = reqwest::Client::builder();
        if urls.all(|url| url.scheme() == "http") {
            // Without TLS a machine without certificate authorities is no reason not to start.
            builder = builder.tls_certs_only([]);
        }
        // A proxy or a redirect would show serial numbers to somebody else.
        let client = builder.redirect(Policy::none()).no_proxy().build()?;
        Ok(Self { client })
    }

    /// Posts a body and returns the body of a 200 answer.
    pub(crate) async fn ask(
        &self,
        url: &Url,
        content_type: &str,
        accept: &str,
        body: Vec<u8>,
        limits: Limits,
    ) -> Result<Vec<u8>, UpstreamError> {
        let request = self
            .client
            .post(url.clone())
            .header(CONTENT_TYPE, content_type)
            .header(ACCEPT, accept)
            .body(body);
        read(send(request, limits).await?, limits).await
    }

    /// Gets a document; `None` if it is still the one with this tag.
    pub(crate) async fn fetch(
        &self,
        url: &Url,
        tag: Option<&HeaderValue>,
        limits: Limits,
    ) -> Result<Option<Document>, UpstreamError> {
        let mut request = self.client.get(url.clone());
        if let Some(tag) = tag {
            request = request.header(IF_NONE_MATCH, tag);
        }
        let response = send(request, limits).await?;
        if tag.is_some() && response.status() == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let tag = response.headers().get(ETAG).cloned();
        let body = read(response, limits).await?;
        Ok(Some(Document { body, tag }))
    }
}

async fn send(request: RequestBuilder, limits: Limits) -> Result<Response, UpstreamError> {
    // The limit goes on while the body is read.
    Ok(request.timeout(limits.time).send().await?)
}

async fn read(mut response: Response, limits: Limits) -> Result<Vec<u8>, UpstreamError> {
    if response.status() != StatusCode::OK {
        return Err(UpstreamError::Status(response.status().as_u16()));
    }
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if answer.len() + chunk.len() > limits.size {
            return Err(UpstreamError::TooLong);
        }
        answer.extend_from_slice(&chunk);
    }
    Ok(answer)
}

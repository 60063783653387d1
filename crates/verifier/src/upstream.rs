//! Questions to the authority's services, with a time limit and a size limit.

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::redirect::Policy;
use std::time::Duration;
use url::Url;

/// More than any OCSP or lineage answer needs.
const MAX_ANSWER: usize = 64 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    #[error("it cannot be reached or took too long")]
    Http(#[source] reqwest::Error),
    #[error("it answered with HTTP status {0}")]
    Status(u16),
    #[error("its answer is too long")]
    TooLong,
}

pub(crate) struct Upstream {
    client: reqwest::Client,
}

impl Upstream {
    /// A client for these addresses.
    pub(crate) fn new(urls: &[&Url], timeout: Duration) -> Result<Self, reqwest::Error> {
        let mut builder = reqwest::Client::builder();
        if urls.iter().all(|url| url.scheme() == "http") {
            // Without TLS a machine without certificate authorities is no reason not to start.
            builder = builder.tls_certs_only([]);
        }
        // A proxy or a redirect would show serial numbers to somebody else.
        let client = builder
            .timeout(timeout)
            .redirect(Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { client })
    }

    /// Posts a body and returns the body of a 200 answer.
    pub(crate) async fn ask(
        &self,
        url: &Url,
        content_type: &str,
        accept: &str,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, UpstreamError> {
        // An error would quote the URL; it is configuration, but the log needs only the cause.
        let http = |error: reqwest::Error| UpstreamError::Http(error.without_url());
        let request = self
            .client
            .post(url.clone())
            .header(CONTENT_TYPE, content_type)
            .header(ACCEPT, accept);
        let mut response = request.body(body).send().await.map_err(http)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(UpstreamError::Status(response.status().as_u16()));
        }
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(http)? {
            if answer.len() + chunk.len() > MAX_ANSWER {
                return Err(UpstreamError::TooLong);
            }
            answer.extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}

//! How requests reach a provider.

use openidconnect::{HttpRequest, HttpResponse};
use reqwest::redirect::Policy;
use std::net::Ipv4Addr;
use std::time::Duration;
use url::Url;

/// Somebody waits for the page meanwhile.
const LIMIT: Duration = Duration::from_secs(10);

/// Why a provider was not reached.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("the provider cannot be reached")]
    Reqwest(#[from] reqwest::Error),
    #[error("the provider's answer cannot be read")]
    Answer(#[from] http::Error),
}

/// A client for one provider. Redirects would carry secrets to somebody else.
pub(super) fn client(issuer: &Url) -> Result<reqwest::Client, reqwest::Error> {
    let mut builder = reqwest::Client::builder()
        .redirect(Policy::none())
        .timeout(LIMIT)
        // A connection that was kept may be closed by the other side at the very moment it is used
        // again, and a code that was sent then cannot be sent a second time.
        .pool_max_idle_per_host(0)
        .no_proxy();
    if issuer.scheme() == "http" {
        // Without TLS a machine without certificate authorities is no reason not to start.
        builder = builder.tls_certs_only([]);
    }
    // RFC 6761 §6.3: names under localhost are this machine, also where nothing resolves them.
    if let Some(host) = issuer
        .host_str()
        .filter(|host| host.ends_with(".localhost"))
    {
        builder = builder.resolve(host, (Ipv4Addr::LOCALHOST, 0).into());
    }
    builder.build()
}

/// Carries `openidconnect`'s requests.
pub(super) async fn exchange(
    client: reqwest::Client,
    request: HttpRequest,
) -> Result<HttpResponse, HttpError> {
    let (parts, body) = request.into_parts();
    let response = client
        .request(parts.method, parts.uri.to_string())
        .headers(parts.headers)
        .body(body)
        .send()
        .await
        .map_err(reqwest::Error::without_url)?;
    if response.status().is_server_error() {
        // Its body, if any, is no answer in the protocol's terms.
        let error = response.error_for_status().err();
        let error = error.expect("such a status is an error");
        return Err(error.without_url().into());
    }
    let mut builder = http::Response::builder().status(response.status());
    for (name, value) in response.headers() {
        builder = builder.header(name, value);
    }
    let body = response
        .bytes()
        .await
        .map_err(reqwest::Error::without_url)?;
    Ok(builder.body(body.to_vec())?)
}

//! Who does something too often, and how that is said in the words of whoever asked.

use crate::oidc::OAuthError;
use crate::settings;
use crate::{oidc, pages};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use kazasu_proto::status_for;
use kazasu_service::limits::{Limit, Time, TooOften};
use kazasu_service::metrics::Metrics;
use kazasu_statement::Reason;
use std::net::IpAddr;
use std::sync::Arc;

/// The limits of a verifier. Their counters are only in memory.
pub(crate) struct Limits {
    pub(crate) address: Arc<Limit<IpAddr>>,
    /// By identifier.
    pub(crate) relying_party: Limit<String>,
    /// By credential index.
    pub(crate) credential: Limit<[u8; 32]>,
}

impl Limits {
    pub(crate) fn new(settings: &settings::Limits, metrics: &Metrics) -> Self {
        let time = Time::monotonic();
        let settings::Limits {
            address,
            relying_party,
            credential,
            ..
        } = *settings;
        Self {
            address: Limit::new("address", address, time.clone(), metrics.clone()).into(),
            relying_party: Limit::new(
                "relying_party",
                relying_party,
                time.clone(),
                metrics.clone(),
            ),
            credential: Limit::new("credential", credential, time, metrics.clone()),
        }
    }

    /// Frees what is no longer needed.
    pub(crate) fn forget(&self) {
        self.address.forget();
        self.relying_party.forget();
        self.credential.forget();
    }
}

/// The answer to a request that came too often: to a companion a gRPC status, to a relying party
/// JSON, to a browser a page.
pub(crate) fn refuse(request: &Request, too_often: TooOften) -> Response {
    if is_grpc(request) {
        return status_for(Reason::RateLimited).into_http();
    }
    if oidc::is_for_relying_parties(request.uri().path()) {
        return OAuthError::TooOften(too_often).into_response();
    }
    page(request.headers(), too_often)
}

/// A companion's request.
pub(crate) fn is_grpc(request: &Request) -> bool {
    let kind = request.headers().get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

fn page(headers: &HeaderMap, too_often: TooOften) -> Response {
    let language = pages::browser::language(headers);
    let refusal = pages::refusal(Reason::RateLimited, language, None);
    ([too_often.header()], refusal).into_response()
}

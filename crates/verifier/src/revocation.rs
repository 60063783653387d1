//! Whether a certificate is still good, asked at every use. No answer is never a pass.

use crate::app::App;
use crate::secret::random;
use kazasu_assertion::ValidCertificate;
use kazasu_assertion::revocation::{NonceCheck, Status, judge_ocsp, ocsp_request};
use kazasu_statement::Reason;

/// Media types of OCSP over HTTP: RFC 6960 appendix A.
const REQUEST_TYPE: &str = "application/ocsp-request";
const RESPONSE_TYPE: &str = "application/ocsp-response";

/// Asks the configured responder. The URL inside the certificate is not followed: where we
/// connect to is the operator's decision.
///
/// # Errors
/// [`Reason::CertificateRevoked`], [`Reason::CertificateOnHold`], or
/// [`Reason::RevocationUnavailable`] if nothing could be learned.
pub(crate) async fn check(
    app: &App,
    certificate: &ValidCertificate,
    now: i64,
) -> Result<(), Reason> {
    let nonce = random::<16>();
    let question = ocsp_request(certificate, Some(&nonce));
    let answer = app
        .upstream
        .ask(
            &app.settings.ocsp_url,
            REQUEST_TYPE,
            RESPONSE_TYPE,
            question,
        )
        .await;
    let answer = answer.map_err(|error| unavailable(&error))?;
    let judgement = judge_ocsp(&answer, certificate, NonceCheck::IfPresent(&nonce), now)
        .map_err(|error| unavailable(&error))?;
    match judgement.status {
        Status::Good => Ok(()),
        Status::OnHold { .. } => Err(Reason::CertificateOnHold),
        Status::Revoked { .. } => Err(Reason::CertificateRevoked),
        Status::Unknown => {
            tracing::warn!("the OCSP responder does not know a certificate of its own authority");
            Err(Reason::RevocationUnavailable)
        }
    }
}

fn unavailable(error: &dyn std::error::Error) -> Reason {
    tracing::warn!(%error, source = error.source(), "no usable OCSP answer");
    Reason::RevocationUnavailable
}

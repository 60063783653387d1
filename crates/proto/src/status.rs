//! A refused call: a gRPC status that carries the [`Reason`].

use crate::companion::v1;
use kazasu_statement::Reason;
use prost::Message;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

/// The trailer with the encoded `kazasu.companion.v1.Reason`. A key of its own, because
/// `grpc-status-details-bin` is by convention a `google.rpc.Status`.
const REASON_KEY: &str = "kazasu-reason-bin";

/// The status of a call that was refused for `reason`.
pub fn status_for(reason: Reason) -> Status {
    let bytes = v1::Reason::from(reason).encode_to_vec();
    let mut metadata = MetadataMap::new();
    metadata.insert_bin(REASON_KEY, MetadataValue::from_bytes(&bytes));
    Status::with_metadata(code_for(reason), reason.to_string(), metadata)
}

/// Why a call was refused; `None` if the status is no refusal but a failure, or if this version
/// does not know the reason.
pub fn reason_of(status: &Status) -> Option<Reason> {
    let bytes = status.metadata().get_bin(REASON_KEY)?.to_bytes().ok()?;
    v1::Reason::decode(bytes).ok()?.try_into().ok()
}

fn code_for(reason: Reason) -> Code {
    match reason {
        Reason::TicketUnknown => Code::NotFound,
        Reason::TicketAlreadyClaimed | Reason::AlreadyAccepted => Code::AlreadyExists,
        Reason::RateLimited => Code::ResourceExhausted,
        Reason::RevocationUnavailable | Reason::LineageUnavailable => Code::Unavailable,
        _ => Code::FailedPrecondition,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_statement::ProfileRule;

    #[test]
    fn a_reason_travels_with_its_status() {
        for reason in [
            Reason::TicketUnknown,
            Reason::RateLimited,
            Reason::ProfileViolation(ProfileRule::Subject),
        ] {
            let headers = status_for(reason).into_http::<()>().into_parts().0.headers;
            let received = Status::from_header_map(&headers).unwrap();
            assert_eq!(reason_of(&received), Some(reason));
        }
    }

    #[test]
    fn a_failure_has_no_reason() {
        assert_eq!(reason_of(&Status::internal("reference 1")), None);
    }
}

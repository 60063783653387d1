//! What can keep a tap from its outcome.

use kazasu_card::CardError;
use kazasu_statement::Reason;
use tonic::Code;

/// Why a step did not succeed. A rejected assertion is not here: it is an
/// [`Outcome`](crate::Outcome).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompanionError {
    /// The verifier refused this step.
    #[error("refused: {0}")]
    Refused(Reason),
    /// The card stopped the tap. After a lost card or a wrong PIN, tap again: nothing else is lost.
    /// A PIN whose check was cut off is looked after by the next tap.
    #[error(transparent)]
    Card(#[from] CardError),
    /// A PIN that this tap needs was not given.
    #[error("the PIN for the name is needed: the relying party asks for the name")]
    ProfilePinNeeded,
    /// The verifier could not be reached, or broke off. The same step can be tried again.
    #[error("the verifier could not be reached")]
    Offline(#[source] Box<tonic::Status>),
    /// The verifier answered something this companion does not understand.
    #[error("the verifier's answer cannot be used: {0}")]
    BadAnswer(&'static str),
    /// The verifier failed or did not accept the call, and gives no reason. The same step again
    /// would end the same way.
    #[error("the verifier failed")]
    Failed(#[source] Box<tonic::Status>),
    /// What was given to go on with is no saved transaction, or one of another verifier.
    #[error("this is no saved transaction")]
    NotSaved,
    /// The verifier names another origin than the one pinned to the ticket's host.
    #[error("the verifier is not the one this ticket belongs to")]
    WrongVerifier,
}

impl From<tonic::Status> for CompanionError {
    fn from(status: tonic::Status) -> Self {
        match kazasu_proto::reason_of(&status) {
            Some(reason) => Self::Refused(reason),
            None if means_offline(status.code()) => Self::Offline(Box::new(status)),
            None => Self::Failed(Box::new(status)),
        }
    }
}

/// What a connection that breaks, or a proxy without a verifier behind it, looks like from here.
fn means_offline(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable | Code::DeadlineExceeded | Code::Unknown | Code::Cancelled
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Status;

    #[test]
    fn only_a_broken_connection_is_offline() {
        for status in [
            Status::unavailable(""),
            Status::deadline_exceeded(""),
            Status::unknown(""),
            Status::cancelled(""),
        ] {
            let error = CompanionError::from(status);
            assert!(matches!(error, CompanionError::Offline(_)), "{error:?}");
        }
        for status in [
            Status::internal(""),
            Status::unimplemented(""),
            Status::invalid_argument(""),
            Status::resource_exhausted(""),
            Status::unauthenticated(""),
        ] {
            let error = CompanionError::from(status);
            assert!(matches!(error, CompanionError::Failed(_)), "{error:?}");
        }
    }
}

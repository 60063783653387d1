//! What can keep a tap from its outcome.

use kazasu_card::CardError;
use kazasu_statement::Reason;

/// Why a step did not succeed. A rejected assertion is not here: it is an
/// [`Outcome`](crate::Outcome).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompanionError {
    /// The verifier refused this step.
    #[error("refused: {0}")]
    Refused(Reason),
    /// The card stopped the tap. After a lost card or a wrong PIN, tap again: nothing else is lost.
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
    /// The verifier names another origin than the one pinned to the ticket's host.
    #[error("the verifier is not the one this ticket belongs to")]
    WrongVerifier,
}

impl From<tonic::Status> for CompanionError {
    fn from(status: tonic::Status) -> Self {
        match kazasu_proto::reason_of(&status) {
            Some(reason) => Self::Refused(reason),
            None => Self::Offline(Box::new(status)),
        }
    }
}

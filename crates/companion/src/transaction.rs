//! A claimed transaction: what the person consents to, pairing, and its end.

use crate::details::{Details, details};
use crate::error::CompanionError;
use crate::ticket::{Deployment, Ticket};
use kazasu_proto::companion::v1 as pb;
use kazasu_proto::companion::v1::companion_service_client::CompanionServiceClient;
use kazasu_statement::{Mode, Reason};
use prost::Message;
use std::fmt;
use std::future::Future;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Response, Status, Streaming};
use zeroize::Zeroizing;

/// How long one call may take. The verifier asks others for revocation and lineage meanwhile.
const CALL_TIME: Duration = Duration::from_secs(15);

/// Six digits for the person to type into the page.
#[derive(Clone, PartialEq, Eq)]
pub struct Pairing {
    /// The digits.
    pub digits: String,
    /// When they end, in seconds since the Unix epoch.
    pub expires_at: i64,
}

impl fmt::Debug for Pairing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pairing(until {})", self.expires_at)
    }
}

/// How a tap ended at the verifier.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Accepted. On the same phone, open `return_url` in the browser that started.
    Accepted {
        /// The one-time address; `None` where the page goes on by itself.
        return_url: Option<String>,
    },
    /// Refused, with the reason to show.
    Rejected(Reason),
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted { return_url } => {
                write!(f, "Accepted(return URL: {})", return_url.is_some())
            }
            Self::Rejected(reason) => write!(f, "Rejected({reason})"),
        }
    }
}

/// Where a transaction is that was claimed in an earlier run of the app.
#[derive(Debug)]
pub enum Resumed {
    /// It waits for pairing or for the tap, as it did before.
    Open(Box<Transaction>),
    /// The tap was accepted; only its answer was missed.
    Accepted {
        /// The one-time address to open in the browser that started, on the same phone.
        return_url: Option<String>,
    },
}

/// A transaction that this companion claimed. Dropping it leaves the transaction to expire;
/// [`Transaction::cancel`] ends it at once.
pub struct Transaction {
    pub(crate) client: CompanionServiceClient<Channel>,
    pub(crate) secret: Zeroizing<Vec<u8>>,
    pub(crate) verifier_origin: String,
    pub(crate) details: Details,
    /// The verifier's answer to the claim, for [`Transaction::save`].
    claimed: Zeroizing<Vec<u8>>,
    pub(crate) unsure: crate::tap::UnsurePins,
}

impl Transaction {
    /// Claims a ticket at the verifier behind `channel`. The first claim wins.
    ///
    /// # Errors
    /// [`CompanionError::Refused`] with `ticket_unknown`, `ticket_expired` or
    /// `ticket_already_claimed`; [`CompanionError::WrongVerifier`] if the verifier is not the
    /// pinned one.
    pub async fn claim(channel: Channel, ticket: &Ticket) -> Result<Self, CompanionError> {
        let mut client = CompanionServiceClient::new(channel);
        let request = pb::ClaimTicketRequest {
            ticket: ticket.secret.to_string(),
        };
        let response = in_time(client.claim_ticket(request)).await?;
        Self::claimed(client, response, &ticket.deployment)
    }

    fn claimed(
        client: CompanionServiceClient<Channel>,
        response: pb::ClaimTicketResponse,
        deployment: &Deployment,
    ) -> Result<Self, CompanionError> {
        let verifier_origin = deployment.verifier_origin().to_owned();
        if response.verifier_origin != verifier_origin {
            return Err(CompanionError::WrongVerifier);
        }
        Ok(Self {
            client,
            verifier_origin,
            details: details(&response)?,
            claimed: Zeroizing::new(response.encode_to_vec()),
            secret: Zeroizing::new(response.companion_secret),
            unsure: Default::default(),
        })
    }

    /// What [`Transaction::resume`] needs after the app was ended. It is a secret that is worth the
    /// claim until the transaction ends: keep it where the platform keeps secrets. It holds neither
    /// PINs nor anything of the card.
    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        self.claimed.clone()
    }

    /// Goes on with a transaction that was saved before the app was ended.
    ///
    /// # Errors
    /// [`CompanionError::NotSaved`] for bytes that are no saved transaction of `deployment`'s
    /// verifier, and the reason for which the transaction has ended, if it has.
    pub async fn resume(
        channel: Channel,
        saved: &[u8],
        deployment: &Deployment,
    ) -> Result<Resumed, CompanionError> {
        let client = CompanionServiceClient::new(channel);
        let response = pb::ClaimTicketResponse::decode(saved);
        let response = response.map_err(|_| CompanionError::NotSaved)?;
        let mut transaction =
            Self::claimed(client, response, deployment).map_err(|_| CompanionError::NotSaved)?;
        let mut states = transaction.watch().await?;
        match states.message().await?.map(state).transpose()? {
            Some(State::Waiting | State::Paired) => Ok(Resumed::Open(Box::new(transaction))),
            Some(State::Accepted { return_url }) => Ok(Resumed::Accepted { return_url }),
            None => Err(ended_early()),
        }
    }

    /// What the person reads before agreeing.
    pub fn details(&self) -> &Details {
        &self.details
    }

    /// The verifier's origin: where the page with the six digits is, and nowhere else.
    pub fn verifier_origin(&self) -> &str {
        &self.verifier_origin
    }

    /// Whether six digits have to be typed into the page before the tap.
    pub fn needs_pairing(&self) -> bool {
        self.details.mode != Mode::SamePhone
    }

    /// Gets six digits; calling it again replaces them.
    ///
    /// # Errors
    /// The verifier's refusal, or that it could not be reached.
    pub async fn start_pairing(&mut self) -> Result<Pairing, CompanionError> {
        let request = pb::StartPairingRequest {
            companion_secret: self.secret.to_vec(),
        };
        let response = in_time(self.client.start_pairing(request)).await?;
        if response.digits.len() != 6 || !response.digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CompanionError::BadAnswer("pairing digits"));
        }
        Ok(Pairing {
            digits: response.digits,
            expires_at: response.expires_at,
        })
    }

    /// Waits until the digits were typed. A connection that breaks is [`CompanionError::Offline`]:
    /// call it again. One that falls silent is noticed only if the channel was set up with HTTP/2
    /// keepalive.
    ///
    /// # Errors
    /// The reason for which the transaction ended instead.
    pub async fn wait_until_paired(&mut self) -> Result<(), CompanionError> {
        let mut states = self.watch().await?;
        while let Some(update) = states.message().await? {
            match state(update)? {
                State::Waiting => {}
                State::Paired => return Ok(()),
                State::Accepted { .. } => {
                    return Err(CompanionError::Refused(Reason::AlreadyAccepted));
                }
            }
        }
        Err(ended_early())
    }

    async fn watch(&mut self) -> Result<Streaming<pb::WatchTransactionResponse>, CompanionError> {
        let request = pb::WatchTransactionRequest {
            companion_secret: self.secret.to_vec(),
        };
        in_time(self.client.watch_transaction(request)).await
    }

    /// Ends the transaction: the relying party is told that the person cancelled.
    ///
    /// # Errors
    /// The verifier's refusal, or that it could not be reached.
    pub async fn cancel(&mut self) -> Result<(), CompanionError> {
        let request = pb::CancelRequest {
            companion_secret: self.secret.to_vec(),
        };
        in_time(self.client.cancel(request)).await?;
        Ok(())
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transaction({})", self.details.transaction_id)
    }
}

/// What a claimed transaction waits for.
enum State {
    /// For pairing, where that is needed, or for the tap.
    Waiting,
    Paired,
    Accepted {
        return_url: Option<String>,
    },
}

fn state(update: pb::WatchTransactionResponse) -> Result<State, CompanionError> {
    use pb::TransactionState as Wire;
    match update.state() {
        Wire::Created | Wire::Claimed => Ok(State::Waiting),
        Wire::Paired => Ok(State::Paired),
        Wire::Accepted => Ok(State::Accepted {
            return_url: Some(update.return_url).filter(|url| !url.is_empty()),
        }),
        Wire::Redeemed => Err(CompanionError::Refused(Reason::AlreadyAccepted)),
        Wire::Cancelled => Err(CompanionError::Refused(Reason::Cancelled)),
        Wire::Expired => Err(CompanionError::Refused(Reason::TransactionExpired)),
        Wire::Rejected => {
            let reason = update
                .reason
                .and_then(|reason| Reason::try_from(reason).ok())
                .ok_or(CompanionError::BadAnswer("reason"))?;
            Err(CompanionError::Refused(reason))
        }
        Wire::Unspecified => Err(CompanionError::BadAnswer("state")),
    }
}

fn ended_early() -> CompanionError {
    Status::unavailable("the stream of states ended").into()
}

/// The answer to a call, if it comes in time.
pub(crate) async fn in_time<T>(
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, CompanionError> {
    match tokio::time::timeout(CALL_TIME, call).await {
        Ok(answer) => Ok(answer?.into_inner()),
        Err(_) => Err(Status::deadline_exceeded("no answer in time").into()),
    }
}

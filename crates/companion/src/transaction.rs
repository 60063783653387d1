//! A claimed transaction: what the person consents to, pairing, and its end.

use crate::error::CompanionError;
use crate::ticket::Ticket;
use kazasu_proto::companion::v1 as pb;
use kazasu_proto::companion::v1::companion_service_client::CompanionServiceClient;
use kazasu_statement::{Claim, Language, Mode, Purpose, Reason, misleads};
use std::fmt;
use std::future::Future;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Response, Status};
use zeroize::Zeroizing;

/// How long one call may take. The verifier asks others for revocation and lineage meanwhile.
const CALL_TIME: Duration = Duration::from_secs(15);

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingParty {
    /// The identifier that the statement signs.
    pub id: String,
    /// Its name in Japanese.
    pub name_ja: String,
    /// Its name in English.
    pub name_en: String,
    /// The host its answers go to.
    pub host: String,
}

impl RelyingParty {
    /// Its name in `language`.
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::Japanese => &self.name_ja,
            Language::English => &self.name_en,
        }
    }
}

/// What the person reads before agreeing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// The transaction's identifier; also the reference for support.
    pub transaction_id: String,
    /// Who asks.
    pub relying_party: RelyingParty,
    /// What the tap is for.
    pub purpose: Purpose,
    /// What is provided besides the pseudonymous ID.
    pub claims: Vec<Claim>,
    /// How browser and card come together.
    pub mode: Mode,
    /// The language of the page that started.
    pub language: Language,
    /// A coarse description of the browser that started.
    pub browser: String,
    /// When it started, in seconds since the Unix epoch.
    pub started_at: i64,
    /// When it ends by itself, in seconds since the Unix epoch.
    pub expires_at: i64,
}

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

/// A transaction that this companion claimed. Dropping it leaves the transaction to expire;
/// [`Transaction::cancel`] ends it at once.
pub struct Transaction {
    pub(crate) client: CompanionServiceClient<Channel>,
    pub(crate) secret: Zeroizing<Vec<u8>>,
    pub(crate) verifier_origin: String,
    pub(crate) details: Details,
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
        let verifier_origin = ticket.deployment.verifier_origin().to_owned();
        if response.verifier_origin != verifier_origin {
            return Err(CompanionError::WrongVerifier);
        }
        Ok(Self {
            client,
            verifier_origin,
            details: details(&response)?,
            secret: Zeroizing::new(response.companion_secret),
            unsure: Default::default(),
        })
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
        let request = pb::WatchTransactionRequest {
            companion_secret: self.secret.to_vec(),
        };
        let mut states = in_time(self.client.watch_transaction(request)).await?;
        while let Some(update) = states.message().await? {
            use pb::TransactionState as State;
            match update.state() {
                State::Created | State::Claimed => {}
                State::Paired => return Ok(()),
                State::Accepted | State::Redeemed => {
                    return Err(CompanionError::Refused(Reason::AlreadyAccepted));
                }
                State::Cancelled => return Err(CompanionError::Refused(Reason::Cancelled)),
                State::Expired => return Err(CompanionError::Refused(Reason::TransactionExpired)),
                State::Rejected => {
                    let reason = update
                        .reason
                        .and_then(|reason| Reason::try_from(reason).ok())
                        .ok_or(CompanionError::BadAnswer("reason"))?;
                    return Err(CompanionError::Refused(reason));
                }
                State::Unspecified => return Err(CompanionError::BadAnswer("state")),
            }
        }
        Err(Status::unavailable("the stream of states ended").into())
    }

    /// Ends the transaction: the relying party is told that the person cancelled.
    ///
    /// # Errors
    /// The verifier's refusal, or that it could not be reached.
    pub async fn cancel(mut self) -> Result<(), CompanionError> {
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

/// The answer to a call, if it comes in time.
pub(crate) async fn in_time<T>(
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, CompanionError> {
    match tokio::time::timeout(CALL_TIME, call).await {
        Ok(answer) => Ok(answer?.into_inner()),
        Err(_) => Err(Status::deadline_exceeded("no answer in time").into()),
    }
}

fn details(response: &pb::ClaimTicketResponse) -> Result<Details, CompanionError> {
    let bad = CompanionError::BadAnswer;
    let asked_by = response
        .relying_party
        .as_ref()
        .ok_or(bad("relying party"))?;
    let name = asked_by.display_name.as_ref().ok_or(bad("display name"))?;
    let shown = [&name.ja, &name.en, &asked_by.host, &response.browser];
    if shown.iter().any(|text| text.chars().any(misleads)) {
        return Err(bad("text to show"));
    }
    Ok(Details {
        transaction_id: response.transaction_id.clone(),
        relying_party: RelyingParty {
            id: asked_by.id.clone(),
            name_ja: name.ja.clone(),
            name_en: name.en.clone(),
            host: asked_by.host.clone(),
        },
        purpose: response.purpose().try_into().map_err(|_| bad("purpose"))?,
        // One that is unknown here cannot be agreed to, so it is not passed over.
        claims: kazasu_proto::claims(&response.requested_claims).map_err(|_| bad("claim"))?,
        mode: response.mode().try_into().map_err(|_| bad("mode"))?,
        language: response.language.parse().map_err(|_| bad("language"))?,
        browser: response.browser.clone(),
        started_at: response.started_at,
        expires_at: response.expires_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response() -> pb::ClaimTicketResponse {
        pb::ClaimTicketResponse {
            relying_party: Some(pb::RelyingParty {
                display_name: Some(pb::LocalizedText::default()),
                ..Default::default()
            }),
            purpose: pb::Purpose::Link.into(),
            requested_claims: vec![pb::Claim::Name.into()],
            mode: pb::Mode::OtherDevice.into(),
            language: "ja".into(),
            ..Default::default()
        }
    }

    #[test]
    fn what_nobody_can_agree_to_is_refused() {
        assert_eq!(details(&response()).unwrap().claims, [Claim::Name]);
        let mut answers = vec![response(); 6];
        answers[0].requested_claims.push(99);
        answers[1].requested_claims.push(0);
        answers[2].purpose = 99;
        answers[3].mode = 99;
        answers[4].relying_party = None;
        answers[5].language = "fr".into();
        for answer in answers {
            let refused = details(&answer);
            assert!(matches!(refused, Err(CompanionError::BadAnswer(_))));
        }
    }
    #[test]
    fn text_that_would_rearrange_what_is_shown_is_refused() {
        for mark in [
            "\u{1b}[2J",
            "\n",
            "\u{202E}",
            "\u{2067}",
            "\u{200F}",
            "\u{2028}",
        ] {
            let mut answers = vec![response(); 4];
            let text = format!("example{mark}");
            let party = |answer: &mut pb::ClaimTicketResponse| answer.relying_party.take().unwrap();
            for (answer, field) in answers.iter_mut().zip(0..) {
                let mut asked_by = party(answer);
                let mut name = asked_by.display_name.take().unwrap();
                match field {
                    0 => name.ja = text.clone(),
                    1 => name.en = text.clone(),
                    2 => asked_by.host = text.clone(),
                    _ => answer.browser = text.clone(),
                }
                asked_by.display_name = Some(name);
                answer.relying_party = Some(asked_by);
                let refused = details(answer);
                assert!(
                    matches!(refused, Err(CompanionError::BadAnswer(_))),
                    "{field} {mark:?}"
                );
            }
        }
    }
}

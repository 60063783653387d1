//! The tap itself: everything that happens while the card is held to the reader, and the
//! submission after it.

use crate::error::CompanionError;
use crate::transaction::{Outcome, Transaction, in_time};
use kazasu_card::{
    AuthPin, Card, CardError, Certificate, Digest, KeyAlgorithm, LastTry, PinStatus, ProfilePin,
    TokenKind, Transceive,
};
use kazasu_proto::companion::v1 as pb;
use kazasu_proto::companion::v1::companion_service_client::CompanionServiceClient;
use kazasu_statement::{Claim, Reason, Statement};
use std::time::Duration;
use tokio::task::JoinHandle;
use tonic::Status;
use tonic::transport::Channel;

/// How often a submission is repeated when the connection breaks. The verifier answers a
/// repetition with the first one's outcome, so that none can count twice.
const SUBMISSIONS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The PINs as the person typed them, each with whether the person was told that a try is the
/// last one and wants to use it.
#[derive(Debug)]
pub struct Pins {
    /// The PIN for signing in.
    pub auth: AuthPin,
    /// Whether its last try may be used.
    pub auth_last_try: LastTry,
    /// The PIN for the name; needed where the relying party asks for the name.
    pub profile: Option<ProfilePin>,
    /// Whether its last try may be used.
    pub profile_last_try: LastTry,
}

/// What is happening, for the person who holds the card still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Reading the name.
    ReadingName,
    /// Reading the certificate.
    ReadingCertificate,
    /// The card signs.
    Signing,
    /// The card can be taken away: the verifier checks.
    Checking,
}

/// PINs that were sent, or were about to be, without a clear answer since: the card's counter
/// before. It is written down before a PIN goes out, because a tap may be dropped at any point.
#[derive(Debug, Default)]
pub(crate) struct UnsurePins {
    auth: Option<u8>,
    profile: Option<u8>,
}

/// What one activation of one card yielded.
struct Reading {
    challenge: Vec<u8>,
    name: Option<String>,
    certificate: Certificate,
    signature: Vec<u8>,
}

impl Transaction {
    /// Reads the card, has it sign, submits the assertion. After [`CardError::CardLost`], or a
    /// wrong PIN with tries left, call it again with the card activated anew: it reads everything
    /// again, so that two cards cannot mix. A PIN whose check was cut off, by the card or because
    /// this future was dropped, is sent again only if the card's counter shows that the first
    /// sending cost no try.
    ///
    /// # Errors
    /// [`CompanionError`]; a refusal of the finished assertion is an [`Outcome`].
    pub async fn tap<T: Transceive>(
        &mut self,
        card: &mut Card<T>,
        pins: &Pins,
        on_step: &mut (dyn FnMut(Step) + Send),
    ) -> Result<Outcome, CompanionError> {
        let needs_name = self.details.claims.contains(&Claim::Name);
        if needs_name && pins.profile.is_none() {
            return Err(CompanionError::ProfilePinNeeded);
        }
        // The card is selected while the verifier answers: that takes about as long, and a person
        // holds the card.
        let asked = tokio::spawn(ask_for_challenge(self.client.clone(), self.secret.to_vec()));
        let read = self.read(card, pins, asked, on_step).await;
        // Forget the verified PIN whatever happened; a card that is gone has forgotten it.
        let left = card.leave().await;
        tracing::debug!(clean = left.is_ok(), "left the card");
        let read = read?;
        on_step(Step::Checking);
        self.submit(read).await
    }

    /// Reads everything. No PIN is sent before the verifier gave its challenge: a tap that cannot
    /// go on costs no try.
    async fn read<T: Transceive>(
        &mut self,
        card: &mut Card<T>,
        pins: &Pins,
        mut asked: Asked,
        on_step: &mut (dyn FnMut(Step) + Send),
    ) -> Result<Reading, CompanionError> {
        let (mut challenge, mut name) = (None, None);
        if let Some(pin) = &pins.profile
            && self.details.claims.contains(&Claim::Name)
        {
            on_step(Step::ReadingName);
            let mut profile = match card.profile().await {
                Ok(profile) => profile,
                Err(CardError::NotMyNumberCard) => return Err(other_token(card).await?.into()),
                Err(error) => return Err(error.into()),
            };
            let status = profile.pin_status().await?;
            challenge = Some(answer(&mut asked).await?);
            check_counter(&mut self.unsure.profile, status)?;
            let read = profile.name(pin, pins.profile_last_try).await;
            self.unsure.profile = still_unsure(&read);
            name = Some(read?);
        }
        on_step(Step::ReadingCertificate);
        let mut jpki = card.jpki().await?;
        match jpki.token_kind().await? {
            TokenKind::MyNumberCard => {}
            other => return Err(CardError::OtherToken(other).into()),
        }
        let certificate = jpki.authentication_certificate().await?;
        on_step(Step::Signing);
        let status = jpki.pin_status().await?;
        let challenge = match challenge {
            Some(challenge) => challenge,
            None => answer(&mut asked).await?,
        };
        check_counter(&mut self.unsure.auth, status)?;
        let digest = self.digest(&challenge, name.as_deref(), &certificate);
        let signed = jpki
            .sign_for_authentication(&pins.auth, &digest, pins.auth_last_try)
            .await;
        self.unsure.auth = still_unsure(&signed);
        let signature = signed?;
        Ok(Reading {
            challenge,
            name,
            certificate,
            signature,
        })
    }

    fn digest(&self, challenge: &[u8], name: Option<&str>, certificate: &Certificate) -> Digest {
        let statement = Statement {
            verifier_origin: &self.verifier_origin,
            relying_party: &self.details.relying_party.id,
            transaction_id: &self.details.transaction_id,
            purpose: self.details.purpose,
            challenge,
            requested_claims: &self.details.claims,
            name,
            certificate: certificate.der(),
        };
        match certificate.key() {
            KeyAlgorithm::Rsa => Digest::Sha256(statement.sha256()),
            KeyAlgorithm::EcdsaP384 => Digest::Sha384(statement.sha384()),
        }
    }

    async fn submit(&mut self, reading: Reading) -> Result<Outcome, CompanionError> {
        let request = pb::SubmitAssertionRequest {
            companion_secret: self.secret.to_vec(),
            challenge: reading.challenge,
            certificate: reading.certificate.der().to_vec(),
            signature: reading.signature,
            name: reading.name.unwrap_or_default(),
        };
        let mut pause = FIRST_PAUSE;
        for _ in 1..SUBMISSIONS {
            match self.submit_once(request.clone()).await {
                Err(CompanionError::Offline(_)) => tokio::time::sleep(pause).await,
                outcome => return outcome,
            }
            pause *= 2;
        }
        self.submit_once(request).await
    }

    async fn submit_once(
        &mut self,
        request: pb::SubmitAssertionRequest,
    ) -> Result<Outcome, CompanionError> {
        use pb::submit_assertion_response::Outcome as Wire;
        let response = match in_time(self.client.submit_assertion(request)).await {
            Ok(response) => response,
            Err(CompanionError::Refused(reason)) => return Ok(Outcome::Rejected(reason)),
            Err(other) => return Err(other),
        };
        match response.outcome {
            Some(Wire::Accepted(accepted)) => Ok(Outcome::Accepted {
                return_url: Some(accepted.return_url).filter(|url| !url.is_empty()),
            }),
            Some(Wire::Rejected(reason)) => Reason::try_from(reason)
                .map(Outcome::Rejected)
                .map_err(|_| CompanionError::BadAnswer("reason")),
            None => Err(CompanionError::BadAnswer("outcome")),
        }
    }
}

/// A challenge that the verifier was asked for. It stores nothing for one, so an answer that nobody
/// waits for any more does no harm.
type Asked = JoinHandle<Result<Vec<u8>, CompanionError>>;

async fn ask_for_challenge(
    mut client: CompanionServiceClient<Channel>,
    companion_secret: Vec<u8>,
) -> Result<Vec<u8>, CompanionError> {
    let request = pb::BeginAssertionRequest { companion_secret };
    Ok(in_time(client.begin_assertion(request)).await?.challenge)
}

async fn answer(asked: &mut Asked) -> Result<Vec<u8>, CompanionError> {
    let answered = asked.await;
    answered.unwrap_or_else(|ended| Err(Status::cancelled(ended.to_string()).into()))
}

/// What a card without the profile application is, if it says so itself: a phone's token has none.
async fn other_token<T: Transceive>(card: &mut Card<T>) -> Result<CardError, CardError> {
    Ok(match card.jpki().await?.token_kind().await {
        Ok(kind) if kind != TokenKind::MyNumberCard => CardError::OtherToken(kind),
        _ => CardError::NotMyNumberCard,
    })
}

/// The counter before a PIN whose check had no clear answer.
fn still_unsure<T>(outcome: &Result<T, CardError>) -> Option<u8> {
    match outcome {
        Err(
            CardError::LostWhileVerifying { retries_before }
            | CardError::PinOutcomeUnknown { retries_before, .. },
        ) => *retries_before,
        _ => None,
    }
}

/// If an earlier sending of the PIN had no clear answer and the card counts fewer tries now, the
/// PIN was wrong. Otherwise notes the counter for the sending that follows.
fn check_counter(unsure: &mut Option<u8>, now: PinStatus) -> Result<(), CardError> {
    let (before, now) = (unsure.take(), now.retries());
    match (before, now) {
        (Some(before), Some(left)) if left < before => {
            Err(CardError::WrongPin { retries_left: left })
        }
        _ => {
            *unsure = now;
            Ok(())
        }
    }
}

//! The tap itself: everything that happens while the card is held to the reader, and the
//! submission after it.

use crate::error::CompanionError;
use crate::transaction::{Outcome, Transaction, in_time};
use kazasu_card::{
    AuthPin, Card, CardError, Certificate, Digest, KeyAlgorithm, LastTry, PinStatus, ProfilePin,
    TokenKind, Transceive,
};
use kazasu_proto::companion::v1 as pb;
use kazasu_statement::{Claim, Reason, Statement};
use std::time::Duration;

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
        let challenge = self.challenge().await?;
        let read = self.read(card, pins, &challenge, on_step).await;
        // Forget the verified PIN whatever happened; a card that is gone has forgotten it.
        let left = card.leave().await;
        tracing::debug!(clean = left.is_ok(), "left the card");
        let read = read?;
        on_step(Step::Checking);
        self.submit(challenge, read).await
    }

    async fn challenge(&mut self) -> Result<Vec<u8>, CompanionError> {
        let request = pb::BeginAssertionRequest {
            companion_secret: self.secret.to_vec(),
        };
        let response = in_time(self.client.begin_assertion(request)).await?;
        Ok(response.challenge)
    }

    async fn read<T: Transceive>(
        &mut self,
        card: &mut Card<T>,
        pins: &Pins,
        challenge: &[u8],
        on_step: &mut (dyn FnMut(Step) + Send),
    ) -> Result<Reading, CardError> {
        let name = match &pins.profile {
            Some(pin) if self.details.claims.contains(&Claim::Name) => {
                on_step(Step::ReadingName);
                Some(self.read_name(card, pin, pins.profile_last_try).await?)
            }
            _ => None,
        };
        on_step(Step::ReadingCertificate);
        let mut jpki = card.jpki().await?;
        match jpki.token_kind().await? {
            TokenKind::MyNumberCard => {}
            other => return Err(CardError::OtherToken(other)),
        }
        let certificate = jpki.authentication_certificate().await?;
        on_step(Step::Signing);
        check_counter(&mut self.unsure.auth, jpki.pin_status().await?)?;
        let digest = self.digest(challenge, name.as_deref(), &certificate);
        let signed = jpki
            .sign_for_authentication(&pins.auth, &digest, pins.auth_last_try)
            .await;
        self.unsure.auth = still_unsure(&signed);
        let signature = signed?;
        Ok(Reading {
            name,
            certificate,
            signature,
        })
    }

    async fn read_name<T: Transceive>(
        &mut self,
        card: &mut Card<T>,
        pin: &ProfilePin,
        last_try: LastTry,
    ) -> Result<String, CardError> {
        let mut profile = match card.profile().await {
            Ok(profile) => profile,
            // A phone's token has no profile application: say what it is, if it says so itself.
            Err(CardError::NotMyNumberCard) => {
                return Err(match card.jpki().await?.token_kind().await {
                    Ok(kind) if kind != TokenKind::MyNumberCard => CardError::OtherToken(kind),
                    _ => CardError::NotMyNumberCard,
                });
            }
            Err(error) => return Err(error),
        };
        check_counter(&mut self.unsure.profile, profile.pin_status().await?)?;
        let name = profile.name(pin, last_try).await;
        self.unsure.profile = still_unsure(&name);
        name
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

    async fn submit(
        &mut self,
        challenge: Vec<u8>,
        reading: Reading,
    ) -> Result<Outcome, CompanionError> {
        let request = pb::SubmitAssertionRequest {
            companion_secret: self.secret.to_vec(),
            challenge,
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

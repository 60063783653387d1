//! Taps that are finished but for the last call: opened, claimed and signed.

use anyhow::{Context, Result, ensure};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use kazasu_demo::browser::Browser;
use kazasu_demo::relying_party::RelyingParty;
use kazasu_demo::started::Started;
use kazasu_emulator::authority::{Authority, KeyAlgorithm};
use kazasu_proto::companion::v1 as pb;
use kazasu_statement::{Claim, Purpose, Statement};
use pb::companion_service_client::CompanionServiceClient;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tonic::transport::Channel;

/// What every card says.
const NAME: &str = "見本　太郎";
/// How many taps are prepared side by side.
const AT_ONCE: usize = 32;

/// A card, reduced to what it signs with.
pub struct SigningCard {
    certificate: Vec<u8>,
    key: KeyPair,
}

/// Issues cards with RSA keys, as every card today.
///
/// # Errors
/// If no key can be made.
pub fn issue(authority: &mut Authority, count: usize, now: i64) -> Result<Vec<SigningCard>> {
    let cards = (0..count).map(|person| {
        let card = authority.enrol(&format!("person {person}"), KeyAlgorithm::Rsa2048, now)?;
        Ok(SigningCard {
            certificate: card.auth_certificate_der,
            key: KeyPair::from_pkcs8(&card.auth_key_pkcs8)?,
        })
    });
    cards.collect()
}

/// Where people tap: a relying party, and cards.
pub struct Stand {
    /// Who asks.
    pub party: RelyingParty,
    /// The verifier's origin.
    pub origin: String,
    /// Whose taps take turns.
    pub cards: Arc<Vec<SigningCard>>,
}

/// A tap that is ready to be submitted.
pub struct ReadyTap {
    /// The browser that waits.
    pub started: Started,
    /// The transaction's identifier.
    pub transaction_id: String,
    /// The last call.
    pub submission: pb::SubmitAssertionRequest,
}

impl Stand {
    /// Prepares `count` taps over the verifier's own HTTP and gRPC, with the cards in turn.
    ///
    /// # Errors
    /// If any of them is refused.
    pub async fn prepare(self: &Arc<Self>, count: usize) -> Result<Vec<ReadyTap>> {
        let channel = Channel::from_shared(self.origin.clone())?.connect().await?;
        let no_redirects = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().redirect(no_redirects).build()?;
        let next = Arc::new(AtomicUsize::new(0));
        let mut workers = Vec::new();
        for _ in 0..AT_ONCE {
            let (stand, next) = (self.clone(), next.clone());
            let (channel, http) = (channel.clone(), http.clone());
            workers.push(tokio::spawn(async move {
                let mut prepared = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break anyhow::Ok(prepared);
                    }
                    let browser = Browser::sharing(http.clone());
                    prepared.push(stand.tap(browser, channel.clone(), number).await?);
                }
            }));
        }
        let mut taps = Vec::with_capacity(count);
        for worker in workers {
            taps.extend(worker.await??);
        }
        ensure!(taps.len() == count, "{} of {count} taps", taps.len());
        Ok(taps)
    }

    /// Prepares one tap on one phone, with the card whose turn `number` is.
    ///
    /// # Errors
    /// If the verifier refuses a step.
    pub async fn tap(&self, browser: Browser, channel: Channel, number: usize) -> Result<ReadyTap> {
        let started = Started::begin_in(browser, &self.party, "view", "same-phone").await?;
        self.claim(started, channel, number).await
    }

    /// The companion's part of it, with a browser that waits on the same phone.
    ///
    /// # Errors
    /// Likewise.
    pub async fn claim(
        &self,
        started: Started,
        channel: Channel,
        number: usize,
    ) -> Result<ReadyTap> {
        let card = &self.cards[number % self.cards.len()];
        let (_, ticket) = started.ticket.rsplit_once('/').context("a link")?;
        let mut companions = CompanionServiceClient::new(channel);
        let claim = pb::ClaimTicketRequest {
            ticket: ticket.to_owned(),
        };
        let claimed = companions.claim_ticket(claim).await?.into_inner();
        let begin = pb::BeginAssertionRequest {
            companion_secret: claimed.companion_secret.clone(),
        };
        let challenge = companions.begin_assertion(begin).await?.into_inner();
        let statement = Statement {
            verifier_origin: &claimed.verifier_origin,
            relying_party: self.party.id(),
            transaction_id: &claimed.transaction_id,
            purpose: Purpose::View,
            challenge: &challenge.challenge,
            requested_claims: &[Claim::Name],
            name: Some(NAME),
            certificate: &card.certificate,
        };
        let mut signature = vec![0; card.key.public_modulus_len()];
        let (random, message) = (SystemRandom::new(), statement.to_bytes());
        card.key
            .sign(&RSA_PKCS1_SHA256, &random, &message, &mut signature)?;
        Ok(ReadyTap {
            started,
            transaction_id: claimed.transaction_id,
            submission: pb::SubmitAssertionRequest {
                companion_secret: claimed.companion_secret,
                challenge: challenge.challenge,
                certificate: card.certificate.clone(),
                signature,
                name: NAME.to_owned(),
            },
        })
    }
}

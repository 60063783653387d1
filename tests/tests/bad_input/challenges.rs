//! Challenges that were forged, altered, or are too old.

use crate::harness::Server;
use crate::target::{Target, random, server};
use kazasu_proto::companion::v1::companion_service_client::CompanionServiceClient;
use kazasu_proto::companion::v1::submit_assertion_response::Outcome;
use kazasu_proto::companion::v1::{
    BeginAssertionRequest, ClaimTicketRequest, SubmitAssertionRequest,
};
use kazasu_statement::Reason;
use rand::Rng as _;
use tonic::transport::Channel;

/// The published test card's; nobody here has its key.
const CERTIFICATE: &[u8] =
    include_bytes!("../../../crates/assertion/testdata/test-card/jpki-auth-cert.der");

/// A companion that may ask for challenges.
struct Ready {
    companion: CompanionServiceClient<Channel>,
    secret: Vec<u8>,
}

impl Ready {
    async fn new(server: &Server) -> Self {
        let (_, _, ticket) = server.ticket("same-phone").await;
        let mut companion = server.companion().await;
        let claim = companion.claim_ticket(ClaimTicketRequest { ticket }).await;
        let secret = claim.unwrap().into_inner().companion_secret;
        Self { companion, secret }
    }

    async fn challenge(&mut self) -> Vec<u8> {
        let begin = BeginAssertionRequest {
            companion_secret: self.secret.clone(),
        };
        let begun = self.companion.begin_assertion(begin).await.unwrap();
        begun.into_inner().challenge
    }

    async fn submit(&mut self, challenge: &[u8], signature: &[u8]) -> Reason {
        let request = SubmitAssertionRequest {
            companion_secret: self.secret.clone(),
            challenge: challenge.to_vec(),
            certificate: CERTIFICATE.to_vec(),
            signature: signature.to_vec(),
            name: "見本　太郎".into(),
        };
        let answer = self.companion.submit_assertion(request).await.unwrap();
        match answer.into_inner().outcome.unwrap() {
            Outcome::Rejected(reason) => reason.try_into().unwrap(),
            Outcome::Accepted(_) => panic!("a forgery was accepted"),
        }
    }
}

#[tokio::test]
async fn a_challenge_altered_at_any_byte_or_of_any_other_length_is_none_of_ours() {
    let target = Target::start().await;
    let mut ready = Ready::new(&target.server).await;
    let before = target.rows();
    let good = ready.challenge().await;
    for at in 0..good.len() {
        let mut altered = good.clone();
        altered[at] ^= 1 << (at % 8);
        let refused = ready.submit(&altered, &[0; 256]).await;
        assert_eq!(refused, Reason::StatementMismatch, "byte {at}");
    }
    let mut lengths = vec![
        vec![],
        vec![0],
        good[1..].to_vec(),
        good[..good.len() - 1].to_vec(),
    ];
    lengths.extend([[&good[..], &[0]].concat(), good.repeat(2), good.repeat(300)]);
    let mut random = random();
    for _ in 0..50 {
        let mut noise = vec![0; good.len()];
        random.fill(&mut noise[..]);
        lengths.push(noise);
    }
    for challenge in lengths {
        let refused = ready.submit(&challenge, &[0; 256]).await;
        assert_eq!(
            refused,
            Reason::StatementMismatch,
            "{}",
            hex::encode(&challenge)
        );
    }
    // Past the challenge, the forged signature is what stops it.
    assert_eq!(
        ready.submit(&good, &[0; 256]).await,
        Reason::SignatureInvalid
    );
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn a_challenge_of_another_verifier_is_none_of_ours() {
    let target = Target::start().await;
    let other = server().await;
    let mut ready = Ready::new(&target.server).await;
    let mut elsewhere = Ready::new(&other).await;
    let before = target.rows();
    let theirs = elsewhere.challenge().await;
    let refused = ready.submit(&theirs, &[0; 256]).await;
    assert_eq!(refused, Reason::StatementMismatch);
    target.assert_unharmed(&before).await;
}

#[tokio::test]
async fn signatures_that_cannot_be_are_refused() {
    let target = Target::start().await;
    let mut ready = Ready::new(&target.server).await;
    let before = target.rows();
    let challenge = ready.challenge().await;
    let modulus_and_more = vec![0xFF; 256];
    let der_zeros = [0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00];
    let signatures: [&[u8]; 8] = [
        &[],
        &[0],
        &[0; 255],
        &[0; 257],
        &[1; 256],
        &modulus_and_more,
        &der_zeros,
        &[0x30; 10_000],
    ];
    for signature in signatures {
        let refused = ready.submit(&challenge, signature).await;
        assert_eq!(
            refused,
            Reason::SignatureInvalid,
            "{} bytes",
            signature.len()
        );
    }
    target.assert_unharmed(&before).await;
}

//! Challenges, and assertions that must not pass. The certificate is the published test card's,
//! whose key nobody here has.

use crate::harness::Server;
use kazasu_proto::companion::v1::companion_service_client::CompanionServiceClient;
use kazasu_proto::companion::v1::submit_assertion_response::Outcome;
use kazasu_proto::companion::v1::{
    BeginAssertionRequest, ClaimTicketRequest, SubmitAssertionRequest,
};
use kazasu_statement::Reason;
use tonic::transport::Channel;

const CERTIFICATE: &[u8] =
    include_bytes!("../../../assertion/testdata/test-card/jpki-auth-cert.der");

/// A claimed same-phone transaction.
struct Ready {
    companion: CompanionServiceClient<Channel>,
    secret: Vec<u8>,
}

impl Ready {
    async fn new(server: &Server) -> Self {
        let (_, _, ticket) = server.ticket("same-phone").await;
        let mut companion = server.companion().await;
        let request = ClaimTicketRequest { ticket };
        let secret = companion
            .claim_ticket(request)
            .await
            .unwrap()
            .into_inner()
            .companion_secret;
        Self { companion, secret }
    }

    async fn challenge(&mut self) -> Vec<u8> {
        let request = BeginAssertionRequest {
            companion_secret: self.secret.clone(),
        };
        self.companion
            .begin_assertion(request)
            .await
            .unwrap()
            .into_inner()
            .challenge
    }

    async fn submit(&mut self, challenge: Vec<u8>, certificate: &[u8]) -> Reason {
        let request = SubmitAssertionRequest {
            companion_secret: self.secret.clone(),
            challenge,
            certificate: certificate.to_vec(),
            signature: vec![0; 256],
            name: "見本　太郎".into(),
        };
        let response = self
            .companion
            .submit_assertion(request)
            .await
            .unwrap()
            .into_inner();
        match response.outcome {
            Some(Outcome::Rejected(reason)) => reason.try_into().unwrap(),
            other => panic!("expected a refusal, got {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_challenge_ends_after_three_minutes_and_the_next_one_works() {
    let server = Server::start().await;
    let mut ready = Ready::new(&server).await;
    let challenge = ready.challenge().await;
    server.pass(180);
    assert_eq!(
        ready.submit(challenge, CERTIFICATE).await,
        Reason::ChallengeExpired
    );
    let challenge = ready.challenge().await;
    assert_eq!(
        ready.submit(challenge, CERTIFICATE).await,
        Reason::SignatureInvalid
    );
}

#[tokio::test]
async fn a_challenge_of_another_transaction_is_refused() {
    let server = Server::start().await;
    let (mut mine, mut theirs) = (Ready::new(&server).await, Ready::new(&server).await);
    let challenge = theirs.challenge().await;
    assert_eq!(
        mine.submit(challenge, CERTIFICATE).await,
        Reason::StatementMismatch
    );
    assert_eq!(
        mine.submit(Vec::new(), CERTIFICATE).await,
        Reason::StatementMismatch
    );
}

#[tokio::test]
async fn a_certificate_that_is_none_is_refused_by_name() {
    let server = Server::start().await;
    let mut ready = Ready::new(&server).await;
    for (certificate, reason) in [
        (&b""[..], Reason::CertificateMalformed),
        (&CERTIFICATE[..500], Reason::CertificateMalformed),
        (CERTIFICATE, Reason::SignatureInvalid),
    ] {
        let challenge = ready.challenge().await;
        assert_eq!(ready.submit(challenge, certificate).await, reason);
    }
}

#[tokio::test]
async fn an_expired_transaction_takes_nothing() {
    let server = Server::start().await;
    let mut ready = Ready::new(&server).await;
    let challenge = ready.challenge().await;
    server.pass(600);
    assert_eq!(
        ready.submit(challenge, CERTIFICATE).await,
        Reason::TransactionExpired
    );
}

#[tokio::test]
async fn a_stranger_with_a_good_challenge_gets_nothing() {
    let server = Server::start().await;
    let mut ready = Ready::new(&server).await;
    let challenge = ready.challenge().await;
    ready.secret = vec![0; 32];
    assert_eq!(
        ready.submit(challenge, CERTIFICATE).await,
        Reason::TicketUnknown
    );
}

#[tokio::test]
async fn a_message_beyond_any_certificate_is_not_even_read() {
    let server = Server::start().await;
    let mut ready = Ready::new(&server).await;
    let request = SubmitAssertionRequest {
        companion_secret: ready.secret.clone(),
        certificate: vec![0; 64 * 1024],
        ..Default::default()
    };
    assert!(ready.companion.submit_assertion(request).await.is_err());
}

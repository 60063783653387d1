//! A companion that signs in software, and lies when it should.

use crate::harness::Browser;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256};
use kazasu_emulator::authority::{IssuedCard, KeyAlgorithm};
use kazasu_proto::companion::v1::companion_service_client::CompanionServiceClient;
use kazasu_proto::companion::v1::submit_assertion_response::Outcome;
use kazasu_proto::companion::v1::{
    BeginAssertionRequest, SubmitAssertionRequest, SubmitAssertionResponse,
};
use kazasu_statement::{Claim, Purpose, Reason, Statement};
use tonic::Response;
use tonic::transport::Channel;
use url::Url;

/// A transaction in the hands of a companion.
pub(crate) struct Claimed {
    pub(crate) browser: Browser,
    pub(crate) page: String,
    pub(crate) secret: Vec<u8>,
    pub(crate) name: Option<&'static str>,
    pub(crate) companion: CompanionServiceClient<Channel>,
    pub(crate) origin: String,
    pub(crate) transaction_id: String,
    pub(crate) party: &'static str,
    pub(crate) purpose: Purpose,
}

impl Claimed {
    pub(crate) async fn challenge(&mut self) -> Vec<u8> {
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

    /// What an honest companion submits for a card.
    pub(crate) async fn assertion(&mut self, card: &IssuedCard) -> SubmitAssertionRequest {
        let challenge = self.challenge().await;
        let statement = Statement {
            verifier_origin: &self.origin,
            relying_party: self.party,
            transaction_id: &self.transaction_id,
            purpose: self.purpose,
            challenge: &challenge,
            requested_claims: if self.name.is_some() {
                &[Claim::Name]
            } else {
                &[]
            },
            name: self.name,
            certificate: &card.auth_certificate_der,
        };
        SubmitAssertionRequest {
            companion_secret: self.secret.clone(),
            signature: sign(card, &statement.to_bytes()),
            challenge: challenge.clone(),
            certificate: card.auth_certificate_der.clone(),
            name: self.name.unwrap_or_default().to_owned(),
        }
    }

    /// The return URL, or the refusal.
    pub(crate) async fn submit(&self, request: SubmitAssertionRequest) -> Result<String, Reason> {
        let mut companion = self.companion.clone();
        outcome(companion.submit_assertion(request).await.unwrap())
    }

    pub(crate) async fn accepted(&mut self, card: &IssuedCard) -> Result<String, Reason> {
        let assertion = self.assertion(card).await;
        self.submit(assertion).await
    }

    /// The code that the browser is sent to the relying party with.
    pub(crate) async fn code(&mut self) -> String {
        let location = self
            .browser
            .get(&self.page)
            .await
            .location
            .expect("a way on");
        code_in(&location).expect("a code")
    }
}

/// The return URL, or the refusal.
pub(crate) fn outcome(response: Response<SubmitAssertionResponse>) -> Result<String, Reason> {
    match response.into_inner().outcome.unwrap() {
        Outcome::Accepted(accepted) => Ok(accepted.return_url),
        Outcome::Rejected(reason) => Err(reason.try_into().unwrap()),
    }
}

pub(crate) fn code_in(location: &str) -> Option<String> {
    let url = Url::parse(location).unwrap();
    url.query_pairs()
        .find(|(key, _)| key == "code")
        .map(|(_, code)| code.into_owned())
}

fn sign(card: &IssuedCard, message: &[u8]) -> Vec<u8> {
    let random = SystemRandom::new();
    match card.algorithm {
        KeyAlgorithm::Rsa2048 => {
            let key = RsaKeyPair::from_pkcs8(&card.auth_key_pkcs8).unwrap();
            let mut signature = vec![0; key.public_modulus_len()];
            key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                .unwrap();
            signature
        }
        KeyAlgorithm::P384 => {
            let algorithm = &ECDSA_P384_SHA384_ASN1_SIGNING;
            let key = EcdsaKeyPair::from_pkcs8(algorithm, &card.auth_key_pkcs8).unwrap();
            key.sign(&random, message).unwrap().as_ref().to_vec()
        }
    }
}

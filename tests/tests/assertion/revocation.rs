//! What the emulator's authority answers about its cards, right and wrong, and what we make of it.

use crate::NOW;
use kazasu_assertion::revocation::{
    NonceCheck, RevocationError, RevocationList, RevocationReason, Status, judge_ocsp, ocsp_request,
};
use kazasu_assertion::{TrustAnchors, ValidCertificate};
use kazasu_emulator::authority::{
    Authority, AuthorityOptions, KeyAlgorithm, OcspAnswer, OcspSigner, P384_GENERATION,
    RevocationReason as Cause,
};

const NONCE: &[u8] = b"sixteen octets..";

struct World {
    authority: Authority,
    generation: u8,
}

impl World {
    fn new(signer: OcspSigner, algorithm: KeyAlgorithm) -> Self {
        let options = AuthorityOptions {
            ocsp_signer: signer,
            ..AuthorityOptions::default()
        };
        let mut authority = Authority::new(options, NOW).expect("an authority");
        authority.enrol("taro", algorithm, NOW).expect("a card");
        let generation = match algorithm {
            KeyAlgorithm::Rsa2048 => 1,
            KeyAlgorithm::P384 => P384_GENERATION,
        };
        Self {
            authority,
            generation,
        }
    }

    fn anchors(&self) -> TrustAnchors {
        let ca = self
            .authority
            .ca_certificate(self.generation)
            .expect("a generation");
        TrustAnchors::test(&[ca.to_vec()]).expect("an authority")
    }

    fn card(&self) -> ValidCertificate {
        let card = self.authority.card("taro").expect("a card");
        self.anchors()
            .validate(&card.auth_certificate_der, NOW)
            .expect("valid")
    }

    fn ocsp(&self) -> Result<Status, RevocationError> {
        let card = self.card();
        let response = self.authority.ocsp(&ocsp_request(&card, Some(NONCE)), NOW);
        judge_ocsp(&response, &card, NonceCheck::Required(NONCE), NOW).map(|j| j.status)
    }

    fn crl(&self) -> Result<Status, RevocationError> {
        let crl = self
            .authority
            .crl(self.generation, NOW)
            .expect("a generation");
        RevocationList::parse(&crl, &self.anchors(), NOW)?
            .judge(&self.card(), NOW)
            .map(|judgement| judgement.status)
    }
}

#[test]
fn ocsp_and_crl_follow_a_certificate_through_its_life() {
    for signer in [OcspSigner::Ca, OcspSigner::Delegated] {
        for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::P384] {
            let mut world = World::new(signer, algorithm);
            assert_eq!(
                (world.ocsp(), world.crl()),
                (Ok(Status::Good), Ok(Status::Good))
            );
            world.authority.hold("taro", NOW).expect("held");
            let held = Ok(Status::OnHold { at: NOW });
            assert_eq!((world.ocsp(), world.crl()), (held, held));
            world.authority.release("taro").expect("released");
            assert_eq!(
                (world.ocsp(), world.crl()),
                (Ok(Status::Good), Ok(Status::Good))
            );
            world
                .authority
                .revoke("taro", Cause::KeyCompromise, NOW)
                .expect("revoked");
            let reason = RevocationReason::KeyCompromise;
            let revoked = Ok(Status::Revoked { at: NOW, reason });
            assert_eq!((world.ocsp(), world.crl()), (revoked, revoked));
        }
    }
}

#[test]
fn every_wrong_answer_is_refused_for_what_is_wrong() {
    for signer in [OcspSigner::Ca, OcspSigner::Delegated] {
        let mut world = World::new(signer, KeyAlgorithm::Rsa2048);
        for answer in OcspAnswer::ALL {
            world.authority.set_ocsp_answer(answer);
            let said = world.ocsp();
            let expected = match answer {
                OcspAnswer::Correct | OcspAnswer::Crowded | OcspAnswer::NoNextUpdate => {
                    Ok(Status::Good)
                }
                OcspAnswer::SeveralStatuses => {
                    let reason = RevocationReason::KeyCompromise;
                    Ok(Status::Revoked { at: NOW, reason })
                }
                OcspAnswer::WrongSerial | OcspAnswer::WrongIssuerKey | OcspAnswer::NoStatuses => {
                    Err(RevocationError::NoAnswer)
                }
                OcspAnswer::Stale | OcspAnswer::OldWithoutNextUpdate => Err(RevocationError::Stale),
                OcspAnswer::NotYetValid => Err(RevocationError::NotYetValid),
                OcspAnswer::NoNonce | OcspAnswer::WrongNonce => Err(RevocationError::NonceMismatch),
                OcspAnswer::SignedByImpostor
                | OcspAnswer::ResponderOfImpostor
                | OcspAnswer::ResponderWithoutPurpose
                | OcspAnswer::ResponderExpired
                | OcspAnswer::SignedByCard => Err(RevocationError::WrongSigner),
                OcspAnswer::AlteredSignature => Err(RevocationError::SignatureInvalid),
                OcspAnswer::MalformedRequest => Err(RevocationError::NotSuccessful(1)),
                OcspAnswer::InternalError => Err(RevocationError::NotSuccessful(2)),
                OcspAnswer::TryLater => Err(RevocationError::NotSuccessful(3)),
                OcspAnswer::Unauthorized => Err(RevocationError::NotSuccessful(6)),
                OcspAnswer::SuccessfulWithoutResponse
                | OcspAnswer::Truncated
                | OcspAnswer::TrailingByte
                | OcspAnswer::Garbage => Err(RevocationError::Malformed),
            };
            assert_eq!(said, expected, "{answer:?}");
        }
    }
}

//! An assertion with any bit changed is refused, whether the verifier's own statement follows the
//! change (as it does for certificate and name) or not.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use kazasu_assertion::{TrustAnchors, verify};
use kazasu_card::{AuthPin, Card, ChannelLimits, Digest, LastTry};
use kazasu_emulator::EmulatedChannel;
use kazasu_emulator::authority::{self, Authority, AuthorityOptions};
use kazasu_emulator::control::Emulator;
use kazasu_emulator::holder::Holder;
use kazasu_statement::{Assertion, Claim, Purpose, Statement};

const CHALLENGE: &[u8] = b"a challenge of some length";
const NAME: &str = "見本　太郎";

fn statement<'a>(
    challenge: &'a [u8],
    certificate: &'a [u8],
    name: Option<&'a str>,
) -> Statement<'a> {
    Statement {
        verifier_origin: "https://verifier.example",
        relying_party: "portal",
        transaction_id: "T-1",
        purpose: Purpose::Recover,
        challenge,
        requested_claims: &[Claim::Name],
        name,
        certificate,
    }
}

async fn signed() -> (TrustAnchors, Assertion, i64) {
    let clock = authority::system_clock();
    let now = clock();
    let authority = Authority::new(AuthorityOptions::default(), now).unwrap();
    let anchors = TrustAnchors::test(&[authority.ca_certificate(1).unwrap().to_vec()]).unwrap();
    let emulator = Emulator::new(Holder::samples(), authority, clock, None).unwrap();
    emulator.present("taro").unwrap();
    let mut card = Card::new(EmulatedChannel::connect(
        emulator.field(),
        ChannelLimits::EXTENDED,
    ));
    let mut jpki = card.jpki().await.unwrap();
    let certificate = jpki
        .authentication_certificate()
        .await
        .unwrap()
        .der()
        .to_vec();
    let digest = Digest::Sha256(statement(CHALLENGE, &certificate, Some(NAME)).sha256());
    let pin = AuthPin::new("1234").unwrap();
    let signature = jpki
        .sign_for_authentication(&pin, &digest, LastTry::Refuse)
        .await
        .unwrap();
    let assertion = Assertion {
        challenge: CHALLENGE.to_vec(),
        certificate,
        signature,
        name: Some(NAME.to_owned()),
    };
    // A minute later, so that a certificate made this second is valid.
    (anchors, assertion, now + 60)
}

fn flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(|bit| {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        changed
    })
}

#[tokio::test]
async fn any_flipped_bit_is_refused() {
    let (anchors, assertion, now) = signed().await;
    // What the verifier does: it builds the statement around the certificate and name it is given.
    let accepts = |changed: &Assertion, challenge: &[u8]| {
        let statement = statement(challenge, &changed.certificate, changed.name.as_deref());
        verify(&anchors, changed, &statement, now).is_ok()
    };
    assert!(accepts(&assertion, CHALLENGE));
    for certificate in flipped(&assertion.certificate) {
        assert!(!accepts(
            &Assertion {
                certificate,
                ..assertion.clone()
            },
            CHALLENGE
        ));
    }
    for signature in flipped(&assertion.signature) {
        assert!(!accepts(
            &Assertion {
                signature,
                ..assertion.clone()
            },
            CHALLENGE
        ));
    }
    for challenge in flipped(&assertion.challenge) {
        let changed = Assertion {
            challenge: challenge.clone(),
            ..assertion.clone()
        };
        assert!(!accepts(&changed, CHALLENGE));
        assert!(!accepts(&changed, &challenge));
    }
    for name in flipped(NAME.as_bytes()) {
        let name = String::from_utf8_lossy(&name).into_owned();
        assert!(!accepts(
            &Assertion {
                name: Some(name),
                ..assertion.clone()
            },
            CHALLENGE
        ));
    }
    assert!(!accepts(
        &Assertion {
            name: None,
            ..assertion.clone()
        },
        CHALLENGE
    ));
}

#[tokio::test]
async fn a_statement_with_any_other_field_is_refused() {
    let (anchors, assertion, now) = signed().await;
    let own = statement(CHALLENGE, &assertion.certificate, Some(NAME));
    let others = [
        Statement {
            verifier_origin: "https://verifier.example:444",
            ..own
        },
        Statement {
            relying_party: "library",
            ..own
        },
        Statement {
            transaction_id: "T-2",
            ..own
        },
        Statement {
            purpose: Purpose::View,
            ..own
        },
        Statement {
            requested_claims: &[],
            ..own
        },
        Statement { name: None, ..own },
    ];
    assert!(verify(&anchors, &assertion, &own, now).is_ok());
    for other in others {
        assert!(
            verify(&anchors, &assertion, &other, now).is_err(),
            "{other:?}"
        );
    }
    assert!(verify(&TrustAnchors::production(), &assertion, &own, now).is_err());
}

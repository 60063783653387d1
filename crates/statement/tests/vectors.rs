//! The published test vectors, and what the encoding promises.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use kazasu_statement::{Claim, Language, Mode, ProfileRule, Purpose, Reason, Statement};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    title: String,
    verifier_origin: String,
    relying_party: String,
    transaction_id: String,
    purpose: String,
    challenge: String,
    requested_claims: Vec<String>,
    name: Option<String>,
    certificate: String,
    statement: String,
    sha256: String,
    sha384: String,
}

#[test]
fn statements_equal_the_vectors_of_an_independent_implementation() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../testdata/vectors.json")).unwrap();
    assert_eq!(vectors.len(), 5);
    for vector in vectors {
        let claims: Vec<Claim> = vector
            .requested_claims
            .iter()
            .map(|claim| claim.parse().unwrap())
            .collect();
        let statement = Statement {
            verifier_origin: &vector.verifier_origin,
            relying_party: &vector.relying_party,
            transaction_id: &vector.transaction_id,
            purpose: vector.purpose.parse().unwrap(),
            challenge: &hex::decode(&vector.challenge).unwrap(),
            requested_claims: &claims,
            name: vector.name.as_deref(),
            certificate: &hex::decode(&vector.certificate).unwrap(),
        };
        assert_eq!(
            hex::encode(statement.to_bytes()),
            vector.statement,
            "{}",
            vector.title
        );
        assert_eq!(
            hex::encode(statement.sha256()),
            vector.sha256,
            "{}",
            vector.title
        );
        assert_eq!(
            hex::encode(statement.sha384()),
            vector.sha384,
            "{}",
            vector.title
        );
    }
}

#[test]
fn claims_are_a_set() {
    let statement = |claims| {
        Statement {
            verifier_origin: "",
            relying_party: "",
            transaction_id: "",
            purpose: Purpose::View,
            challenge: &[],
            requested_claims: claims,
            name: None,
            certificate: &[],
        }
        .to_bytes()
    };
    assert_eq!(
        statement(&[Claim::Name]),
        statement(&[Claim::Name, Claim::Name])
    );
    assert_ne!(statement(&[Claim::Name]), statement(&[]));
}

#[test]
fn every_word_is_read_back_and_others_are_refused() {
    for purpose in Purpose::ALL {
        assert_eq!(purpose.as_str().parse::<Purpose>().unwrap(), *purpose);
    }
    for mode in Mode::ALL {
        assert_eq!(mode.as_str().parse::<Mode>().unwrap(), *mode);
    }
    assert!("VIEW".parse::<Purpose>().is_err());
    assert!("".parse::<Mode>().is_err());
}

#[test]
fn messages_are_sentences_without_codes_in_both_languages() {
    let reasons = [
        Reason::TicketExpired,
        Reason::WrongBrowser,
        Reason::CertificateRevoked,
        Reason::ProfileViolation(ProfileRule::KeyUsage),
    ];
    for reason in reasons {
        let ja = reason.message(Language::Japanese);
        let en = reason.message(Language::English);
        for text in [en.sentence, en.next_step] {
            assert!(text.ends_with('.') && !text.contains('_'), "{text}");
        }
        for text in [ja.sentence, ja.next_step] {
            assert!(text.ends_with('。') && !text.contains('_'), "{text}");
        }
    }
    assert_eq!(
        Reason::ProfileViolation(ProfileRule::KeyUsage).to_string(),
        "profile_violation(key_usage)"
    );
}

proptest! {
    #[test]
    fn two_statements_are_equal_only_if_every_field_is(
        a in any::<(String, String, String, Vec<u8>, Option<String>, Vec<u8>)>(),
        b in any::<(String, String, String, Vec<u8>, Option<String>, Vec<u8>)>(),
    ) {
        fn encode(f: &(String, String, String, Vec<u8>, Option<String>, Vec<u8>)) -> Vec<u8> {
            Statement {
                verifier_origin: &f.0, relying_party: &f.1, transaction_id: &f.2,
                purpose: Purpose::Link, challenge: &f.3, requested_claims: &[Claim::Name],
                name: f.4.as_deref(), certificate: &f.5,
            }.to_bytes()
        }
        // An absent name and an empty one are the same statement: the claims field tells them apart.
        let same = (&a.0, &a.1, &a.2, &a.3, &a.5) == (&b.0, &b.1, &b.2, &b.3, &b.5)
            && a.4.clone().unwrap_or_default() == b.4.clone().unwrap_or_default();
        prop_assert_eq!(encode(&a) == encode(&b), same);
        // The same characters with one boundary moved are another statement.
        if let Some(first) = a.1.chars().next() {
            let mut moved = a.clone();
            moved.0.push(first);
            moved.1.remove(0);
            prop_assert_ne!(encode(&a), encode(&moved));
        }
    }
}

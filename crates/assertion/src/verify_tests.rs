//! Assertions by a forged card.

use crate::forge::*;
use crate::{TrustAnchors, verify};
use kazasu_statement::{Assertion, Claim, Purpose, Reason, Statement};

struct Card {
    anchors: TrustAnchors,
    certificate: Vec<u8>,
    key: Forge,
}

impl Card {
    fn new() -> Self {
        let (authority, key) = (Forge::new(), Forge::new());
        let mut fields = authority.card();
        fields.0[KEY] = key.key_info();
        Self {
            anchors: authority.anchors(),
            certificate: authority.sign(&fields),
            key,
        }
    }

    /// What the card signs when it is asked for these claims and states this name.
    fn assert<'a>(
        &'a self,
        claims: &'a [Claim],
        name: Option<&'a str>,
    ) -> (Assertion, Statement<'a>) {
        let statement = Statement {
            verifier_origin: "https://verifier.example",
            relying_party: "portal",
            transaction_id: "t1",
            purpose: Purpose::Link,
            challenge: b"challenge",
            requested_claims: claims,
            name,
            certificate: &self.certificate,
        };
        let assertion = Assertion {
            challenge: b"challenge".to_vec(),
            certificate: self.certificate.clone(),
            signature: self.key.signature(&statement.to_bytes()),
            name: name.map(str::to_owned),
        };
        (assertion, statement)
    }

    fn refusal(&self, assertion: &Assertion, statement: &Statement<'_>) -> Option<Reason> {
        verify(&self.anchors, assertion, statement, NOW).err()
    }
}

#[test]
fn a_signed_statement_is_verified_with_its_name() {
    let card = Card::new();
    let (assertion, statement) = card.assert(&[Claim::Name], Some("見本　太郎"));
    let verified = verify(&card.anchors, &assertion, &statement, NOW).expect("verified");
    assert_eq!(verified.name(), Some("見本　太郎"));
    assert_eq!(verified.certificate().serial(), [0x22, 0x7b, 0x13]);
    assert!(!format!("{verified:?} {assertion:?}").contains("見本"));
    let (assertion, statement) = card.assert(&[], None);
    let verified = verify(&card.anchors, &assertion, &statement, NOW).expect("verified");
    assert_eq!(verified.name(), None);
}

#[test]
fn a_name_is_stated_if_and_only_if_it_was_requested() {
    let card = Card::new();
    for name in [None, Some("")] {
        let (assertion, statement) = card.assert(&[Claim::Name], name);
        assert_eq!(
            card.refusal(&assertion, &statement),
            Some(Reason::NameMissing)
        );
        let (assertion, statement) = card.assert(&[], name);
        assert_eq!(card.refusal(&assertion, &statement), None);
    }
    let (assertion, statement) = card.assert(&[], Some("見本　太郎"));
    assert_eq!(
        card.refusal(&assertion, &statement),
        Some(Reason::StatementMismatch)
    );
}

#[test]
fn a_name_that_would_disturb_a_page_is_refused() {
    let card = Card::new();
    let long = "長".repeat(171);
    for name in [
        "見本\n太郎",
        "見本\u{202e}太郎",
        "\0",
        "見本\u{2028}",
        long.as_str(),
    ] {
        let (assertion, statement) = card.assert(&[Claim::Name], Some(name));
        let refusal = card.refusal(&assertion, &statement);
        assert_eq!(refusal, Some(Reason::StatementMismatch), "{name:?}");
    }
    // a variation selector chooses one form of a character, as names need
    let (assertion, statement) = card.assert(&[Claim::Name], Some("辻\u{e0100}　花子"));
    assert_eq!(card.refusal(&assertion, &statement), None);
}

#[test]
fn what_the_card_signed_is_what_the_verifier_expects() {
    let card = Card::new();
    let (assertion, statement) = card.assert(&[Claim::Name], Some("見本　太郎"));
    let others = [
        Statement {
            verifier_origin: "https://other.example",
            ..statement
        },
        Statement {
            relying_party: "other",
            ..statement
        },
        Statement {
            transaction_id: "t2",
            ..statement
        },
        Statement {
            purpose: Purpose::Recover,
            ..statement
        },
    ];
    for other in others {
        assert_eq!(
            card.refusal(&assertion, &other),
            Some(Reason::SignatureInvalid)
        );
    }
    let others = [
        Statement {
            challenge: b"other",
            ..statement
        },
        Statement {
            name: Some("見本　次郎"),
            ..statement
        },
        Statement {
            name: None,
            ..statement
        },
        Statement {
            requested_claims: &[],
            ..statement
        },
        Statement {
            certificate: CARD,
            ..statement
        },
    ];
    for other in others {
        assert_eq!(
            card.refusal(&assertion, &other),
            Some(Reason::StatementMismatch)
        );
    }
}

#[test]
fn no_changed_byte_of_an_assertion_is_accepted() {
    let card = Card::new();
    let (assertion, statement) = card.assert(&[Claim::Name], Some("Mihon Taro"));
    assert_eq!(card.refusal(&assertion, &statement), None);
    for position in 0..assertion.signature.len() {
        let mut changed = assertion.clone();
        changed.signature[position] ^= 1;
        assert_eq!(
            card.refusal(&changed, &statement),
            Some(Reason::SignatureInvalid)
        );
    }
    // the verifier builds its statement from what arrived
    for position in 0..assertion.certificate.len() {
        let mut changed = assertion.clone();
        changed.certificate[position] ^= 1;
        let rebuilt = Statement {
            certificate: &changed.certificate,
            ..statement
        };
        assert!(card.refusal(&changed, &rebuilt).is_some());
    }
    for position in 0.."Mihon Taro".len() {
        let mut name = b"Mihon Taro".to_vec();
        name[position] ^= 1;
        let name = String::from_utf8(name).expect("ASCII");
        let changed = Assertion {
            name: Some(name.clone()),
            ..assertion.clone()
        };
        let rebuilt = Statement {
            name: Some(&name),
            ..statement
        };
        assert_eq!(
            card.refusal(&changed, &rebuilt),
            Some(Reason::SignatureInvalid)
        );
    }
}

#[test]
fn a_signature_by_another_key_is_refused() {
    let card = Card::new();
    let (mut assertion, statement) = card.assert(&[], None);
    assertion.signature = Forge::new().signature(&statement.to_bytes());
    assert_eq!(
        card.refusal(&assertion, &statement),
        Some(Reason::SignatureInvalid)
    );
    assertion.signature.clear();
    assert_eq!(
        card.refusal(&assertion, &statement),
        Some(Reason::SignatureInvalid)
    );
}

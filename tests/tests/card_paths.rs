//! Ways through the card crate and the companion that the usual card does not show: another kind
//! of key, other tokens, a PIN whose answer is unclear or never awaited.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1, UnparsedPublicKey};
use der::Decode;
use kazasu_card::{Card, CardError, TokenKind};
use kazasu_companion::{CompanionError, Deployment, Outcome, Ticket, Transaction};
use kazasu_demo::intermediary::Intermediary;
use kazasu_demo::started::Started;
use kazasu_emulator::authority::KeyAlgorithm;
use kazasu_emulator::card::Secret;
use kazasu_emulator::fault::Fault;
use kazasu_emulator::holder::{Holder, Token};
use kazasu_statement::Statement;
use kazasu_tests::world::{TARO, World, pins};
use x509_cert::Certificate;

async fn world_with(change: impl FnOnce(&mut Holder)) -> World {
    let mut taro = Holder::samples().swap_remove(0);
    change(&mut taro);
    World::with_holders(vec![taro]).await.unwrap()
}

async fn claimed(world: &World) -> (Started, Transaction) {
    let started = Started::begin(&world.portal, "view", "same-phone")
        .await
        .unwrap();
    let transaction = world.claim(&started.ticket).await.unwrap();
    (started, transaction)
}

/// How often the card was sent a PIN.
fn pins_sent(world: &World) -> u64 {
    let card = world.emulator.card("taro").unwrap().lock().unwrap();
    card.pin_counters().verifies
}

fn tries(world: &World, secret: Secret) -> u8 {
    let card = world.emulator.card("taro").unwrap().lock().unwrap();
    card.tries_left(secret).unwrap()
}

#[tokio::test]
async fn a_p384_card_signs_the_sha384_digest_of_the_statement() {
    let world = world_with(|taro| taro.key = KeyAlgorithm::P384).await;
    let started = Started::begin(&world.portal, "view", "same-phone")
        .await
        .unwrap();
    let intermediary = Intermediary::start(&world.verifier.origin).await.unwrap();
    let channel = tonic::transport::Endpoint::new(format!("http://{}", intermediary.address))
        .unwrap()
        .connect()
        .await
        .unwrap();
    let deployment =
        Deployment::new(&world.verifier.ticket_origin, &world.verifier.origin).unwrap();
    let ticket = Ticket::parse(&started.ticket, &[deployment]).unwrap();
    let mut transaction = Transaction::claim(channel, &ticket).await.unwrap();
    let mut card = Card::new(world.card());
    // This world trusts no authority of such keys; what was submitted is looked at instead.
    let outcome = transaction.tap(&mut card, &pins(TARO), &mut |_| ()).await;
    assert!(matches!(outcome, Ok(Outcome::Rejected(_))), "{outcome:?}");

    let submitted = intermediary.submitted().unwrap();
    let details = transaction.details();
    let statement = Statement {
        verifier_origin: &world.verifier.origin,
        relying_party: &details.relying_party.id,
        transaction_id: &details.transaction_id,
        purpose: details.purpose,
        challenge: &submitted.challenge,
        requested_claims: &details.claims,
        name: Some("見本　太郎"),
        certificate: &submitted.certificate,
    };
    let certificate = Certificate::from_der(&submitted.certificate).unwrap();
    let key = certificate.tbs_certificate.subject_public_key_info;
    let key = UnparsedPublicKey::new(
        &ECDSA_P384_SHA384_ASN1,
        key.subject_public_key.raw_bytes().to_vec(),
    );
    key.verify(&statement.to_bytes(), &submitted.signature)
        .expect("a good signature");
    let another = Statement {
        name: Some("見本　花子"),
        ..statement
    };
    key.verify(&another.to_bytes(), &submitted.signature)
        .expect_err("a signature of another statement");
}

#[tokio::test]
async fn tokens_other_than_the_card_are_named_and_get_no_pin() {
    for (token, kind) in [
        (Token::Android, TokenKind::AndroidPhone),
        (Token::Iphone, TokenKind::IPhone),
        (Token::JukiCard, TokenKind::JukiCard),
    ] {
        let world = world_with(|taro| taro.token = token).await;
        let (_, mut transaction) = claimed(&world).await;
        let mut card = Card::new(world.card());
        let outcome = transaction.tap(&mut card, &pins(TARO), &mut |_| ()).await;
        assert!(
            matches!(&outcome, Err(CompanionError::Card(CardError::OtherToken(found))) if *found == kind),
            "{outcome:?}"
        );
        assert_eq!(pins_sent(&world), 0, "{token:?}");
    }
}

const SECRETS: [(Secret, &str, (&str, &str, &str)); 2] = [
    (Secret::Authentication, "00200098", ("taro", "9999", TARO.2)),
    (Secret::Profile, "00200091", ("taro", TARO.1, "9999")),
];

/// The number, from 1, of the exchange of a tap that carries a PIN.
async fn exchange_with_pin(world: &World, verify: &str) -> u64 {
    world.emulator.field().clear_exchanges();
    world.tap(&world.portal, "view", &pins(TARO)).await.unwrap();
    let exchanges = world.emulator.field().exchanges();
    let verifies: Vec<_> = exchanges
        .iter()
        .enumerate()
        .filter(|(_, exchange)| exchange.command == verify)
        .collect();
    // One without a PIN to ask for the counter, one with it.
    let [(_, asking), (index, with_pin)] = verifies[..] else {
        panic!("{verifies:?}");
    };
    assert!(asking.sent == 4 && with_pin.sent > 4);
    index as u64 + 1
}

/// The next tap of a transaction in which a wrong PIN was sent without a clear answer: the card
/// is asked, the PIN is not sent again, and the right one works after that.
async fn goes_on_after_an_unclear_answer(world: &World, transaction: &mut Transaction, at: usize) {
    let (secret, _, wrong) = SECRETS[at];
    assert_eq!(tries(world, secret), 2);
    let mut card = Card::new(world.card());
    let sent_to_it = |world: &World| {
        let card = world.emulator.card("taro").unwrap().lock().unwrap();
        card.counters_of(secret).unwrap().verifies
    };
    let before = sent_to_it(world);
    let again = transaction.tap(&mut card, &pins(wrong), &mut |_| ()).await;
    assert!(
        matches!(
            again,
            Err(CompanionError::Card(CardError::WrongPin {
                retries_left: 2
            }))
        ),
        "{secret:?}: {again:?}"
    );
    assert_eq!(sent_to_it(world), before, "{secret:?}");
    assert_eq!(tries(world, secret), 2);
    let right = transaction.tap(&mut card, &pins(TARO), &mut |_| ()).await;
    assert!(matches!(right, Ok(Outcome::Accepted { .. })), "{right:?}");
    assert_eq!(tries(world, secret), 3);
}

#[tokio::test]
async fn a_wrong_pin_is_not_sent_again_after_the_tap_was_dropped() {
    let world = World::start().await.unwrap();
    for (index, (secret, verify, wrong)) in SECRETS.into_iter().enumerate() {
        let at = exchange_with_pin(&world, verify).await;
        let (_started, mut transaction) = claimed(&world).await;
        let mut card = Card::new(world.card());
        // The card checks the PIN and keeps its answer for longer than any test runs.
        let slow = Fault::Slow { at, ms: 3_600_000 };
        world.emulator.field().set_faults(vec![slow]);
        let checked = async {
            while tries(&world, secret) == 3 {
                tokio::task::yield_now().await;
            }
        };
        let wrong = pins(wrong);
        let mut on_step = |_| ();
        tokio::select! {
            outcome = transaction.tap(&mut card, &wrong, &mut on_step) => panic!("{outcome:?}"),
            () = checked => {}
        }
        card.reset().await.unwrap();
        goes_on_after_an_unclear_answer(&world, &mut transaction, index).await;
    }
}

#[tokio::test]
async fn a_wrong_pin_is_not_sent_again_after_an_answer_that_says_nothing() {
    let world = World::start().await.unwrap();
    for (index, (_, verify, wrong)) in SECRETS.into_iter().enumerate() {
        for sw in [0x6F00, 0x6300, 0x6982] {
            let at = exchange_with_pin(&world, verify).await;
            let (_started, mut transaction) = claimed(&world).await;
            let mut card = Card::new(world.card());
            world
                .emulator
                .field()
                .set_faults(vec![Fault::Status { at, sw }]);
            let outcome = transaction.tap(&mut card, &pins(wrong), &mut |_| ()).await;
            let unknown = CardError::PinOutcomeUnknown {
                retries_before: Some(3),
                sw: sw.into(),
            };
            assert!(
                matches!(&outcome, Err(CompanionError::Card(error)) if *error == unknown),
                "{outcome:?}"
            );
            goes_on_after_an_unclear_answer(&world, &mut transaction, index).await;
        }
    }
}

#[tokio::test]
async fn the_right_pin_goes_on_after_an_answer_that_says_nothing() {
    let world = World::start().await.unwrap();
    for (_, verify, _) in SECRETS {
        let at = exchange_with_pin(&world, verify).await;
        let (_started, mut transaction) = claimed(&world).await;
        let mut card = Card::new(world.card());
        let unclear = Fault::Status { at, sw: 0x6F00 };
        world.emulator.field().set_faults(vec![unclear]);
        let outcome = transaction.tap(&mut card, &pins(TARO), &mut |_| ()).await;
        assert!(
            matches!(
                outcome,
                Err(CompanionError::Card(CardError::PinOutcomeUnknown { .. }))
            ),
            "{outcome:?}"
        );
        let outcome = transaction.tap(&mut card, &pins(TARO), &mut |_| ()).await;
        assert!(
            matches!(outcome, Ok(Outcome::Accepted { .. })),
            "{outcome:?}"
        );
    }
}

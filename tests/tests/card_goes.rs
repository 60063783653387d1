//! A card that goes away at each single exchange of a tap: the tap resumes, and no try is spent
//! that the person did not type.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use kazasu_card::{Card, CardError};
use kazasu_companion::{CompanionError, Outcome};
use kazasu_demo::started::Started;
use kazasu_emulator::card::Secret;
use kazasu_emulator::fault::Fault;
use kazasu_tests::world::{TARO, World, pins};

/// Exchanges of an undisturbed tap with the name, the last of them leaving the card.
async fn exchanges_of_a_tap(world: &World) -> u64 {
    let before = world.emulator.field().totals().exchanges;
    world.tap(&world.portal, "view", &pins(TARO)).await.unwrap();
    (world.emulator.field().totals().exchanges - before) as u64
}

const SECRETS: [Secret; 2] = [Secret::Authentication, Secret::Profile];

fn tries(world: &World) -> [Option<u8>; 2] {
    let card = world.emulator.card("taro").unwrap().lock().unwrap();
    SECRETS.map(|secret| card.tries_left(secret))
}

/// How often each PIN was sent so far.
fn sent(world: &World) -> [u64; 2] {
    let card = world.emulator.card("taro").unwrap().lock().unwrap();
    SECRETS.map(|secret| card.counters_of(secret).unwrap().verifies)
}

fn repeated_wrong_pins(world: &World) -> u64 {
    let card = world.emulator.card("taro").unwrap().lock().unwrap();
    card.pin_counters().repeated_wrong_pins
}

fn refill(world: &World) {
    let mut card = world.emulator.card("taro").unwrap().lock().unwrap();
    for secret in SECRETS {
        card.set_tries_left(secret, 3);
    }
}

#[tokio::test]
async fn a_tap_resumes_after_the_card_goes_at_any_exchange() {
    let world = World::start().await.unwrap();
    let ppid = world
        .tap(&world.portal, "view", &pins(TARO))
        .await
        .unwrap()
        .ppid;
    let exchanges = exchanges_of_a_tap(&world).await;
    assert!(exchanges > 10, "{exchanges}");
    for after in 0..exchanges {
        for carried_out in [false, true] {
            let started = Started::begin(&world.portal, "view", "same-phone")
                .await
                .unwrap();
            let mut transaction = world.claim(&started.ticket).await.unwrap();
            let mut card = Card::new(world.card());
            let before = sent(&world);
            world.emulator.field().set_faults(vec![Fault::Drop {
                after,
                back: true,
                carried_out,
            }]);
            let first = transaction.tap(&mut card, &pins(TARO), &mut |_| ()).await;
            world.emulator.field().set_faults(vec![]);
            let once = before.map(|count| count + 1);
            let first_sent = sent(&world);
            assert!(at_most(first_sent, once), "{before:?} {first_sent:?}");
            let outcome = match first {
                // The card went while it was left, after everything was read.
                Ok(outcome) if after == exchanges - 1 => outcome,
                Err(CompanionError::Card(
                    CardError::CardLost | CardError::LostWhileVerifying { .. },
                )) => {
                    card.reset().await.unwrap();
                    transaction
                        .tap(&mut card, &pins(TARO), &mut |_| ())
                        .await
                        .unwrap()
                }
                other => panic!("after {after}, carried out: {carried_out}: {other:?}"),
            };
            assert!(
                matches!(outcome, Outcome::Accepted { .. }),
                "after {after}: {outcome:?}"
            );
            assert_eq!(tries(&world), [Some(3), Some(3)], "after {after}");
            let twice = first_sent.map(|count| count + 1);
            assert!(at_most(sent(&world), twice), "after {after}");
            let identity = world
                .hand_back(&world.portal, started, outcome)
                .await
                .unwrap();
            assert_eq!(identity.ppid, ppid);
        }
    }
}

fn at_most(counts: [u64; 2], limits: [u64; 2]) -> bool {
    counts
        .iter()
        .zip(limits)
        .all(|(count, limit)| *count <= limit)
}

#[tokio::test]
async fn a_wrong_pin_costs_one_try_at_whatever_exchange_the_card_goes() {
    let world = World::start().await.unwrap();
    let exchanges = exchanges_of_a_tap(&world).await;
    for (wrong, index) in [(("taro", "9999", "2345"), 0), (("taro", "1234", "9999"), 1)] {
        for after in 0..exchanges {
            for carried_out in [false, true] {
                refill(&world);
                let before = sent(&world);
                let started = Started::begin(&world.portal, "view", "same-phone")
                    .await
                    .unwrap();
                let mut transaction = world.claim(&started.ticket).await.unwrap();
                let mut card = Card::new(world.card());
                world.emulator.field().set_faults(vec![Fault::Drop {
                    after,
                    back: true,
                    carried_out,
                }]);
                let first = transaction.tap(&mut card, &pins(wrong), &mut |_| ()).await;
                world.emulator.field().set_faults(vec![]);
                let what = format!("{wrong:?} after {after}, carried out: {carried_out}");
                let error = match first {
                    Err(CompanionError::Card(
                        CardError::CardLost | CardError::LostWhileVerifying { .. },
                    )) => {
                        card.reset().await.unwrap();
                        let second = transaction.tap(&mut card, &pins(wrong), &mut |_| ()).await;
                        second.unwrap_err()
                    }
                    // The tap ends at the wrong PIN, before the card would have gone.
                    first => first.unwrap_err(),
                };
                assert!(
                    matches!(
                        error,
                        CompanionError::Card(CardError::WrongPin { retries_left: 2 })
                    ),
                    "{what}: {error:?}"
                );
                let mut expected = [Some(3), Some(3)];
                expected[index] = Some(2);
                assert_eq!(tries(&world), expected, "{what}");
                assert_eq!(sent(&world)[index], before[index] + 1, "{what}");
                assert_eq!(repeated_wrong_pins(&world), 0, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_pin_whose_answer_is_lost_costs_one_try_and_is_not_sent_again() {
    let world = World::start().await.unwrap();
    for (wrong, secret, retries) in [
        (("taro", "9999", "2345"), Secret::Authentication, 0),
        (("taro", "1234", "9999"), Secret::Profile, 1),
    ] {
        let started = Started::begin(&world.portal, "view", "same-phone")
            .await
            .unwrap();
        let mut transaction = world.claim(&started.ticket).await.unwrap();
        let mut card = Card::new(world.card());
        // Find the exchange that carries the wrong PIN: lose every answer in turn until it is.
        let mut after = 0;
        loop {
            world.emulator.field().set_faults(vec![Fault::Drop {
                after,
                back: true,
                carried_out: true,
            }]);
            let outcome = transaction.tap(&mut card, &pins(wrong), &mut |_| ()).await;
            world.emulator.field().set_faults(vec![]);
            card.reset().await.unwrap();
            let verifying = matches!(
                outcome,
                Err(CompanionError::Card(CardError::LostWhileVerifying { .. }))
            );
            if verifying && tries(&world)[retries] == Some(2) {
                break;
            }
            after += 1;
            assert!(after < 30, "{outcome:?}");
        }
        let counters = world
            .emulator
            .card("taro")
            .unwrap()
            .lock()
            .unwrap()
            .pin_counters();
        // The same person's tap goes on by itself: the card is asked, and the PIN is not sent.
        let error = transaction
            .tap(&mut card, &pins(wrong), &mut |_| ())
            .await
            .unwrap_err();
        assert!(
            matches!(
                error,
                CompanionError::Card(CardError::WrongPin { retries_left: 2 })
            ),
            "{error:?}"
        );
        let emulated = world.emulator.card("taro").unwrap();
        let now = emulated.lock().unwrap().pin_counters();
        assert_eq!(
            now.repeated_wrong_pins, counters.repeated_wrong_pins,
            "{secret:?}"
        );
        assert_eq!(tries(&world)[retries], Some(2));
        // The right PIN then works, and the counter is full again.
        card.reset().await.unwrap();
        let outcome = transaction
            .tap(&mut card, &pins(TARO), &mut |_| ())
            .await
            .unwrap();
        assert!(matches!(outcome, Outcome::Accepted { .. }));
        assert_eq!(tries(&world), [Some(3), Some(3)]);
    }
}

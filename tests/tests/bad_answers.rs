//! A card or reader that answers badly at each single exchange of each flow, with right PINs and
//! with wrong ones: a typed error, no panic, and no try spent that the person did not type.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use kazasu_card::{
    AuthPin, Card, CardError, ChannelLimits, Digest, LastTry, ProfilePin, Transceive,
};
use kazasu_emulator::EmulatedChannel;
use kazasu_emulator::authority::{self, Authority, AuthorityOptions};
use kazasu_emulator::card::{PinCounters, Secret};
use kazasu_emulator::control::Emulator;
use kazasu_emulator::fault::Fault;
use kazasu_emulator::holder::Holder;
use std::collections::BTreeSet;

fn emulator() -> Emulator {
    let clock = authority::system_clock();
    let authority = Authority::new(AuthorityOptions::default(), clock()).unwrap();
    let emulator = Emulator::new(Holder::samples(), authority, clock, None).unwrap();
    emulator.present("taro").unwrap();
    emulator
}

/// What somebody types: the authentication PIN and the profile PIN, and whether each is right.
struct Typed {
    auth: (&'static str, bool),
    profile: (&'static str, bool),
}

/// Nothing wrong, and each wrong on its own.
const TYPED: [Typed; 3] = [
    Typed {
        auth: ("1234", true),
        profile: ("2345", true),
    },
    Typed {
        auth: ("9999", false),
        profile: ("2345", true),
    },
    Typed {
        auth: ("1234", true),
        profile: ("9999", false),
    },
];
const RIGHT: &Typed = &TYPED[0];

/// Everything a companion does with a card, in one activation.
async fn whole_flow<T: Transceive>(card: &mut Card<T>, typed: &Typed) -> Result<(), CardError> {
    let profile_pin = ProfilePin::new(typed.profile.0).unwrap();
    let pin = AuthPin::new(typed.auth.0).unwrap();
    let name = card
        .profile()
        .await?
        .name(&profile_pin, LastTry::Refuse)
        .await?;
    assert_eq!(name, "見本　太郎");
    let mut jpki = card.jpki().await?;
    jpki.token_kind().await?;
    jpki.pin_status().await?;
    jpki.authentication_ca_certificate().await?;
    jpki.authentication_certificate().await?;
    jpki.sign_for_authentication(&pin, &Digest::Sha256([7; 32]), LastTry::Refuse)
        .await?;
    card.leave().await
}

/// What the card itself saw of both PINs.
#[derive(Debug, Clone, Copy)]
struct Seen {
    tries: u8,
    counters: PinCounters,
}

fn seen(emulator: &Emulator) -> [Seen; 2] {
    let card = emulator.card("taro").unwrap().lock().unwrap();
    [Secret::Authentication, Secret::Profile].map(|secret| Seen {
        tries: card.tries_left(secret).unwrap(),
        counters: card.counters_of(secret).unwrap(),
    })
}

fn refill(emulator: &Emulator) {
    let mut card = emulator.card("taro").unwrap().lock().unwrap();
    for secret in [Secret::Authentication, Secret::Profile] {
        card.set_tries_left(secret, 3);
    }
}

/// Since `before`, with full counters then, each PIN was sent at most once in each of so many
/// activations, a right one cost nothing, and a wrong one at most one try.
#[track_caller]
fn assert_no_try_wasted(
    emulator: &Emulator,
    before: [Seen; 2],
    activations: u64,
    typed: &Typed,
    what: &dyn std::fmt::Debug,
) {
    let rights = [typed.auth.1, typed.profile.1];
    for ((before, now), right) in before.into_iter().zip(seen(emulator)).zip(rights) {
        let sent = now.counters.verifies - before.counters.verifies;
        assert!(sent <= activations, "{what:?}: sent {sent} times");
        let least = if right { 3 } else { 2 };
        assert!((least..=3).contains(&now.tries), "{what:?}: {now:?}");
        assert_eq!(
            now.counters.repeated_wrong_pins, before.counters.repeated_wrong_pins,
            "{what:?}"
        );
    }
}

/// The exchanges of the flow without a fault; with a wrong PIN it ends at that PIN.
async fn exchanges(emulator: &Emulator, limits: ChannelLimits, typed: &Typed) -> u64 {
    refill(emulator);
    emulator.field().clear_exchanges();
    let mut card = Card::new(EmulatedChannel::connect(emulator.field(), limits));
    let outcome = whole_flow(&mut card, typed).await;
    if typed.auth.1 && typed.profile.1 {
        outcome.unwrap();
    } else {
        assert_eq!(outcome, Err(CardError::WrongPin { retries_left: 2 }));
    }
    emulator.field().totals().exchanges as u64
}

/// Runs the flow with one fault at each exchange in turn, with right and wrong PINs, and returns
/// the different outcomes.
async fn with_each(
    emulator: &Emulator,
    limits: ChannelLimits,
    faults: impl Fn(u64) -> Vec<Fault>,
) -> BTreeSet<String> {
    let mut outcomes = BTreeSet::new();
    for typed in &TYPED {
        for at in 1..=exchanges(emulator, limits, typed).await {
            for fault in faults(at) {
                refill(emulator);
                let before = seen(emulator);
                emulator.field().set_faults(vec![fault.clone()]);
                let mut card = Card::new(EmulatedChannel::connect(emulator.field(), limits));
                let outcome = whole_flow(&mut card, typed).await;
                emulator.field().set_faults(vec![]);
                assert_no_try_wasted(emulator, before, 1, typed, &(&fault, &outcome));
                let all_right = typed.auth.1 && typed.profile.1;
                assert!(all_right || outcome.is_err(), "{fault:?}");
                let shown = format!("{outcome:?}");
                outcomes.insert(shown.split([' ', '(']).next().unwrap().to_owned());
            }
        }
    }
    outcomes
}

#[tokio::test]
async fn every_kind_of_status_word_at_every_exchange_is_typed_and_spends_no_try() {
    let emulator = emulator();
    for limits in [ChannelLimits::LIBNFC, ChannelLimits::EXTENDED] {
        let outcomes = with_each(&emulator, limits, |at| {
            [
                0x6281, 0x6282, 0x6300, 0x63C0, 0x63C1, 0x63C3, 0x6581, 0x6700, 0x6881, 0x6982,
                0x6983, 0x6984, 0x6985, 0x6986, 0x6988, 0x6A80, 0x6A82, 0x6A86, 0x6A88, 0x6B00,
                0x6C10, 0x6D00, 0x6E00, 0x6F00, 0x0000, 0xFFFF,
            ]
            .map(|sw| Fault::Status { at, sw })
            .into()
        })
        .await;
        for outcome in ["Ok", "Err"] {
            assert!(outcomes.contains(outcome), "{outcomes:?}");
        }
    }
}

#[tokio::test]
async fn garbage_truncated_and_over_long_answers_are_typed_and_spend_no_try() {
    let emulator = emulator();
    let outcomes = with_each(&emulator, ChannelLimits::LIBNFC, |at| {
        let garbage = [0, 1, 2, 3, 64, 300].map(|length| Fault::Garbage { at, length });
        let truncated = [0, 1, 2, 3, 10, 100].map(|keep| Fault::Truncated { at, keep });
        let over_long = [1, 2, 5, 300].map(|extra| Fault::OverLong { at, extra });
        garbage
            .into_iter()
            .chain(truncated)
            .chain(over_long)
            .collect()
    })
    .await;
    assert!(outcomes.contains("Err"), "{outcomes:?}");
}

#[tokio::test]
async fn a_card_that_goes_at_any_exchange_is_lost_and_spends_no_try() {
    let emulator = emulator();
    for limits in [ChannelLimits::LIBNFC, ChannelLimits::EXTENDED] {
        for typed in &TYPED {
            for after in 0..exchanges(&emulator, limits, typed).await {
                for carried_out in [false, true] {
                    refill(&emulator);
                    let before = seen(&emulator);
                    emulator.field().set_faults(vec![Fault::Drop {
                        after,
                        back: true,
                        carried_out,
                    }]);
                    let mut card = Card::new(EmulatedChannel::connect(emulator.field(), limits));
                    let error = whole_flow(&mut card, typed).await.unwrap_err();
                    assert!(
                        matches!(
                            error,
                            CardError::CardLost | CardError::LostWhileVerifying { .. }
                        ),
                        "{error:?}"
                    );
                    assert_no_try_wasted(&emulator, before, 1, typed, &(after, &error));
                    // Whether a PIN may be sent again is for who typed it: here, the right ones.
                    card.reset().await.unwrap();
                    whole_flow(&mut card, RIGHT).await.unwrap();
                    assert_no_try_wasted(&emulator, before, 2, RIGHT, &after);
                }
            }
        }
    }
}

//! The in-process channel: limits, removal and faults, as a client of `Transceive` meets them.

#![allow(clippy::unwrap_used, reason = "a test ends where its helpers fail")]

use kazasu_card::{ChannelError, ChannelLimits, CommandApdu, Transceive};
use kazasu_emulator::EmulatedChannel;
use kazasu_emulator::authority::{Authority, AuthorityOptions, IssuedCard, KeyAlgorithm};
use kazasu_emulator::card::{EmulatedCard, Secret};
use kazasu_emulator::fault::Fault;
use kazasu_emulator::field::{Exchange, Field, SharedCard};
use kazasu_emulator::holder::Holder;
use std::sync::{Arc, Mutex, OnceLock};

fn card() -> SharedCard {
    static ISSUED: OnceLock<IssuedCard> = OnceLock::new();
    let issued = ISSUED.get_or_init(|| {
        let now = 1_800_000_000;
        Authority::new(AuthorityOptions::default(), now)
            .and_then(|mut authority| authority.enrol("taro", KeyAlgorithm::Rsa2048, now))
            .unwrap()
    });
    let holder = Holder::samples().remove(0);
    Arc::new(Mutex::new(EmulatedCard::new(&holder, issued).unwrap()))
}

fn field_with_card() -> Field {
    let field = Field::new();
    field.present(card());
    field
}

fn select_jpki() -> CommandApdu {
    let aid = hex::decode("D392F000260100000001").unwrap();
    CommandApdu::new(0x00, 0xA4, 0x04, 0x0C)
        .with_data(&aid)
        .unwrap()
}

fn verify(pin: &[u8]) -> CommandApdu {
    CommandApdu::new(0x00, 0x20, 0x00, 0x98)
        .with_data(pin)
        .unwrap()
}

/// The status word of one exchange.
async fn status(channel: &mut EmulatedChannel, command: &CommandApdu) -> Result<u16, ChannelError> {
    channel
        .transceive(command)
        .await
        .map(|response| response.status().into())
}

#[tokio::test]
async fn without_a_card_there_is_nothing_to_talk_to() {
    let field = Field::new();
    let mut channel = EmulatedChannel::connect(&field, ChannelLimits::SHORT);
    assert_eq!(
        status(&mut channel, &select_jpki()).await,
        Err(ChannelError::CardLost)
    );
    assert_eq!(channel.reset().await, Err(ChannelError::CardLost));
    field.present(card());
    assert_eq!(channel.reset().await, Ok(()));
    assert_eq!(status(&mut channel, &select_jpki()).await, Ok(0x9000));
}

#[tokio::test]
async fn a_card_that_was_away_needs_a_new_activation() {
    let field = field_with_card();
    let mut channel = EmulatedChannel::connect(&field, ChannelLimits::SHORT);
    assert_eq!(status(&mut channel, &select_jpki()).await, Ok(0x9000));
    let card = field.remove().unwrap();
    field.present(card);
    assert_eq!(
        status(&mut channel, &select_jpki()).await,
        Err(ChannelError::CardLost)
    );
    channel.reset().await.unwrap();
    assert_eq!(status(&mut channel, &select_jpki()).await, Ok(0x9000));
}

#[tokio::test]
async fn a_second_activation_ends_the_first() {
    let field = field_with_card();
    let mut first = EmulatedChannel::connect(&field, ChannelLimits::SHORT);
    let mut second = EmulatedChannel::connect(&field, ChannelLimits::SHORT);
    assert_eq!(
        status(&mut first, &select_jpki()).await,
        Err(ChannelError::CardLost)
    );
    assert_eq!(status(&mut second, &select_jpki()).await, Ok(0x9000));
}

#[tokio::test]
async fn a_command_over_the_limit_is_not_sent() {
    let field = field_with_card();
    let limits = ChannelLimits {
        command: 10,
        response: 258,
    };
    let mut channel = EmulatedChannel::connect(&field, limits);
    let too_long = ChannelError::CommandTooLong {
        length: 15,
        limit: 10,
    };
    assert_eq!(status(&mut channel, &select_jpki()).await, Err(too_long));
    assert_eq!(field.totals().exchanges, 0);
}

#[tokio::test]
async fn the_card_goes_after_the_number_of_exchanges_asked_for() {
    let field = field_with_card();
    field.set_faults(vec![Fault::Drop {
        after: 2,
        back: false,
        carried_out: false,
    }]);
    let mut channel = EmulatedChannel::connect(&field, ChannelLimits::SHORT);
    assert_eq!(status(&mut channel, &select_jpki()).await, Ok(0x9000));
    assert_eq!(status(&mut channel, &select_jpki()).await, Ok(0x9000));
    assert_eq!(
        status(&mut channel, &select_jpki()).await,
        Err(ChannelError::CardLost)
    );
    assert!(field.card().is_none());
}

#[tokio::test]
async fn a_card_that_was_only_lifted_is_back_at_the_next_activation() {
    let field = field_with_card();
    field.set_faults(vec![Fault::Drop {
        after: 0,
        back: true,
        carried_out: false,
    }]);
    let mut channel = EmulatedChannel::connect(&field, ChannelLimits::SHORT);
    assert_eq!(
        status(&mut channel, &select_jpki()).await,
        Err(ChannelError::CardLost)
    );
    assert_eq!(
        status(&mut channel, &select_jpki()).await,
        Err(ChannelError::CardLost)
    );
    channel.reset().await.unwrap();
    assert_eq!(status(&mut channel, &select_jpki()).await, Ok(0x9000));
}

#[tokio::test]
async fn a_lost_answer_may_have_cost_a_try_and_a_lost_command_has_not() {
    for (carried_out, tries) in [(true, 2), (false, 3)] {
        let field = field_with_card();
        let card = field.card().unwrap();
        field.set_faults(vec![Fault::Drop {
            after: 1,
            back: false,
            carried_out,
        }]);
        let mut channel = EmulatedChannel::connect(&field, ChannelLimits::SHORT);
        status(&mut channel, &select_jpki()).await.unwrap();
        let lost = status(&mut channel, &verify(b"0000")).await;
        assert_eq!(lost, Err(ChannelError::CardLost));
        let left = card.lock().unwrap().tries_left(Secret::Authentication);
        assert_eq!(left, Some(tries));
    }
}

#[tokio::test]
async fn distorted_answers_come_through_as_they_are() {
    let field = field_with_card();
    field.set_faults(vec![
        Fault::Status { at: 1, sw: 0x6F00 },
        Fault::Truncated { at: 2, keep: 1 },
        Fault::Garbage { at: 3, length: 0 },
        Fault::OverLong { at: 4, extra: 300 },
    ]);
    let mut channel = EmulatedChannel::connect(&field, ChannelLimits::SHORT);
    assert_eq!(status(&mut channel, &select_jpki()).await, Ok(0x6F00));
    for length in [1, 0, 302] {
        let garbage = ChannelError::Garbage { length };
        assert_eq!(status(&mut channel, &select_jpki()).await, Err(garbage));
    }
    assert_eq!(status(&mut channel, &select_jpki()).await, Ok(0x9000));
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_takes_the_time_it_is_given() {
    let field = field_with_card();
    field.set_faults(vec![Fault::Slow { at: 1, ms: 5_000 }]);
    let mut channel = EmulatedChannel::connect(&field, ChannelLimits::SHORT);
    let start = tokio::time::Instant::now();
    assert_eq!(status(&mut channel, &select_jpki()).await, Ok(0x9000));
    assert_eq!(start.elapsed().as_millis(), 5_000);
}

#[tokio::test]
async fn two_cards_cannot_be_activated_until_one_is_taken_away() {
    let field = field_with_card();
    field.set_faults(vec![Fault::TwoCards]);
    let mut channel = EmulatedChannel::connect(&field, ChannelLimits::SHORT);
    assert_eq!(
        status(&mut channel, &select_jpki()).await,
        Err(ChannelError::CardLost)
    );
    field.set_faults(Vec::new());
    channel.reset().await.unwrap();
    assert_eq!(status(&mut channel, &select_jpki()).await, Ok(0x9000));
}

#[tokio::test]
async fn the_log_keeps_headers_lengths_and_status_words_but_no_data() {
    let field = field_with_card();
    let mut channel = EmulatedChannel::connect(&field, ChannelLimits::SHORT);
    status(&mut channel, &select_jpki()).await.unwrap();
    status(&mut channel, &verify(b"9876")).await.unwrap();
    let verify = Exchange {
        command: "00200098".into(),
        sent: 9,
        received: 2,
        sw: Some("63C2".into()),
    };
    assert_eq!(field.exchanges()[1], verify);
    assert!(!format!("{:?}", field.exchanges()).contains("39383736"));
    let totals = field.totals();
    assert_eq!((totals.exchanges, totals.sent, totals.received), (2, 24, 4));
    field.clear_exchanges();
    assert_eq!(field.totals().exchanges, 0);
}

//! Selecting, leaving, and channels that fail.

use super::{DIGEST, SELECT_JPKI, card, pin};
use kazasu_card::{
    Card, CardError, ChannelError, ChannelLimits, CommandApdu, LastTry, ResponseApdu, StatusWord,
    Transceive, Transcript,
};
use std::future::Future;
use std::task::{Context, Waker};

#[tokio::test]
async fn every_status_word_of_a_select_is_a_typed_answer() {
    for sw in (0..=u16::MAX).filter(|sw| *sw != 0x6F00) {
        let mut card = card(&format!("> 00A4040C0AD392F000260100000001\n< {sw:04X}\n"));
        let outcome = card.jpki().await.map(|_| ());
        match sw {
            0x9000 => assert_eq!(outcome, Ok(())),
            0x6A00..=0x6AFF | 0x6D00..=0x6EFF | 0x6700 | 0x6999 => {
                assert_eq!(outcome, Err(CardError::NotMyNumberCard));
            }
            _ => assert!(
                matches!(outcome, Err(CardError::UnexpectedStatus { sw: got, .. }) if got == sw.into())
            ),
        }
    }
}

#[tokio::test]
async fn a_card_that_stumbles_over_its_first_command_is_selected_once_more() {
    let stumble = SELECT_JPKI.replace("< 9000", "< 6F00");
    let mut twice = card(&format!("{stumble}{SELECT_JPKI}"));
    assert!(twice.jpki().await.is_ok());
    twice.into_channel().finish().unwrap();
    let mut always = card(&format!("{stumble}{stumble}"));
    let error = always.jpki().await.map(|_| ()).unwrap_err();
    assert!(matches!(error, CardError::UnexpectedStatus { .. }));
}

#[tokio::test]
async fn leaving_selects_the_issuer_security_domain() {
    let mut card = card("> 00A4040C07A0000001510000\n< 9000\n");
    card.leave().await.unwrap();
    card.into_channel().finish().unwrap();
}

/// A channel whose exchanges never end, or end with one error.
struct Stuck(Option<ChannelError>);

impl Transceive for Stuck {
    fn limits(&self) -> ChannelLimits {
        ChannelLimits {
            command: 20,
            response: 258,
        }
    }

    async fn transceive(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ChannelError> {
        let with_pin = command.instruction() == 0x20 && !command.data().is_empty();
        match (command.instruction(), &self.0) {
            (0xA4, _) => Ok(ResponseApdu::new(vec![], StatusWord::OK)),
            (0x20, Some(_)) if !with_pin => Ok(ResponseApdu::new(vec![], StatusWord::retries(3))),
            (_, Some(error)) => Err(error.clone()),
            (_, None) => std::future::pending().await,
        }
    }

    async fn reset(&mut self) -> Result<(), ChannelError> {
        Ok(())
    }
}

#[tokio::test]
async fn an_abandoned_exchange_poisons_the_card_until_it_is_reset() {
    let mut card = Card::new(Stuck(None));
    {
        let mut jpki = card.jpki().await.unwrap();
        let mut reading = std::pin::pin!(jpki.token_kind());
        let mut context = Context::from_waker(Waker::noop());
        assert!(reading.as_mut().poll(&mut context).is_pending());
    }
    let poisoned = CardError::Channel(ChannelError::Poisoned);
    assert_eq!(card.jpki().await.map(|_| ()), Err(poisoned.clone()));
    assert_eq!(card.leave().await, Err(poisoned));
    card.reset().await.unwrap();
    assert!(card.jpki().await.is_ok());
}

#[tokio::test]
async fn a_card_lost_while_it_checks_a_pin_tells_the_counter_before_it() {
    for error in [
        ChannelError::CardLost,
        ChannelError::ReaderGone,
        ChannelError::Garbage { length: 1 },
    ] {
        let mut card = Card::new(Stuck(Some(error)));
        let mut jpki = card.jpki().await.unwrap();
        let outcome = jpki
            .sign_for_authentication(&pin(), &DIGEST, LastTry::Refuse)
            .await;
        assert_eq!(
            outcome,
            Err(CardError::LostWhileVerifying {
                retries_before: Some(3)
            })
        );
    }
}

#[tokio::test]
async fn a_command_longer_than_the_channel_is_never_sent() {
    let mut card = Card::new(card_channel());
    let outcome = card.jpki().await.map(|_| ());
    assert_eq!(
        outcome,
        Err(CardError::Channel(ChannelError::CommandTooLong {
            length: 15,
            limit: 10
        }))
    );
}

/// A channel too small for a SELECT by name.
fn card_channel() -> impl Transceive {
    Transcript::parse(
        "",
        ChannelLimits {
            command: 10,
            response: 258,
        },
    )
    .unwrap()
}

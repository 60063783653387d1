//! PINs, and what they are for.

use super::{DIGEST, SELECT_JPKI, SELECT_PROFILE, card, pin, profile_pin};
use kazasu_card::{AuthPin, CardError, LastTry, PinStatus, ProfilePin};

/// Signs and returns the outcome together with whether the conversation was followed.
async fn sign(lines: &str, last_try: LastTry) -> Result<Vec<u8>, CardError> {
    let mut card = card(&format!("{SELECT_JPKI}{lines}"));
    let outcome = {
        let mut jpki = card.jpki().await.unwrap();
        jpki.sign_for_authentication(&pin(), &DIGEST, last_try)
            .await
    };
    card.into_channel().finish().unwrap();
    outcome
}

fn signature_lines(command: &str) -> String {
    format!("> {command}\n< {}9000\n", "AB".repeat(256))
}

fn digest() -> String {
    "11".repeat(32)
}

fn digest_info() -> String {
    format!("3031300D060960864801650304020105000420{}", digest())
}

#[tokio::test]
async fn signing_takes_one_probe_one_pin_and_one_signature() {
    let lines = format!(
        "> 00200098\n< 63C3\n> 002000980431323334\n< 9000\n{}",
        signature_lines(&format!("802A029720{}00", digest()))
    );
    assert_eq!(
        sign(&lines, LastTry::Refuse).await.unwrap(),
        vec![0xAB; 256]
    );
}

#[tokio::test]
async fn a_card_without_short_identifiers_is_spoken_to_in_the_plain_form() {
    let lines = format!(
        "> 00200098\n< 6A86\n> 00A4020C020018\n< 9000\n> 00200080\n< 63C3\n> 002000800431323334\n< 9000\n\
         > 00A4020C020017\n< 9000\n{}",
        signature_lines(&format!("802A008033{}00", digest_info()))
    );
    assert_eq!(sign(&lines, LastTry::Refuse).await.unwrap().len(), 256);
}

#[tokio::test]
async fn a_card_that_does_not_build_the_digest_info_gets_it_built() {
    let lines = format!(
        "> 00200098\n< 63C3\n> 002000980431323334\n< 9000\n> 802A029720{}00\n< 6A86\n{}",
        digest(),
        signature_lines(&format!("802A009733{}00", digest_info()))
    );
    assert_eq!(sign(&lines, LastTry::Refuse).await.unwrap().len(), 256);
}

#[tokio::test]
async fn a_wrong_pin_is_sent_once_and_tells_the_tries_left() {
    let lines = "> 00200098\n< 63C3\n> 002000980431323334\n< 63C2\n";
    assert_eq!(
        sign(lines, LastTry::Refuse).await,
        Err(CardError::WrongPin { retries_left: 2 })
    );
}

#[tokio::test]
async fn a_pin_is_never_sent_again_whatever_the_card_answers_to_it() {
    // Every status word there is: after the PIN went out, nothing more is sent.
    for sw in 0..=u16::MAX {
        if sw == 0x9000 {
            continue;
        }
        let lines = format!("> 00200098\n< 63C3\n> 002000980431323334\n< {sw:04X}\n");
        let error = sign(&lines, LastTry::Refuse).await.unwrap_err();
        match sw {
            0x63C0..=0x63CF => {
                assert_eq!(
                    error,
                    CardError::WrongPin {
                        retries_left: (sw & 0xF) as u8
                    }
                );
            }
            0x6983 | 0x6984 => assert_eq!(error, CardError::PinBlocked),
            // The try may have been spent, so the error carries the counter before it.
            _ => assert_eq!(
                error,
                CardError::PinOutcomeUnknown {
                    retries_before: Some(3),
                    sw: sw.into()
                }
            ),
        }
    }
}

#[tokio::test]
async fn the_last_try_is_used_only_if_allowed() {
    assert_eq!(
        sign("> 00200098\n< 63C1\n", LastTry::Refuse).await,
        Err(CardError::LastTry)
    );
    let lines = "> 00200098\n< 63C1\n> 002000980431323334\n< 63C0\n";
    assert_eq!(
        sign(lines, LastTry::Allow).await,
        Err(CardError::WrongPin { retries_left: 0 })
    );
}

#[tokio::test]
async fn a_blocked_pin_is_not_tried() {
    for blocked in ["6984", "6983", "63C0"] {
        let lines = format!("> 00200098\n< {blocked}\n");
        assert_eq!(
            sign(&lines, LastTry::Allow).await,
            Err(CardError::PinBlocked)
        );
    }
}

#[tokio::test]
async fn a_signature_of_the_wrong_length_is_malformed() {
    let lines = format!(
        "> 00200098\n< 63C3\n> 002000980431323334\n< 9000\n> 802A029720{}00\n< ABCD9000\n",
        digest()
    );
    assert_eq!(
        sign(&lines, LastTry::Refuse).await,
        Err(CardError::Malformed("signature"))
    );
}

#[test]
fn malformed_pins_are_refused_before_any_card() {
    for text in [
        "",
        "123",
        "12345",
        "12a4",
        "１２３４",
        " 1234",
        "1234\n",
        "-123",
        "12 4",
    ] {
        assert!(AuthPin::new(text).is_err(), "{text:?}");
        assert!(ProfilePin::new(text).is_err(), "{text:?}");
    }
    assert_eq!(
        format!("{:?} {:?}", pin(), profile_pin()),
        "AuthPin(****) ProfilePin(****)"
    );
}

#[tokio::test]
async fn pin_states_are_told_apart() {
    for (sw, status) in [
        ("63C3", PinStatus::RetriesLeft(3)),
        ("63C1", PinStatus::RetriesLeft(1)),
        ("63C0", PinStatus::Blocked),
        ("6984", PinStatus::Blocked),
        ("9000", PinStatus::Verified),
        ("6300", PinStatus::NoCounter),
    ] {
        let mut card = card(&format!("{SELECT_JPKI}> 00200098\n< {sw}\n"));
        assert_eq!(
            card.jpki().await.unwrap().pin_status().await.unwrap(),
            status
        );
    }
}

#[tokio::test]
async fn a_counter_just_asked_for_is_not_asked_for_again() {
    let lines = format!(
        "{SELECT_JPKI}> 00200098\n< 63C3\n> 002000980431323334\n< 63C2\n{SELECT_PROFILE}\
         > 00200091\n< 63C3\n> 002000910435363738\n< 63C2\n"
    );
    let mut card = card(&lines);
    let wrong = CardError::WrongPin { retries_left: 2 };
    let mut jpki = card.jpki().await.unwrap();
    assert_eq!(jpki.pin_status().await, Ok(PinStatus::RetriesLeft(3)));
    let signed = jpki
        .sign_for_authentication(&pin(), &DIGEST, LastTry::Refuse)
        .await;
    assert_eq!(signed, Err(wrong.clone()));
    let mut profile = card.profile().await.unwrap();
    assert_eq!(profile.pin_status().await, Ok(PinStatus::RetriesLeft(3)));
    let name = profile.name(&profile_pin(), LastTry::Refuse).await;
    assert_eq!(name, Err(wrong));
    card.into_channel().finish().unwrap();
}

#[tokio::test]
async fn a_counter_is_asked_for_again_once_anything_happened_in_between() {
    let token = format!("> 00B0860020\n< {}9000\n", "20".repeat(32));
    let lines = format!(
        "{SELECT_JPKI}> 00200098\n< 63C3\n{token}> 00200098\n< 63C1\n> 00200098\n< 63C3\n\
         {SELECT_JPKI}> 00200098\n< 6984\n"
    );
    let mut card = card(&lines);
    let mut jpki = card.jpki().await.unwrap();
    jpki.pin_status().await.unwrap();
    jpki.token_kind().await.unwrap();
    let signed = jpki
        .sign_for_authentication(&pin(), &DIGEST, LastTry::Refuse)
        .await;
    assert_eq!(signed, Err(CardError::LastTry));
    jpki.pin_status().await.unwrap();
    let mut jpki = card.jpki().await.unwrap();
    let signed = jpki
        .sign_for_authentication(&pin(), &DIGEST, LastTry::Refuse)
        .await;
    assert_eq!(signed, Err(CardError::PinBlocked));
    card.into_channel().finish().unwrap();
}

//! What the card crate says and hears, as recorded conversations: commands from the reference
//! tables of every known client, answers as those clients document them.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use kazasu_card::{
    AuthPin, Card, CardError, ChannelError, ChannelLimits, CommandApdu, Digest, KeyAlgorithm,
    LastTry, PinStatus, ProfilePin, ResponseApdu, StatusWord, TokenKind, Transceive, Transcript,
    parse_profile_name,
};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

const SELECT_JPKI: &str = "> 00A4040C0AD392F000260100000001\n< 9000\n";
const SELECT_PROFILE: &str = "> 00A4040C0AD3921000310001010408\n< 9000\n";

fn card(lines: &str) -> Card<Transcript> {
    Card::new(Transcript::parse(lines, ChannelLimits::LIBNFC).unwrap())
}

fn pin() -> AuthPin {
    AuthPin::new("1234").unwrap()
}

fn profile_pin() -> ProfilePin {
    ProfilePin::new("5678").unwrap()
}

const DIGEST: Digest = Digest::Sha256([0x11; 32]);

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
            _ => assert_eq!(
                error,
                CardError::UnexpectedStatus {
                    command: [0x00, 0x20, 0x00, 0x98],
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
async fn token_labels_tell_a_card_from_a_phone() {
    for (label, kind) in [
        ("JPKIAPICCTOKEN2", TokenKind::MyNumberCard),
        ("JPKIAPICCTOKEN", TokenKind::JukiCard),
        ("JPKIAPGPSETOKEN", TokenKind::AndroidPhone),
        ("JPKIAPIOSTOKEN", TokenKind::IPhone),
        ("SOMETHINGELSE", TokenKind::Unknown),
    ] {
        let label = hex::encode(format!("{label:<32}"));
        let mut card = card(&format!("{SELECT_JPKI}> 00B0860020\n< {label}9000\n"));
        assert_eq!(card.jpki().await.unwrap().token_kind().await.unwrap(), kind);
    }
}

fn test_certificate() -> Vec<u8> {
    include_bytes!("../../assertion/testdata/test-card/jpki-auth-cert.der").to_vec()
}

/// A conversation in which the file holding `der` is read in blocks of 256 bytes.
fn short_reads(der: &[u8], filler: usize) -> String {
    let file = [der, &vec![0xFF; filler]].concat();
    let mut lines = SELECT_JPKI.to_owned();
    let first = &file[..file.len().min(256)];
    lines += &format!("> 00B08A0000\n< {}9000\n", hex::encode(first));
    let mut offset = 256;
    while offset < der.len() {
        let length = (der.len() - offset).min(256);
        lines += &format!(
            "> 00B0{offset:04X}{:02X}\n< {}9000\n",
            length % 256,
            hex::encode(&file[offset..offset + length])
        );
        offset += length;
    }
    lines
}

#[tokio::test]
async fn a_certificate_is_read_in_the_fewest_short_reads_and_without_filler() {
    for filler in [0, 10] {
        let der = test_certificate();
        let mut card = card(&short_reads(&der, filler));
        let certificate = card
            .jpki()
            .await
            .unwrap()
            .authentication_certificate()
            .await
            .unwrap();
        assert_eq!(certificate.der(), der);
        assert_eq!(certificate.key(), KeyAlgorithm::Rsa);
        card.into_channel().finish().unwrap();
    }
}

#[tokio::test]
async fn a_channel_for_extended_apdus_reads_a_certificate_at_once() {
    let der = test_certificate();
    let lines = format!(
        "{SELECT_JPKI}> 00B08A00000000\n< {}9000\n",
        hex::encode(&der)
    );
    let transcript = Transcript::parse(&lines, ChannelLimits::EXTENDED).unwrap();
    let mut card = Card::new(transcript);
    let read = card
        .jpki()
        .await
        .unwrap()
        .authentication_certificate()
        .await
        .unwrap();
    assert_eq!(read.der(), der);
    card.into_channel().finish().unwrap();
}

#[tokio::test]
async fn a_card_without_extended_length_is_read_in_short_blocks() {
    let der = test_certificate();
    let short = short_reads(&der, 0).replacen(SELECT_JPKI, "", 1);
    let lines = format!("{SELECT_JPKI}> 00B08A00000000\n< 6700\n{short}");
    let mut card = Card::new(Transcript::parse(&lines, ChannelLimits::EXTENDED).unwrap());
    let read = card
        .jpki()
        .await
        .unwrap()
        .authentication_certificate()
        .await
        .unwrap();
    assert_eq!(read.der(), der);
    card.into_channel().finish().unwrap();
}

#[tokio::test]
async fn certificates_with_lying_lengths_are_malformed() {
    for first in [
        "9000",
        "30829000",
        "3082FFFF00009000",
        "04820100AA9000",
        "3003020101026282",
    ] {
        let mut card = card(&format!("{SELECT_JPKI}> 00B08A0000\n< {first}\n"));
        let error = card
            .jpki()
            .await
            .unwrap()
            .authentication_certificate()
            .await
            .unwrap_err();
        assert_eq!(error, CardError::Malformed("certificate"), "{first}");
    }
}

#[tokio::test]
async fn an_answer_longer_than_asked_for_is_malformed() {
    let mut card = card(&format!(
        "{SELECT_JPKI}> 00B0860020\n< {}9000\n",
        "20".repeat(33)
    ));
    let error = card.jpki().await.unwrap().token_kind().await.unwrap_err();
    assert!(matches!(error, CardError::Malformed(_)));
}

/// An attribute file with the given name and address, with whatever lengths they need.
fn attribute_file(name: &str, address: &str) -> Vec<u8> {
    fn tlv(tag: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = tag.to_be_bytes().to_vec();
        match value.len() {
            n @ 0..=127 => bytes.push(n as u8),
            n @ 128..=255 => bytes.extend([0x81, n as u8]),
            n => bytes.extend([0x82, (n >> 8) as u8, n as u8]),
        }
        bytes.extend_from_slice(value);
        bytes
    }
    let fields = [
        tlv(0xDF22, name.as_bytes()),
        tlv(0xDF23, address.as_bytes()),
        tlv(0xDF24, b"19991231"),
        tlv(0xDF25, b"9"),
    ];
    let length: usize = 11 + fields.iter().map(Vec::len).sum::<usize>();
    let template_header = tlv(0xFF20, &vec![0; length]).len() - length;
    let mut offset = template_header + 11;
    let mut table = Vec::new();
    for field in &fields {
        table.extend_from_slice(&(offset as u16).to_be_bytes());
        offset += field.len();
    }
    let body = [tlv(0xDF21, &table), fields.concat()].concat();
    tlv(0xFF20, &body)
}

#[tokio::test]
async fn a_name_takes_four_exchanges() {
    let file = attribute_file("見本　花子", &"東京都".repeat(5));
    let lines = format!(
        "{SELECT_PROFILE}> 00200091\n< 63C3\n> 002000910435363738\n< 9000\n> 00B0820030\n< {}9000\n",
        hex::encode(&file[..48])
    );
    let mut card = card(&lines);
    let name = card
        .profile()
        .await
        .unwrap()
        .name(&profile_pin(), LastTry::Refuse)
        .await
        .unwrap();
    assert_eq!(name, "見本　花子");
    card.into_channel().finish().unwrap();
}

#[tokio::test]
async fn a_long_name_takes_one_more_and_no_byte_of_the_address() {
    let long = "寿限無".repeat(15);
    let file = attribute_file(&long, "東京都");
    let end = 11 + 4 + 4 + long.len();
    let lines = format!(
        "{SELECT_PROFILE}> 00200091\n< 63C3\n> 002000910435363738\n< 9000\n> 00B0820030\n< {}9000\n\
         > 00B00030{:02X}\n< {}9000\n",
        hex::encode(&file[..48]),
        end - 48,
        hex::encode(&file[48..end])
    );
    let mut card = card(&lines);
    let name = card
        .profile()
        .await
        .unwrap()
        .name(&profile_pin(), LastTry::Refuse)
        .await
        .unwrap();
    assert_eq!(name, long);
    card.into_channel().finish().unwrap();
}

#[test]
fn names_are_found_behind_addresses_of_every_length() {
    for repeat in [1, 12, 13, 30, 31, 60, 300] {
        let file = attribute_file("見本　太郎", &"県".repeat(repeat));
        assert_eq!(parse_profile_name(&file).unwrap(), "見本　太郎", "{repeat}");
    }
}

#[test]
fn attribute_files_with_any_byte_changed_never_panic_and_keep_their_bounds() {
    let file = attribute_file("見本　太郎", &"県".repeat(60));
    for position in 0..file.len() {
        for flip in 1..=255u8 {
            let mut changed = file.clone();
            changed[position] ^= flip;
            let _ = parse_profile_name(&changed);
        }
        assert!(parse_profile_name(&file[..position.min(30)]).is_err());
    }
    for (position, name) in [
        (0, "tag"),
        (2, "length form"),
        (5, "table tag"),
        (8, "offset"),
    ] {
        let mut changed = file.clone();
        changed[position] ^= 0x11;
        assert_eq!(
            parse_profile_name(&changed),
            Err(CardError::Malformed("profile")),
            "{name}"
        );
    }
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
async fn leaving_selects_the_issuer_security_domain() {
    let mut card = card("> 00A4040C07A0000001510000\n< 9000\n");
    card.leave().await.unwrap();
    card.into_channel().finish().unwrap();
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
        let mut reading = pin!(jpki.token_kind());
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

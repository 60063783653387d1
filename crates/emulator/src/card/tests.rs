mod pins;
mod signing;

use super::*;
use crate::authority::{Authority, AuthorityOptions, KeyAlgorithm};
use std::sync::OnceLock;

const SELECT_JPKI: &str = "00A4040C0AD392F000260100000001";
const SELECT_PROFILE: &str = "00A4040C0AD3921000310001010408";
const SELECT_ISD: &str = "00A4040C07A0000001510000";
const DIGEST_INFO: &str = "3031300D060960864801650304020105000420";

/// One card for all tests: key pairs are slow to make.
fn issued() -> &'static IssuedCard {
    static ISSUED: OnceLock<IssuedCard> = OnceLock::new();
    ISSUED.get_or_init(|| issue(KeyAlgorithm::Rsa2048))
}

fn issue(algorithm: KeyAlgorithm) -> IssuedCard {
    let now = 1_800_000_000;
    Authority::new(AuthorityOptions::default(), now)
        .and_then(|mut authority| authority.enrol("taro", algorithm, now))
        .unwrap()
}

fn taro() -> Holder {
    Holder::samples().remove(0)
}

fn card() -> EmulatedCard {
    card_with(|_| {})
}

fn card_with(change: impl FnOnce(&mut Holder)) -> EmulatedCard {
    let mut holder = taro();
    change(&mut holder);
    EmulatedCard::new(&holder, issued()).unwrap()
}

fn respond(card: &mut EmulatedCard, command: &str) -> (Vec<u8>, u16) {
    let mut response = card.respond(&hex::decode(command).unwrap());
    let status = response.split_off(response.len() - 2);
    (response, u16::from_be_bytes([status[0], status[1]]))
}

fn status(card: &mut EmulatedCard, command: &str) -> u16 {
    respond(card, command).1
}

/// Sends all but the last, which must succeed, and returns the status word of the last.
fn after(card: &mut EmulatedCard, commands: &[&str]) -> u16 {
    let (last, before) = commands.split_last().unwrap();
    for command in before {
        assert_eq!(status(card, command), 0x9000, "{command}");
    }
    status(card, last)
}

fn verify(reference: u8, pin: &str) -> String {
    format!("002000{reference:02X}{:02X}{}", pin.len(), hex::encode(pin))
}

#[test]
fn a_card_that_gets_power_has_the_isd_selected() {
    let mut card = card();
    assert_eq!(status(&mut card, "00A4020C02000A"), 0x6A82);
    assert_eq!(status(&mut card, "00B0000000"), 0x6986);
    assert_eq!(status(&mut card, SELECT_ISD), 0x9000);
}

#[test]
fn an_unknown_application_is_not_found_and_leaves_the_old_one_selected() {
    let mut card = card();
    let commands = [SELECT_JPKI, "00A4040C0AD3921000310001010402"];
    assert_eq!(after(&mut card, &commands), 0x6A82);
    assert_eq!(status(&mut card, "00A4020C02000A"), 0x9000);
}

#[test]
fn selecting_the_mf_is_refused_cold_and_does_nothing_later() {
    let mut card = card();
    assert_eq!(status(&mut card, "00A40000"), 0x6A86);
    let commands = [SELECT_JPKI, "00A40000", "00B0860020"];
    assert_eq!(after(&mut card, &commands), 0x9000);
}

#[test]
fn an_unknown_file_is_not_found() {
    assert_eq!(after(&mut card(), &[SELECT_JPKI, "00A4020C020077"]), 0x6A82);
    assert_eq!(after(&mut card(), &[SELECT_JPKI, "00B0940000"]), 0x6A82);
}

#[test]
fn selecting_an_application_leaves_no_file_current() {
    let commands = [SELECT_JPKI, "00A4020C02000A", SELECT_JPKI, "00B0000000"];
    assert_eq!(after(&mut card(), &commands), 0x6986);
}

#[test]
fn a_read_by_short_id_makes_the_file_current() {
    let mut card = card();
    assert_eq!(status(&mut card, SELECT_JPKI), 0x9000);
    let (first, _) = respond(&mut card, "00B08A0000");
    let (second, _) = respond(&mut card, "00B0010000");
    let certificate = &issued().auth_certificate_der;
    assert_eq!(first, certificate[..256]);
    assert_eq!(second, certificate[256..512]);
}

#[test]
fn an_extended_read_returns_the_whole_certificate() {
    let mut card = card();
    assert_eq!(status(&mut card, SELECT_JPKI), 0x9000);
    let (whole, sw) = respond(&mut card, "00B08A00000000");
    assert_eq!((whole, sw), (issued().auth_certificate_der.clone(), 0x9000));
}

#[test]
fn a_card_without_extended_length_answers_6700_to_it() {
    let mut card = card_with(|holder| holder.behaviour.extended_length = false);
    assert_eq!(after(&mut card, &[SELECT_JPKI, "00B08A00000000"]), 0x6700);
    assert_eq!(status(&mut card, "00B08A0000"), 0x9000);
}

#[test]
fn a_card_without_short_ids_answers_6a86_to_them() {
    let mut card = card_with(|holder| holder.behaviour.short_file_ids = false);
    assert_eq!(after(&mut card, &[SELECT_JPKI, "00B08A0000"]), 0x6A86);
    assert_eq!(status(&mut card, "00200098"), 0x6A86);
    assert_eq!(status(&mut card, "802A009701AA00"), 0x6A86);
    assert_eq!(after(&mut card, &["00A4020C020018", "00200080"]), 0x63C3);
}

#[test]
fn reading_past_the_end_is_6b00_and_up_to_it_depends_on_le() {
    let mut card = card();
    // EF 0008 has three bytes.
    assert_eq!(after(&mut card, &[SELECT_JPKI, "00B0880000"]), 0x9000);
    assert_eq!(
        respond(&mut card, "00B0880008"),
        (vec![0x8F, 0x8F, 0], 0x6282)
    );
    assert_eq!(respond(&mut card, "00B0000202"), (vec![0], 0x6282));
    assert_eq!(respond(&mut card, "00B0000200"), (vec![0], 0x9000));
    assert_eq!(status(&mut card, "00B0000300"), 0x6B00);
    assert_eq!(status(&mut card, "00B07FFF00"), 0x6B00);
}

#[test]
fn pins_and_keys_cannot_be_read() {
    assert_eq!(after(&mut card(), &[SELECT_JPKI, "00B0980000"]), 0x6981);
    assert_eq!(after(&mut card(), &[SELECT_JPKI, "00B0970000"]), 0x6981);
}

#[test]
fn the_sign_certificate_and_the_profile_need_their_secrets() {
    let mut card = card();
    assert_eq!(after(&mut card, &[SELECT_JPKI, "00B0810000"]), 0x6982);
    let password = verify(0x9B, "TARO1234");
    assert_eq!(after(&mut card, &[&password, "00B0810000"]), 0x9000);
    assert_eq!(after(&mut card, &[SELECT_PROFILE, "00B0820000"]), 0x6982);
    assert_eq!(
        after(&mut card, &[&verify(0x91, "2345"), "00B0820000"]),
        0x9000
    );
}

#[test]
fn verification_codes_open_one_file_each() {
    let mut card = card();
    let code_a = verify(0x94, "123456789010");
    assert_eq!(
        after(&mut card, &[SELECT_PROFILE, &code_a, "00B0810000"]),
        0x9000
    );
    assert_eq!(status(&mut card, "00B0820000"), 0x6982);
    let code_b = verify(0x95, "16070120350000");
    let again = [SELECT_ISD, SELECT_PROFILE, &code_b, "00B0820000"];
    assert_eq!(after(&mut card, &again), 0x9000);
    assert_eq!(status(&mut card, "00B0810000"), 0x6982);
}

#[test]
fn a_filler_follows_the_certificate_where_wanted() {
    let mut card = card_with(|holder| holder.behaviour.certificate_filler = 40);
    assert_eq!(status(&mut card, SELECT_JPKI), 0x9000);
    let (file, _) = respond(&mut card, "00B08A00000000");
    let (certificate, filler) = file.split_at(issued().auth_certificate_der.len());
    assert_eq!(certificate, issued().auth_certificate_der);
    assert_eq!(filler, [0xFF; 40]);
}

#[test]
fn unknown_classes_channels_and_instructions_have_their_own_answers() {
    for (command, expected) in [
        ("01A4040C00", 0x6881),
        ("8120000000", 0x6881),
        ("10B0000000", 0x6884),
        ("A0A4000000", 0x6E00),
        ("FFCA000000", 0x6E00),
        ("0044000000", 0x6D00),
        ("80FC0000", 0x6700),
        ("00CA0045", 0x6A88),
    ] {
        assert_eq!(status(&mut card(), command), expected, "{command}");
    }
}

#[test]
fn a_challenge_has_the_length_asked_for_and_no_extended_form() {
    let mut card = card();
    assert_eq!(respond(&mut card, "0084000008").0.len(), 8);
    assert_eq!(respond(&mut card, "0084000000").0.len(), 256);
    assert_eq!(status(&mut card, "00840000000010"), 0x6985);
}

#[test]
fn every_token_has_its_label_and_phones_gate_their_certificate() {
    for (token, label, gated) in [
        (Token::MyNumberCard, "JPKIAPICCTOKEN2 ", false),
        (Token::JukiCard, "JPKIAPICCTOKEN  ", false),
        (Token::Android, "JPKIAPGPSETOKEN ", true),
        (Token::Iphone, "JPKIAPIOSTOKEN  ", true),
    ] {
        let mut card = card_with(|holder| holder.token = token);
        assert_eq!(status(&mut card, SELECT_JPKI), 0x9000);
        let (info, _) = respond(&mut card, "00B0860000");
        assert_eq!(info.len(), 160);
        assert!(info.starts_with(label.as_bytes()), "{token:?}");
        let expected = if gated { 0x6982 } else { 0x9000 };
        assert_eq!(status(&mut card, "00B08A0000"), expected, "{token:?}");
        assert_eq!(
            after(&mut card, &[&verify(0x98, "1234"), "00B08A0000"]),
            0x9000
        );
    }
}

#[test]
fn new_certificates_leave_pins_and_counters_alone() {
    let mut card = card();
    assert_eq!(
        after(&mut card, &[SELECT_JPKI, &verify(0x98, "0000")]),
        0x63C2
    );
    let mut renewed = issued().clone();
    renewed.auth_certificate_der = vec![0x30, 0x01, 0x00];
    card.install(&renewed).unwrap();
    assert_eq!(respond(&mut card, "00B08A0000").0, [0x30, 0x01, 0x00]);
    assert_eq!(card.tries_left(Secret::Authentication), Some(2));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_card_panic(
        commands in proptest::collection::vec(
            proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40), 0..20,
        ),
    ) {
        let mut card = card();
        card.respond(&hex::decode(SELECT_JPKI).unwrap());
        for command in commands {
            proptest::prop_assert!(card.respond(&command).len() >= 2);
        }
    }
}

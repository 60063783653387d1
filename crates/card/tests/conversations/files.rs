//! Reading files.

use super::{SELECT_JPKI, SELECT_PROFILE, card, profile_pin};
use kazasu_card::{
    Card, CardError, ChannelLimits, KeyAlgorithm, LastTry, TokenKind, Transcript,
    parse_profile_name,
};

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
    include_bytes!("../../../assertion/testdata/test-card/jpki-auth-cert.der").to_vec()
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
fn names_that_would_rearrange_what_is_shown_around_them_are_malformed() {
    for mark in [
        '\n', '\u{1b}', '\u{9b}', '\u{200F}', '\u{2028}', '\u{202E}', '\u{2066}',
    ] {
        let file = attribute_file(&format!("見本{mark}太郎"), "見本県");
        let refused = Err(CardError::Malformed("profile"));
        assert_eq!(parse_profile_name(&file), refused, "{mark:?}");
    }
}

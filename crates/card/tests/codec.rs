//! The APDU and TLV codecs, by table, by round trip, and against the crate `iso7816`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use iso7816::command::{Command, CommandBuilder, ExpectedLen};
use kazasu_card::{ApduError, CommandApdu, ResponseApdu, StatusWord, Tlv, TlvError, Tlvs};
use proptest::prelude::*;

fn command(data: &[u8], expected: Option<u32>) -> CommandApdu {
    let command = CommandApdu::new(0x00, 0xB0, 0x12, 0x34)
        .with_data(data)
        .unwrap();
    match expected {
        Some(ne) => command.expecting(ne),
        None => command,
    }
}

#[test]
fn every_case_is_written_in_its_shortest_form() {
    let long = vec![7; 256];
    let mut case_4_extended = hex::decode("00B01234000100").unwrap();
    case_4_extended.extend_from_slice(&long);
    case_4_extended.extend_from_slice(&[0x00, 0x00]);
    for (data, expected, bytes) in [
        (&[][..], None, "00B01234".to_owned()),
        (&[], Some(256), "00B0123400".to_owned()),
        (&[], Some(32), "00B0123420".to_owned()),
        (&[0xAA], None, "00B0123401AA".to_owned()),
        (&[0xAA], Some(256), "00B0123401AA00".to_owned()),
        (&[], Some(257), "00B01234000101".to_owned()),
        (&[], Some(65_536), "00B01234000000".to_owned()),
        (&[0xAA], Some(257), "00B01234000001AA0101".to_owned()),
        (&long, Some(65_536), hex::encode(case_4_extended)),
    ] {
        let written = command(data, expected).to_bytes();
        assert_eq!(hex::encode(&*written), bytes.to_lowercase());
        assert_eq!(
            CommandApdu::parse(&written).unwrap(),
            command(data, expected)
        );
    }
}

#[test]
fn commands_with_lying_lengths_are_refused() {
    for (bytes, error) in [
        ("", ApduError::Truncated),
        ("00A404", ApduError::Truncated),
        ("00A4040C02AA", ApduError::BadLength),
        ("00A4040C01AA0000", ApduError::BadLength),
        ("00A4040C0000", ApduError::BadLength),
        ("00A4040C000002AA", ApduError::BadLength),
        ("00A4040C000001AA01", ApduError::BadLength),
        ("00A4040C0000000100", ApduError::BadLength),
    ] {
        assert_eq!(
            CommandApdu::parse(&hex::decode(bytes).unwrap()),
            Err(error),
            "{bytes}"
        );
    }
    assert_eq!(
        CommandApdu::new(0, 0, 0, 0)
            .with_data(&vec![0; 65_536])
            .unwrap_err(),
        ApduError::DataTooLong
    );
}

#[test]
fn responses_need_a_status_word_and_a_possible_length() {
    assert_eq!(ResponseApdu::parse(&[]), Err(ApduError::Truncated));
    assert_eq!(ResponseApdu::parse(&[0x90]), Err(ApduError::Truncated));
    assert_eq!(
        ResponseApdu::parse(&[0x90, 0x00]).unwrap().status(),
        StatusWord::OK
    );
    assert_eq!(
        ResponseApdu::parse(&vec![0; 65_539]),
        Err(ApduError::DataTooLong)
    );
}

#[test]
fn debug_output_shows_no_data() {
    let secret = command(b"1234", None);
    let answer = ResponseApdu::new(b"secret".to_vec(), StatusWord::OK);
    for shown in [format!("{secret:?}"), format!("{answer:?}")] {
        for leak in ["1234\"", "31323334", "49, 50", "secret", "115"] {
            assert!(!shown.contains(leak), "{shown}");
        }
    }
    assert_eq!(
        format!("{secret:?}"),
        "CommandApdu(00 B0 12 34, 4 data bytes, Ne None)"
    );
}

#[test]
fn status_words_say_what_they_mean() {
    assert_eq!(StatusWord::from(0x63C2).retries_left(), Some(2));
    assert_eq!(StatusWord::from(0x6300).retries_left(), None);
    assert_eq!(StatusWord::retries(2), StatusWord::from(0x63C2));
    for blocked in [0x6984, 0x6983, 0x63C0] {
        assert!(StatusWord::from(blocked).is_blocked());
    }
    assert!(!StatusWord::from(0x63C1).is_blocked());
    assert!(StatusWord::END_OF_FILE.data_is_valid());
    assert_eq!(StatusWord::from(0x6A82).to_string(), "6A82");
}

#[test]
fn tlv_reads_the_lengths_the_card_uses() {
    let mut long = vec![0xFF, 0x20, 0x82, 0x01, 0x00];
    long.extend_from_slice(&[9; 256]);
    assert_eq!(
        Tlv::parse(&long).unwrap().0,
        Tlv {
            tag: 0xFF20,
            value: &[9; 256]
        }
    );
    let mut middle = vec![0xDF, 0x23, 0x81, 0x80];
    middle.extend_from_slice(&[8; 129]);
    let (tlv, rest) = Tlv::parse(&middle).unwrap();
    assert_eq!((tlv.value.len(), rest), (128, &[8][..]));
    for (bytes, error) in [
        ("", TlvError::Truncated),
        ("DF", TlvError::Truncated),
        ("DF22", TlvError::Truncated),
        ("DF2205AA", TlvError::Truncated),
        ("30820101", TlvError::Truncated),
        ("3081", TlvError::Truncated),
        ("3080", TlvError::BadLength),
        ("3083000001AA", TlvError::BadLength),
        ("DFA201AA", TlvError::TagTooLong),
    ] {
        assert_eq!(
            Tlv::parse(&hex::decode(bytes).unwrap()),
            Err(error),
            "{bytes}"
        );
    }
}

#[test]
fn iterating_ends_at_the_first_error() {
    let items: Vec<_> = Tlvs::new(&[0x01, 0x01, 0xAA, 0x02, 0x05]).collect();
    assert_eq!(
        items,
        [
            Ok(Tlv {
                tag: 1,
                value: &[0xAA]
            }),
            Err(TlvError::Truncated)
        ]
    );
}

/// Compares the two parsers; where they differ, the rule is named.
fn compare_parsers(bytes: &[u8]) {
    let ours = CommandApdu::parse(bytes);
    let theirs = Command::<65_535>::try_from(bytes);
    if bytes.first() == Some(&0xFF) {
        // iso7816 refuses CLA FF, which ISO/IEC 7816-3 keeps for PPS; no card answers it.
        assert!(theirs.is_err());
        return;
    }
    if bytes.len() == 9 && bytes.get(4..7) == Some(&[0, 0, 0]) {
        // iso7816 takes an extended Lc of zero, which ISO/IEC 7816-4 §5.2 leaves out.
        assert!(ours.is_err() && theirs.is_ok());
        return;
    }
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(ours.class(), theirs.class().into_inner());
            assert_eq!(ours.instruction(), u8::from(theirs.instruction()));
            assert_eq!((ours.p1(), ours.p2()), (theirs.p1, theirs.p2));
            assert_eq!(ours.data(), theirs.data().as_slice());
            assert_eq!(ours.expected().unwrap_or(0) as usize, theirs.expected());
        }
        (Err(_), Err(_)) => {}
        (ours, theirs) => panic!("{bytes:02X?}: {ours:?} but {:?}", theirs.err()),
    }
}

/// Bytes that are often nearly a command: a header, a length field, and about as much as it says.
fn nearly_commands() -> impl Strategy<Value = Vec<u8>> {
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..12),
        (1u8..=255, -2i32..=3).prop_map(|(lc, slack)| {
            let mut body = vec![lc];
            body.resize((1 + i32::from(lc) + slack).max(1) as usize, 0x5A);
            body
        }),
        (0u16..600, -2i32..=3).prop_map(|(lc, slack)| {
            let mut body = vec![0];
            body.extend_from_slice(&lc.to_be_bytes());
            body.resize((3 + i32::from(lc) + slack).max(1) as usize, 0x5A);
            body
        }),
    ];
    (any::<[u8; 4]>(), body).prop_map(|(header, body)| [&header[..], &body].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn parsing_agrees_with_iso7816(bytes in nearly_commands()) {
        compare_parsers(&bytes);
    }

    #[test]
    fn writing_agrees_with_iso7816(
        class in 0u8..0xFF, rest in any::<[u8; 3]>(),
        data in prop::collection::vec(any::<u8>(), 0..700),
        // iso7816 cannot ask for 65,536 bytes.
        expected in prop::option::of(1u16..=u16::MAX),
    ) {
        let [instruction, p1, p2] = rest;
        let ours = CommandApdu::new(class, instruction, p1, p2).with_data(&data).unwrap();
        let ours = match expected {
            Some(ne) => ours.expecting(u32::from(ne)),
            None => ours,
        };
        let theirs = CommandBuilder::new(
            class.try_into().unwrap(), instruction.into(), p1, p2, &data[..],
            ExpectedLen::Ne(expected.unwrap_or(0)),
        ).serialize_to_vec();
        prop_assert_eq!(&**ours.to_bytes(), &theirs[..]);
    }

    #[test]
    fn what_is_written_is_read_back(
        header in any::<[u8; 4]>(),
        data in prop::collection::vec(any::<u8>(), 0..1_000),
        expected in prop::option::of(1u32..=65_536),
    ) {
        let [class, instruction, p1, p2] = header;
        let command = CommandApdu::new(class, instruction, p1, p2).with_data(&data).unwrap();
        let command = match expected {
            Some(ne) => command.expecting(ne),
            None => command,
        };
        prop_assert_eq!(CommandApdu::parse(&command.to_bytes()).unwrap(), command);
    }

    #[test]
    fn tlv_agrees_with_iso7816(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let ours = Tlv::parse(&bytes);
        let theirs = iso7816::tlv::take_data_object(&bytes);
        let two_byte_tag = bytes.first().is_some_and(|b| b & 0x1F == 0x1F);
        if two_byte_tag {
            // iso7816 takes three-byte tags, and leaves out tags that BER keeps for later; the
            // card has neither. Where both accept two bytes, the values agree.
            if let (Ok((tlv, _)), Some((_, value, _))) = (ours, theirs) {
                prop_assert_eq!(tlv.value, value);
            }
        } else {
            prop_assert_eq!(
                ours.ok().map(|(tlv, rest)| (tlv.value, rest)),
                theirs.map(|(_, value, rest)| (value, rest))
            );
        }
    }
}

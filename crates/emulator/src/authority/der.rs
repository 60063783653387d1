//! A DER encoder of a few functions. It writes what it is told, so that the certificates that
//! break a rule are built by the same code as the ones that keep it.

use const_oid::ObjectIdentifier;
use std::time::Duration;

// Identifier octets of the universal types (X.680 §8.6, X.690 §8.1.2).
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
const OBJECT_IDENTIFIER: u8 = 0x06;
const ENUMERATED: u8 = 0x0A;
const UTF8_STRING: u8 = 0x0C;
const PRINTABLE_STRING: u8 = 0x13;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// One element: tag, length in the shortest form, content.
pub(super) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut out = vec![tag];
    if content.len() >= 0x80 {
        out.push(0x80 | significant.len() as u8);
        out.extend_from_slice(significant);
    } else {
        out.push(content.len() as u8);
    }
    out.extend_from_slice(content);
    out
}

/// SEQUENCE of the given elements.
pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.concat())
}

/// SET of one element.
pub(super) fn set_of_one(part: &[u8]) -> Vec<u8> {
    tlv(SET, part)
}

/// `[number]`, constructed: an explicit tag, or an implicit one around a structure's content.
pub(super) fn context(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(0xA0 | number, content)
}

/// `[number]`, primitive: an implicit tag around a string's content.
pub(super) fn context_primitive(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(0x80 | number, content)
}

/// BOOLEAN TRUE.
pub(super) fn boolean_true() -> Vec<u8> {
    tlv(BOOLEAN, &[0xFF])
}

/// NULL.
pub(super) fn null() -> Vec<u8> {
    tlv(NULL, &[])
}

/// OBJECT IDENTIFIER.
pub(super) fn oid(identifier: ObjectIdentifier) -> Vec<u8> {
    tlv(OBJECT_IDENTIFIER, identifier.as_bytes())
}

/// A non-negative INTEGER from big-endian bytes with or without leading zeros.
pub(super) fn unsigned(big_endian: &[u8]) -> Vec<u8> {
    let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
    let minimal = &big_endian[zeros.min(big_endian.len().saturating_sub(1))..];
    match minimal.first() {
        Some(first) if *first >= 0x80 => integer_content(&[&[0], minimal].concat()),
        Some(_) => integer_content(minimal),
        None => integer_content(&[0]),
    }
}

/// An INTEGER whose two's complement content is given.
pub(super) fn integer_content(content: &[u8]) -> Vec<u8> {
    tlv(INTEGER, content)
}

/// ENUMERATED with a small value.
pub(super) fn enumerated(value: u8) -> Vec<u8> {
    tlv(ENUMERATED, &[value])
}

/// BIT STRING of whole bytes.
pub(super) fn bit_string(content: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[0], content].concat())
}

/// BIT STRING of named bits: `byte` with its trailing zero bits left out, as DER asks.
pub(super) fn named_bits(byte: u8) -> Vec<u8> {
    tlv(BIT_STRING, &[byte.trailing_zeros().min(7) as u8, byte])
}

/// OCTET STRING.
pub(super) fn octet_string(content: &[u8]) -> Vec<u8> {
    tlv(OCTET_STRING, content)
}

/// UTF8String.
pub(super) fn utf8(text: &str) -> Vec<u8> {
    tlv(UTF8_STRING, text.as_bytes())
}

/// PrintableString.
pub(super) fn printable(text: &str) -> Vec<u8> {
    tlv(PRINTABLE_STRING, text.as_bytes())
}

/// A certificate's or CRL's Time: UTCTime up to 2049, GeneralizedTime after (RFC 5280 §4.1.2.5).
pub(super) fn time(unix_seconds: i64) -> Vec<u8> {
    let text = generalized_text(unix_seconds);
    if text.as_str() < "2050" {
        tlv(UTC_TIME, &text.as_bytes()[2..])
    } else {
        tlv(GENERALIZED_TIME, text.as_bytes())
    }
}

/// GeneralizedTime, as OCSP uses throughout (RFC 6960 §4.2.1).
pub(super) fn generalized_time(unix_seconds: i64) -> Vec<u8> {
    tlv(GENERALIZED_TIME, generalized_text(unix_seconds).as_bytes())
}

/// `YYYYMMDDhhmmssZ`.
pub(super) fn generalized_text(unix_seconds: i64) -> String {
    let since_epoch = Duration::from_secs(u64::try_from(unix_seconds).unwrap_or(0));
    let t = der::DateTime::from_unix_duration(since_epoch).unwrap_or(der::DateTime::INFINITY);
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        t.year(),
        t.month(),
        t.day(),
        t.hour(),
        t.minutes(),
        t.seconds()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_use_the_shortest_form() {
        assert_eq!(tlv(4, &[0; 0x7F])[..2], [4, 0x7F]);
        assert_eq!(tlv(4, &[0; 0x80])[..3], [4, 0x81, 0x80]);
        assert_eq!(tlv(4, &[0; 0x100])[..4], [4, 0x82, 1, 0]);
    }

    #[test]
    fn integers_are_minimal_and_not_negative_by_accident() {
        assert_eq!(unsigned(&[0, 0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(unsigned(&[0, 0x7F]), [2, 1, 0x7F]);
        assert_eq!(unsigned(&[0, 0]), [2, 1, 0]);
        assert_eq!(unsigned(&[]), [2, 1, 0]);
    }

    #[test]
    fn dates_change_their_encoding_in_2050() {
        assert_eq!(time(0), [&[0x17, 13], &b"700101000000Z"[..]].concat());
        assert_eq!(
            time(2_524_608_000),
            [&[0x18, 15], &b"20500101000000Z"[..]].concat()
        );
    }
}

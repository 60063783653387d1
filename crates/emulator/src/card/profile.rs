//! The profile application (券面事項入力補助) and its files.

use super::files::{Access, Application, File, Pin};
use super::key::KeyError;
use super::provenance::{self, Keys};
use super::tlv::tlv;
use crate::holder::{Holder, Sex};
use std::collections::BTreeMap;

/// AID of the profile application (docs/card.md, "Applications"): every client that reads names.
pub(super) const AID: [u8; 10] = [0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08];

const MY_NUMBER: u16 = 0x0001;
const ATTRIBUTES: u16 = 0x0002;
const INTEGRITY: u16 = 0x0003;
const CERTIFICATE: u16 = 0x0004;
const INFORMATION: u16 = 0x0005;
const SESSION_KEY: u16 = 0x0006;
const CARD_KEY: u16 = 0x0007;
const FILLER: u16 = 0x0008;
pub(super) const PIN: u16 = 0x0011;
const BLOCKED: u16 = 0x0012;
const PRIVATE_KEY: u16 = 0x0013;
const CODE_A: u16 = 0x0014;
const CODE_B: u16 = 0x0015;

/// Files that the PIN and either verification code open.
const ANY_SECRET: Access = Access::AnyOf(&[PIN, CODE_A, CODE_B]);

/// Tries of the profile PIN.
const PIN_TRIES: u8 = 3;
/// Tries of the verification codes: sources disagree between 3 and 10.
const CODE_TRIES: u8 = 10;

pub(super) fn application(holder: &Holder) -> Result<Application, KeyError> {
    let keys = Keys::of_this_process()?;
    let my_number = my_number_file(&holder.my_number);
    let (attributes, start) = attributes_file(holder);
    let integrity = keys.integrity_file(&my_number, &attributes[start..])?;
    let certificate = keys.certificate_file(&holder.face.municipality)?;
    let information = information_file(&provenance::signer_id(&holder.face.municipality));

    let data = |content, access| File::Data { content, access };
    let files = BTreeMap::from([
        (MY_NUMBER, data(my_number, Access::AnyOf(&[PIN, CODE_A]))),
        (ATTRIBUTES, data(attributes, Access::AnyOf(&[PIN, CODE_B]))),
        (INTEGRITY, data(integrity, ANY_SECRET)),
        (CERTIFICATE, data(certificate, Access::Free)),
        (INFORMATION, data(information, Access::Free)),
        (SESSION_KEY, data(keys.session_key_file(), ANY_SECRET)),
        (CARD_KEY, data(keys.card_key_file()?, ANY_SECRET)),
        (FILLER, data(vec![0xFF; 16], Access::Free)),
        (PIN, File::Pin(Pin::new(&holder.pins.profile, PIN_TRIES))),
        (BLOCKED, File::Pin(Pin::blocked_from_birth())),
        (
            PRIVATE_KEY,
            File::Key {
                key: Box::new(keys.card_key()),
                access: Access::Free,
            },
        ),
        (CODE_A, File::Pin(Pin::new(&holder.my_number, CODE_TRIES))),
        (CODE_B, File::Pin(Pin::new(&code_b(holder), CODE_TRIES))),
    ]);
    Ok(Application {
        aid: AID,
        files,
        default_key: Some(PRIVATE_KEY),
    })
}

/// EF 0001, 17 bytes: the number and two bytes of filler.
fn my_number_file(number: &str) -> Vec<u8> {
    let mut file = tlv(&[0xFF, 0x10], number.as_bytes());
    file.extend_from_slice(&[0xFF, 0xFF]);
    file
}

/// EF 0002: where the four attributes start, then the attributes. Also returns the offset of the
/// first of them.
fn attributes_file(holder: &Holder) -> (Vec<u8>, usize) {
    let sex = match holder.sex {
        Sex::Male => "1",
        Sex::Female => "2",
        Sex::NotApplicable => "9",
    };
    let birth = holder.birth.compact();
    let attributes = [
        tlv(&[0xDF, 0x22], holder.name.as_bytes()),
        tlv(&[0xDF, 0x23], holder.address.as_bytes()),
        tlv(&[0xDF, 0x24], birth.as_bytes()),
        tlv(&[0xDF, 0x25], sex.as_bytes()),
    ];
    let lengths = attributes.each_ref().map(Vec::len);

    // DF21 has a fixed size, so only the template's own length field moves the attributes.
    let no_offsets = tlv(&[0xDF, 0x21], &[0; 8]);
    let value_length = no_offsets.len() + lengths.iter().sum::<usize>();
    let template_header = tlv(&[0xFF, 0x20], &vec![0; value_length]).len() - value_length;

    let start = template_header + no_offsets.len();
    let mut at = start;
    let mut offsets = Vec::with_capacity(8);
    for length in lengths {
        // `Holder` keeps the file below 32,768 bytes.
        offsets.extend_from_slice(&(at as u16).to_be_bytes());
        at += length;
    }
    let mut value = tlv(&[0xDF, 0x21], &offsets);
    value.extend(attributes.concat());
    (tlv(&[0xFF, 0x20], &value), start)
}

/// EF 0005, 164 bytes: the specification version (as published vectors have it), the identifier
/// of the signer's key and a field nobody has explained, here zeroes.
fn information_file(key_id: &[u8]) -> Vec<u8> {
    let mut value = tlv(&[0xDF, 0x41], &[0x01, 0x03, 0x0E, 0x01]);
    value.extend(tlv(&[0xDF, 0x42], key_id));
    value.extend_from_slice(&[0xDF, 0x43, 0x82, 0x00, 0x80]);
    value.extend_from_slice(&[0; 0x80]);
    // The published file spells its length in three bytes although two would do.
    let mut file = vec![0xFF, 0x40, 0x82];
    file.extend_from_slice(&(value.len() as u16).to_be_bytes());
    file.extend(value);
    file
}

/// Verification code B: birth in years of the era, year of expiry, security code.
fn code_b(holder: &Holder) -> String {
    format!(
        "{}{:04}{}",
        holder.birth.era_digits(),
        holder.face.expiry_year,
        holder.face.security_code
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder_with_address(address: &str) -> Holder {
        let mut holder = Holder::parse(include_str!("../../holders/taro.toml")).unwrap();
        holder.address = address.into();
        holder
    }

    /// Follows the offsets as a reader would: tag at each offset, in order.
    fn tags_at_offsets(file: &[u8]) -> Vec<[u8; 2]> {
        let start = file
            .windows(3)
            .position(|w| w == [0xDF, 0x21, 0x08])
            .unwrap()
            + 3;
        file[start..start + 8]
            .chunks_exact(2)
            .map(|offset| {
                let at = usize::from(u16::from_be_bytes([offset[0], offset[1]]));
                [file[at], file[at + 1]]
            })
            .collect()
    }

    #[test]
    fn offsets_point_at_the_attributes_for_every_length_form() {
        for length in [1, 10, 60, 61, 70, 127, 128, 200, 255, 256, 1000] {
            let file = attributes_file(&holder_with_address(&"x".repeat(length))).0;
            assert_eq!(
                tags_at_offsets(&file),
                [[0xDF, 0x22], [0xDF, 0x23], [0xDF, 0x24], [0xDF, 0x25]],
                "address of {length} bytes"
            );
        }
    }

    #[test]
    fn an_ordinary_file_has_the_name_at_fourteen() {
        let file = attributes_file(&holder_with_address("見本県")).0;
        assert_eq!(&file[..2], [0xFF, 0x20]);
        assert_eq!(usize::from(file[2]), file.len() - 3);
        assert_eq!(&file[14..16], [0xDF, 0x22]);
    }

    #[test]
    fn fixed_files_have_their_published_sizes() {
        assert_eq!(my_number_file("123456789010").len(), 17);
        assert_eq!(information_file(&[0; 16]).len(), 164);
    }

    #[test]
    fn code_b_is_fourteen_digits() {
        assert_eq!(code_b(&holder_with_address("x")), "16070120350000");
    }
}

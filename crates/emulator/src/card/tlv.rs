//! Writing BER-TLV, ISO/IEC 7816-4 §5.2.2.

/// The object with this tag and value; the length takes one, two (`81`) or three (`82`) bytes.
pub(crate) fn tlv(tag: &[u8], value: &[u8]) -> Vec<u8> {
    let length = value.len();
    let mut bytes = tag.to_vec();
    match length {
        0..=0x7F => bytes.push(length as u8),
        0x80..=0xFF => bytes.extend_from_slice(&[0x81, length as u8]),
        _ => {
            bytes.push(0x82);
            // Files end below 32,768 bytes, so two length bytes are enough.
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
    }
    bytes.extend_from_slice(value);
    bytes
}

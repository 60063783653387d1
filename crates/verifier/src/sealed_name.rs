//! The name on the card, encrypted between acceptance and the transaction's end.
//!
//! Layout: key version (4 bytes, big-endian), nonce (12), AES-256-GCM ciphertext with its tag. The
//! transaction's identifier is authenticated with it, so that a name cannot change rows.

use crate::keys::Keys;
use aws_lc_rs::aead::{Aad, Nonce};
use zeroize::Zeroizing;

/// Encrypts a name.
pub(crate) fn seal(keys: &Keys, transaction_id: &str, name: &str, now: i64) -> Vec<u8> {
    let (version, key) = keys.name_at(now);
    let mut text = name.as_bytes().to_vec();
    let nonce = key
        .seal_in_place_append_tag(Aad::from(transaction_id), &mut text)
        .expect("AES-GCM encrypts any text of a name's length");
    let mut sealed = version.to_be_bytes().to_vec();
    sealed.extend_from_slice(nonce.as_ref());
    sealed.extend_from_slice(&text);
    sealed
}

/// Decrypts a name; `None` if the key is missing or the bytes are not what [`seal`] made.
pub(crate) fn open(keys: &Keys, transaction_id: &str, sealed: &[u8]) -> Option<Zeroizing<String>> {
    let (version, rest) = sealed.split_first_chunk::<4>()?;
    let (nonce, ciphertext) = rest.split_first_chunk::<12>()?;
    let key = keys.name(u32::from_be_bytes(*version))?;
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    let text = key
        .open_in_place(Nonce::from(nonce), Aad::from(transaction_id), &mut buffer)
        .ok()?;
    String::from_utf8(text.to_vec()).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_opens_only_in_its_own_transaction() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        Keys::create(&path).unwrap();
        let keys = Keys::read(&path).unwrap();
        let sealed = seal(&keys, "T", "見本　太郎", 0);
        assert_eq!(open(&keys, "T", &sealed).unwrap().as_str(), "見本　太郎");
        assert!(open(&keys, "U", &sealed).is_none());
        for position in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[position] ^= 1;
            assert!(open(&keys, "T", &altered).is_none());
        }
        assert!(open(&keys, "T", &sealed[..10]).is_none());
    }
}

//! What lets a verifier tell an issued profile from an invented one: signed digests, the card's
//! own key, and the card-verifiable certificate they lead to
//! (docs/card.md, "Who signed the profile").
//!
//! The keys are made once for a process and shared by its cards; a root of our own stands in for
//! the real one. So a clone made by this emulator cannot be told from the card it copies.

use super::key::{CardKey, KeyError};
use super::tlv::tlv;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use rsa::RsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PublicKeyParts;
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

/// Names the root. Production roots begin with 5, published test cards' with 6.
const ROOT: &str = "9000033";

/// The keys behind the profile application.
pub(super) struct Keys {
    root: RsaPrivateKey,
    /// Of the municipality, certified by the root.
    signer: RsaPrivateKey,
    /// Of the card, EF 0013.
    card: RsaPrivateKey,
    /// Receives session keys, EF 0006.
    session: RsaPrivateKey,
}

impl Keys {
    pub(super) fn of_this_process() -> Result<&'static Self, KeyError> {
        static KEYS: OnceLock<Keys> = OnceLock::new();
        if let Some(keys) = KEYS.get() {
            return Ok(keys);
        }
        let keys = Self {
            root: generate()?,
            signer: generate()?,
            card: generate()?,
            session: generate()?,
        };
        Ok(KEYS.get_or_init(|| keys))
    }

    /// The card's own key, for EF 0013.
    pub(super) fn card_key(&self) -> CardKey {
        CardKey::Rsa(self.card.clone())
    }

    /// EF 0003, 336 bytes: digests of EF 0001 and of the attributes in EF 0002, signed.
    pub(super) fn integrity_file(
        &self,
        my_number_file: &[u8],
        attributes: &[u8],
    ) -> Result<Vec<u8>, KeyError> {
        // Over the whole EF 0001, filler included, but over EF 0002 from DF22 only.
        let mut value = tlv(&[0xDF, 0x31], &Sha256::digest(my_number_file));
        value.extend(tlv(&[0xDF, 0x32], &Sha256::digest(attributes)));
        let signature = sign(&self.signer, &value)?;
        value.extend(tlv(&[0xDF, 0x33], &signature));
        Ok(tlv(&[0xFF, 0x30], &value))
    }

    /// EF 0004, 568 bytes: the root certifies the key that signed EF 0003 and EF 0007.
    pub(super) fn certificate_file(&self, municipality: &str) -> Result<Vec<u8>, KeyError> {
        let mut body = key_id(ROOT);
        body.extend(signer_id(municipality));
        body.extend(public_key(&self.signer));
        let signature = sign(&self.root, &body)?;
        let mut value = tlv(&[0x5F, 0x4E], &body);
        value.extend(tlv(&[0x5F, 0x37], &signature));
        Ok(tlv(&[0x7F, 0x21], &value))
    }

    /// EF 0006, 269 bytes: the key to send session keys to.
    pub(super) fn session_key_file(&self) -> Vec<u8> {
        tlv(&[0xA1], &public_key(&self.session))
    }

    /// EF 0007, 536 bytes: the card's own key, signed.
    pub(super) fn card_key_file(&self) -> Result<Vec<u8>, KeyError> {
        let mut value = tlv(&[0xDF, 0x51], &public_key(&self.card));
        let signature = sign(&self.signer, &value)?;
        value.extend(tlv(&[0xDF, 0x52], &signature));
        Ok(tlv(&[0xFF, 0x50], &value))
    }
}

/// The key identifier of a municipality's signer.
pub(super) fn signer_id(municipality: &str) -> Vec<u8> {
    key_id(&format!("{municipality}31"))
}

/// 16 bytes: seven digits, 08 05, three digits, four zeroes.
fn key_id(digits: &str) -> Vec<u8> {
    [digits.as_bytes(), &[0x08, 0x05], b"001", &[0; 4]].concat()
}

/// Exponent (90) and modulus (91), 265 bytes.
fn public_key(key: &RsaPrivateKey) -> Vec<u8> {
    let mut bytes = tlv(&[0x90], &key.e().to_bytes_be());
    bytes.extend(tlv(&[0x91], &key.n().to_bytes_be()));
    bytes
}

fn generate() -> Result<RsaPrivateKey, KeyError> {
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError)?;
    let pkcs8 =
        AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| KeyError)?;
    RsaPrivateKey::from_pkcs8_der(pkcs8.as_ref()).map_err(|_| KeyError)
}

/// RSASSA-PKCS1-v1_5 with SHA-256, which is what P1 = 03 of the card does.
fn sign(key: &RsaPrivateKey, message: &[u8]) -> Result<Vec<u8>, KeyError> {
    CardKey::Rsa(key.clone())
        .sign(0x03, message)
        .map_err(|_| KeyError)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rsa::Pkcs1v15Sign;

    #[test]
    fn files_have_their_published_sizes() {
        let keys = Keys::of_this_process().unwrap();
        assert_eq!(
            keys.integrity_file(b"number", b"attributes").unwrap().len(),
            336
        );
        assert_eq!(keys.certificate_file("99999").unwrap().len(), 568);
        assert_eq!(keys.session_key_file().len(), 269);
        assert_eq!(keys.card_key_file().unwrap().len(), 536);
    }

    #[test]
    fn the_root_signed_the_certificate() {
        let keys = Keys::of_this_process().unwrap();
        let file = keys.certificate_file("99999").unwrap();
        // 7F21 82 LLLL, then 5F4E 82 0129 before the body.
        let body = &file[10..10 + 297];
        let signature = &file[file.len() - 256..];
        let info = [
            hex::decode("3031300d060960864801650304020105000420").unwrap(),
            Sha256::digest(body).to_vec(),
        ]
        .concat();
        let root = keys.root.to_public_key();
        root.verify(Pkcs1v15Sign::new_unprefixed(), &info, signature)
            .unwrap();
        assert_eq!(&body[16..23], b"9999931");
    }
}

//! An authority for this crate's own tests: the published test certificates, taken apart and
//! signed anew after a change.

use crate::der::{self, Reader, write};
use crate::{TrustAnchors, oid};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};

pub(crate) const CARD: &[u8] = include_bytes!("../testdata/test-card/jpki-auth-cert.der");
pub(crate) const CARD_CA: &[u8] = include_bytes!("../testdata/test-card/jpki-auth-ca-cert.der");
pub(crate) const OLDER_CA: &[u8] =
    include_bytes!("../testdata/test-card/jpki-auth-ca-cert-2019.der");

/// 2026-05-28T20:26:40Z: within the dates of all three.
pub(crate) const NOW: i64 = 1_780_000_000;

pub(crate) const RSA_SHA256: &[u8] =
    b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00";

pub(crate) fn published() -> TrustAnchors {
    TrustAnchors::test(&[CARD_CA.to_vec(), OLDER_CA.to_vec()]).expect("the published CAs")
}

/// The elements of a signed part, in order, each whole.
#[derive(Clone)]
pub(crate) struct Fields(pub(crate) Vec<Vec<u8>>);

/// Where a field stands in a version 3 certificate.
pub(crate) const SERIAL: usize = 1;
pub(crate) const VALIDITY: usize = 4;
pub(crate) const SUBJECT: usize = 5;
pub(crate) const KEY: usize = 6;
pub(crate) const EXTENSIONS: usize = 7;

impl Fields {
    pub(crate) fn of(certificate: &[u8]) -> Self {
        let mut certificate = Reader::new(certificate).nested(der::SEQUENCE).expect("DER");
        Self(elements(certificate.value(der::SEQUENCE).expect("DER")))
    }

    pub(crate) fn signed_part(&self) -> Vec<u8> {
        write(
            der::SEQUENCE,
            &self.0.iter().map(Vec::as_slice).collect::<Vec<_>>(),
        )
    }

    pub(crate) fn extensions(&self) -> Vec<Vec<u8>> {
        let mut list = Reader::new(&self.0[EXTENSIONS])
            .nested(der::constructed(3))
            .expect("DER");
        elements(list.value(der::SEQUENCE).expect("DER"))
    }

    pub(crate) fn set_extensions(&mut self, extensions: &[Vec<u8>]) {
        let list = extensions.iter().map(Vec::as_slice).collect::<Vec<_>>();
        self.0[EXTENSIONS] = write(der::constructed(3), &[&write(der::SEQUENCE, &list)]);
    }

    /// Puts `value` in place of the extension of that kind, or behind the others.
    pub(crate) fn set_extension(&mut self, kind: &[u8], critical: bool, value: &[u8]) {
        let mut extensions = self.extensions();
        let is_kind = |e: &Vec<u8>| {
            Reader::new(e)
                .nested(der::SEQUENCE)
                .and_then(|mut e| e.oid())
                .expect("DER")
                == kind
        };
        let new = extension(kind, critical, value);
        match extensions.iter().position(is_kind) {
            Some(position) => extensions[position] = new,
            None => extensions.push(new),
        }
        self.set_extensions(&extensions);
    }
}

pub(crate) fn elements(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = Reader::new(bytes);
    let mut elements = Vec::new();
    while !reader.is_empty() {
        elements.push(reader.any().expect("DER").whole.to_vec());
    }
    elements
}

pub(crate) fn extension(kind: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[0x01, 0x01, 0xff] } else { &[] };
    let kind = write(der::OID, &[kind]);
    write(
        der::SEQUENCE,
        &[&kind, critical, &write(der::OCTET_STRING, &[value])],
    )
}

pub(crate) fn validity(from: &str, to: &str) -> Vec<u8> {
    let time = |text: &str| {
        let tag = if text.len() == 13 {
            der::UTC_TIME
        } else {
            der::GENERALIZED_TIME
        };
        write(tag, &[text.as_bytes()])
    };
    write(der::SEQUENCE, &[&time(from), &time(to)])
}

/// A key and a certificate authority with it, named as the published one is.
pub(crate) struct Forge {
    key: RsaKeyPair,
    key_id: [u8; 20],
    pub(crate) certificate: Vec<u8>,
}

impl Forge {
    pub(crate) fn new() -> Self {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        let key_id = crate::anchors::sha1(key.public_key().as_ref());
        let mut forge = Self {
            key,
            key_id,
            certificate: Vec::new(),
        };
        let mut fields = Fields::of(CARD_CA);
        fields.0[KEY] = forge.key_info();
        let value = write(der::OCTET_STRING, &[&key_id]);
        fields.set_extension(oid::SUBJECT_KEY_IDENTIFIER, false, &value);
        forge.certificate = forge.sign(&fields);
        forge
    }

    pub(crate) fn anchors(&self) -> TrustAnchors {
        TrustAnchors::test(std::slice::from_ref(&self.certificate)).expect("a forged CA")
    }

    /// The published card's fields, as if this authority had issued it.
    pub(crate) fn card(&self) -> Fields {
        let mut fields = Fields::of(CARD);
        let value = write(der::SEQUENCE, &[&write(der::primitive(0), &[&self.key_id])]);
        fields.set_extension(oid::AUTHORITY_KEY_IDENTIFIER, false, &value);
        fields
    }

    pub(crate) fn key_info(&self) -> Vec<u8> {
        let identifier = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
        write(
            der::SEQUENCE,
            &[identifier, &bits(self.key.public_key().as_ref())],
        )
    }

    /// A certificate of these fields.
    pub(crate) fn sign(&self, fields: &Fields) -> Vec<u8> {
        self.sign_object(&fields.signed_part(), &[])
    }

    /// The signed part, the algorithm, the signature, and what may follow.
    pub(crate) fn sign_object(&self, signed: &[u8], rest: &[u8]) -> Vec<u8> {
        let signature = self.signature(signed);
        write(
            der::SEQUENCE,
            &[signed, RSA_SHA256, &bits(&signature), rest],
        )
    }

    /// A signature over a message.
    pub(crate) fn signature(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .expect("a signature");
        signature
    }
}

fn bits(octets: &[u8]) -> Vec<u8> {
    write(der::BIT_STRING, &[&[0], octets])
}

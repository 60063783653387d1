//! An outside witness: the client library `myna-card`, which was tried on real cards, finds in
//! the emulated card what it expects of one.

#![allow(clippy::unwrap_used, reason = "a test ends where its helpers fail")]

use kazasu_emulator::authority::{Authority, AuthorityOptions, KeyAlgorithm};
use kazasu_emulator::card::EmulatedCard;
use kazasu_emulator::holder::Holder;
use myna_card::ap::jpki::{JpkiAp, SignatureScheme};
use myna_card::ap::text::TextAp;
use myna_card::{Card, Error, Pin, Transmit};

struct Link(EmulatedCard);

impl Transmit for Link {
    fn transmit(&mut self, command: &[u8]) -> myna_card::Result<Vec<u8>> {
        Ok(self.0.respond(command))
    }
}

/// A card for the second sample holder, whose address is long.
fn card() -> Card<Link> {
    let now = 1_800_000_000;
    let mut authority = Authority::new(AuthorityOptions::default(), now).unwrap();
    let issued = authority
        .enrol("hanako", KeyAlgorithm::Rsa2048, now)
        .unwrap();
    let holder = Holder::samples().remove(1);
    Card::new(Link(EmulatedCard::new(&holder, &issued).unwrap()))
}

#[test]
fn it_reads_both_certificates_and_checks_every_signature_scheme() {
    let mut card = card();
    let mut jpki = JpkiAp::select(&mut card).unwrap();
    assert!(jpki.read_token_type().unwrap().is_physical_card());
    let availability = jpki.read_certificate_availability().unwrap();
    assert!(availability.has_auth_certificate() && availability.has_sign_certificate());

    jpki.verify_auth_pin(&Pin::numeric("5678").unwrap())
        .unwrap();
    for scheme in [
        SignatureScheme::Sha256Bare,
        SignatureScheme::Sha256DigestInfo,
        SignatureScheme::Sha256Pss,
    ] {
        jpki.sign_with_auth_key_checked(scheme, b"message").unwrap();
    }
    for scheme in [
        SignatureScheme::PreHashedDigestInfo,
        SignatureScheme::PreHashedPss,
        SignatureScheme::Verbatim,
    ] {
        jpki.sign_with_auth_key_checked(scheme, &[7; 32]).unwrap();
    }
    jpki.verify_sign_pin(&Pin::new("KAZASU2024").unwrap())
        .unwrap();
    jpki.sign_with_sign_key_checked(SignatureScheme::Sha256DigestInfo, b"message")
        .unwrap();
}

#[test]
fn it_finds_the_profile_signed_and_the_card_in_possession_of_its_key() {
    let mut card = card();
    let mut text = TextAp::select(&mut card).unwrap();
    text.verify_pin(&Pin::numeric("6789").unwrap()).unwrap();
    let attributes = text.read_attributes().unwrap();
    assert_eq!(attributes.name, "風早　かざす");
    assert!(attributes.address.len() > 255);

    let issuer = text.read_certificate().unwrap().public_key;
    let record = text.read_integrity_record().unwrap();
    record.verify(&issuer).unwrap();
    let my_number = text.read_my_number_file().unwrap();
    assert!(record.matches_my_number_file(&my_number));
    let raw = text.read_ef(0x0002).unwrap();
    assert!(record.matches_attributes_file(&raw).unwrap());

    let signed_key = text.read_signed_public_key().unwrap();
    signed_key.verify(&issuer).unwrap();
    let signature = text.sign(b"challenge").unwrap();
    signed_key
        .public_key
        .verify_pkcs1_sha256(b"challenge", &signature)
        .unwrap();
}

#[test]
fn it_tells_a_wrong_pin_from_a_blocked_one() {
    let mut card = card();
    let mut jpki = JpkiAp::select(&mut card).unwrap();
    let wrong = Pin::numeric("0000").unwrap();
    for left in [2, 1] {
        let error = jpki.verify_auth_pin(&wrong).unwrap_err();
        assert!(
            matches!(error, Error::PinIncorrect { retries: Some(retries) } if retries == left),
            "{error}"
        );
    }
    assert_eq!(jpki.auth_pin_retries().unwrap().count(), Some(1));
    jpki.verify_auth_pin(&wrong).unwrap_err();
    let error = jpki.verify_auth_pin(&wrong).unwrap_err();
    assert!(matches!(error, Error::PinBlocked), "{error}");
}

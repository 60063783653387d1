use super::*;
use sha2::{Digest, Sha256};

fn auth_key() -> rsa::RsaPublicKey {
    use rsa::pkcs8::DecodePrivateKey;
    rsa::RsaPrivateKey::from_pkcs8_der(&issued().auth_key_pkcs8)
        .unwrap()
        .to_public_key()
}

#[test]
fn every_scheme_signs_what_it_is_given() {
    let mut card = card();
    assert_eq!(
        after(&mut card, &[SELECT_JPKI, &verify(0x98, "1234")]),
        0x9000
    );
    let message = [7_u8; 40];
    let hash = Sha256::digest(message);
    let wrapped = [hex::decode(DIGEST_INFO).unwrap().as_slice(), &hash].concat();
    let pkcs1 = rsa::Pkcs1v15Sign::new_unprefixed;
    for (p1, data, signed) in [
        (0, &wrapped[..], &wrapped[..]),
        (1, &message[..], &hash[..]),
        (2, &hash[..], &wrapped[..]),
        (3, &message[..], &wrapped[..]),
    ] {
        let signature = sign(&mut card, p1, data);
        auth_key().verify(pkcs1(), signed, &signature).unwrap();
    }
    for (p1, data) in [(4, &hash[..]), (5, &message[..])] {
        let signature = sign(&mut card, p1, data);
        let pss = rsa::Pss::new::<Sha256>();
        auth_key().verify(pss, &hash, &signature).unwrap();
    }
}

fn sign(card: &mut EmulatedCard, p1: u8, data: &[u8]) -> Vec<u8> {
    let command = format!("802A{p1:02X}97{:02X}{}00", data.len(), hex::encode(data));
    let (signature, sw) = respond(card, &command);
    assert_eq!((signature.len(), sw), (256, 0x9000), "P1 = {p1:02X}");
    signature
}

#[test]
fn a_scheme_that_is_switched_off_answers_6a86() {
    let mut card = card_with(|holder| holder.behaviour.signature_schemes = vec![0]);
    let hash = "11".repeat(32);
    let wrapped = format!("802A009733{DIGEST_INFO}{hash}00");
    let bare = format!("802A029720{hash}00");
    let login = verify(0x98, "1234");
    assert_eq!(after(&mut card, &[SELECT_JPKI, &login, &bare]), 0x6A86);
    assert_eq!(status(&mut card, &wrapped), 0x9000);
}

#[test]
fn data_that_do_not_fit_the_scheme_are_refused() {
    let mut card = card();
    assert_eq!(
        after(&mut card, &[SELECT_JPKI, &verify(0x98, "1234")]),
        0x9000
    );
    assert_eq!(status(&mut card, "802A029702AABB00"), 0x6A80);
    let too_long = format!("802A0097F6{}00", "AA".repeat(246));
    assert_eq!(status(&mut card, &too_long), 0x6700);
    assert_eq!(status(&mut card, "802A009700"), 0x6700);
    assert_eq!(status(&mut card, "802A069701AA00"), 0x6A86);
}

#[test]
fn the_sign_key_needs_the_password_and_not_the_pin() {
    let sign = format!("802A009A33{DIGEST_INFO}{}00", "11".repeat(32));
    let mut card = card();
    assert_eq!(
        after(&mut card, &[SELECT_JPKI, &verify(0x98, "1234"), &sign]),
        0x6982
    );
    let password = verify(0x9B, "TARO1234");
    assert_eq!(after(&mut card, &[&password, &sign, &sign]), 0x9000);
}

#[test]
fn one_password_may_be_good_for_one_signature_only() {
    let sign = format!("802A009A33{DIGEST_INFO}{}00", "11".repeat(32));
    let password = verify(0x9B, "TARO1234");
    let mut card = card_with(|holder| holder.behaviour.password_per_signature = true);
    let commands = [SELECT_JPKI, &password, &sign, &sign];
    assert_eq!(after(&mut card, &commands), 0x6982);
}

#[test]
fn a_p384_card_signs_a_sha384_digest_as_der() {
    use p384::ecdsa::signature::hazmat::PrehashVerifier;
    use p384::pkcs8::DecodePrivateKey;
    let issued = issue(KeyAlgorithm::P384);
    let mut card = EmulatedCard::new(&taro(), &issued).unwrap();
    let digest = [0x42; 48];
    let command = format!("802A009730{}00", hex::encode(digest));
    assert_eq!(
        after(&mut card, &[SELECT_JPKI, &verify(0x98, "1234")]),
        0x9000
    );
    let (der, sw) = respond(&mut card, &command);
    assert_eq!(sw, 0x9000);
    let signature = p384::ecdsa::Signature::from_der(&der).unwrap();
    let key = p384::ecdsa::SigningKey::from_pkcs8_der(&issued.auth_key_pkcs8).unwrap();
    key.verifying_key()
        .verify_prehash(&digest, &signature)
        .unwrap();
    assert_eq!(
        status(&mut card, &format!("802A029720{}00", "11".repeat(32))),
        0x6A86
    );
}

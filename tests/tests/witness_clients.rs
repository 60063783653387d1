//! Two independent crates, `myna-card` and `jpki`, against the emulated card through real PC/SC.

use kazasu_emulator::card::Secret;
use kazasu_emulator::holder::Holder;
use kazasu_tests::pcscd::{self, PcSc};

fn taro() -> Holder {
    Holder::samples().swap_remove(0)
}

/// A holder whose attribute file needs lengths of two bytes.
fn hanako() -> Holder {
    Holder::samples().swap_remove(1)
}

fn tries_left(pcsc: &PcSc) -> Option<u8> {
    let card = pcsc.card.lock().expect("nobody panicked");
    card.tries_left(Secret::Authentication)
}

/// The crate `myna-card`.
mod myna_card_client {
    use super::*;
    use myna_card::ap::jpki::{JpkiAp, SignatureScheme};
    use myna_card::ap::text::{TextAp, ef};
    use myna_card::transport::pcsc::{PcscTransport, Sharing, connect_any};
    use myna_card::{Card, Error, Pin, Retries, Sex, StatusWord, TokenType};
    use pcsc::{Disposition, Protocols, ShareMode};

    fn connect() -> Card<PcscTransport> {
        connect_any(Sharing::Exclusive).expect("the card is there")
    }

    fn pin(digits: &str) -> Pin {
        Pin::numeric(digits).expect("digits")
    }

    fn is_status(error: &Error, status: u16) -> bool {
        matches!(error, Error::Status(sw) if *sw == StatusWord::new(status))
    }

    #[test]
    fn myna_card_reads_what_is_free() {
        let test = "myna_card_client::myna_card_reads_what_is_free";
        pcscd::alone(test, &[], &taro(), |pcsc| {
            let mut card = connect();
            let mut jpki = JpkiAp::select(&mut card).expect("JPKI is there");
            let kind = jpki.read_token_type().expect("EF 0006");
            assert_eq!(kind, TokenType::Card);
            let token = jpki.read_token_info().expect("EF 0006 is a CK_TOKEN_INFO");
            assert_eq!(token.token_type, TokenType::Card);
            let present = jpki.read_certificate_availability().expect("EF 0008");
            assert!(present.has_auth_certificate() && present.has_sign_certificate());

            let certificate = jpki.read_auth_certificate().expect("EF 000A");
            assert_eq!(certificate.der(), pcsc.issued.auth_certificate_der);
            let authority = jpki.read_auth_ca_certificate().expect("EF 000B");
            assert_eq!(authority.der(), pcsc.issued.auth_ca_certificate_der);
            certificate
                .verify_signature(&authority)
                .expect("the authority signed it");
        });
    }

    #[test]
    fn myna_card_needs_the_password_for_the_signing_certificate() {
        let test = "myna_card_client::myna_card_needs_the_password_for_the_signing_certificate";
        pcscd::alone(test, &[], &taro(), |pcsc| {
            let mut card = connect();
            let mut jpki = JpkiAp::select(&mut card).expect("JPKI is there");
            let refused = jpki.read_sign_certificate_der().expect_err("no password");
            assert!(is_status(&refused, 0x6982), "{refused}");
            let password = Pin::new(&taro().pins.signature).expect("a password");
            jpki.verify_sign_pin(&password).expect("the right password");
            let certificate = jpki.read_sign_certificate().expect("EF 0001");
            assert_eq!(certificate.der(), pcsc.issued.sign_certificate_der);
            let authority = jpki.read_sign_ca_certificate().expect("EF 0002");
            certificate
                .verify_signature(&authority)
                .expect("the authority signed it");
            jpki.sign_with_sign_key_checked(SignatureScheme::Sha256DigestInfo, b"a document")
                .expect("a signature of the certificate's key");
        });
    }

    #[test]
    fn myna_card_signs_in_every_scheme() {
        let test = "myna_card_client::myna_card_signs_in_every_scheme";
        pcscd::alone(test, &[], &taro(), |pcsc| {
            let mut card = connect();
            let mut jpki = JpkiAp::select(&mut card).expect("JPKI is there");
            let without = jpki.sign_with_auth_key(SignatureScheme::Sha256DigestInfo, b"message");
            assert!(is_status(&without.expect_err("no PIN"), 0x6982));
            jpki.verify_auth_pin(&pin(&taro().pins.authentication))
                .expect("the right PIN");
            let digest = myna_card::data::sha256(b"message");
            let digest_info = myna_card::data::sha256_digest_info(&digest);
            for (scheme, data) in [
                (SignatureScheme::Verbatim, &digest_info[..]),
                (SignatureScheme::Sha256Bare, b"message"),
                (SignatureScheme::PreHashedDigestInfo, &digest),
                (SignatureScheme::Sha256DigestInfo, b"message"),
                (SignatureScheme::PreHashedPss, &digest),
                (SignatureScheme::Sha256Pss, b"message"),
            ] {
                let signed = jpki.sign_with_auth_key_checked(scheme, data);
                signed.unwrap_or_else(|error| panic!("{scheme:?}: {error}"));
            }
            assert_eq!(tries_left(pcsc), Some(3));
        });
    }

    #[test]
    fn myna_card_sees_tries_go_and_the_pin_blocked() {
        let test = "myna_card_client::myna_card_sees_tries_go_and_the_pin_blocked";
        pcscd::alone(test, &[], &taro(), |pcsc| {
            let mut card = connect();
            let mut jpki = JpkiAp::select(&mut card).expect("JPKI is there");
            let status = jpki.auth_pin_retries().expect("a counter");
            assert_eq!(status, Retries::Remaining(3));
            for left in [2, 1, 0] {
                let wrong = jpki.verify_auth_pin(&pin("9999")).expect_err("wrong");
                let told = match wrong {
                    Error::PinIncorrect { retries } => retries,
                    Error::PinBlocked => Some(0),
                    other => panic!("{other}"),
                };
                assert_eq!((told, tries_left(pcsc)), (Some(left), Some(left)));
            }
            let status = jpki.auth_pin_retries().expect("a counter");
            assert_eq!(status, Retries::Blocked);
            let blocked = jpki.verify_auth_pin(&pin(&taro().pins.authentication));
            assert!(matches!(blocked, Err(Error::PinBlocked)));
        });
    }

    /// Some cards then answer an empty VERIFY with 9000, by its authors and docs/card.md; it calls
    /// that `NotReported`. OpenSC knows 63Cx only (see `witness_opensc.rs`).
    #[test]
    fn myna_card_finds_no_counter_while_the_pin_is_verified() {
        let test = "myna_card_client::myna_card_finds_no_counter_while_the_pin_is_verified";
        pcscd::alone(test, &[], &taro(), |_| {
            let mut card = connect();
            let mut jpki = JpkiAp::select(&mut card).expect("JPKI is there");
            jpki.verify_auth_pin(&pin(&taro().pins.authentication))
                .expect("the right PIN");
            let status = jpki.auth_pin_retries().expect("an answer");
            assert_eq!(status, Retries::NotReported);
            TextAp::select(&mut card).expect("the profile is there");
            let mut jpki = JpkiAp::select(&mut card).expect("JPKI is there");
            let status = jpki.auth_pin_retries().expect("a counter");
            assert_eq!(status, Retries::Remaining(3));
        });
    }

    #[test]
    fn a_power_cycle_by_myna_card_ends_the_verified_pin() {
        let test = "myna_card_client::a_power_cycle_by_myna_card_ends_the_verified_pin";
        pcscd::alone(test, &[], &taro(), |_| {
            let mut card = connect();
            let mut jpki = JpkiAp::select(&mut card).expect("JPKI is there");
            jpki.verify_auth_pin(&pin(&taro().pins.authentication))
                .expect("the right PIN");
            card.transport_mut().power_cycle().expect("power is back");
            let mut jpki = JpkiAp::select(&mut card).expect("JPKI is there");
            let refused = jpki.sign_with_auth_key(SignatureScheme::Sha256DigestInfo, b"message");
            assert!(is_status(&refused.expect_err("no PIN"), 0x6982));
        });
    }

    /// As its authors measured it on a card: only power or another application ends the status.
    #[test]
    fn a_verified_pin_survives_a_warm_reset() {
        let test = "myna_card_client::a_verified_pin_survives_a_warm_reset";
        pcscd::alone(test, &[], &taro(), |_| {
            let mut card = connect();
            let mut jpki = JpkiAp::select(&mut card).expect("JPKI is there");
            jpki.verify_auth_pin(&pin(&taro().pins.authentication))
                .expect("the right PIN");
            let mut pcsc_card = card.into_transport().into_inner();
            let reset = Disposition::ResetCard;
            pcsc_card
                .reconnect(ShareMode::Exclusive, Protocols::ANY, reset)
                .expect("the card is back");
            let mut card = Card::new(PcscTransport::new(pcsc_card, Sharing::Exclusive));
            let mut jpki = JpkiAp::select(&mut card).expect("JPKI is there");
            jpki.sign_with_auth_key_checked(SignatureScheme::Sha256DigestInfo, b"message")
                .expect("the PIN is still verified");
        });
    }

    #[test]
    fn myna_card_changes_the_pin() {
        let test = "myna_card_client::myna_card_changes_the_pin";
        pcscd::alone(test, &[], &taro(), |pcsc| {
            let mut card = connect();
            let mut jpki = JpkiAp::select(&mut card).expect("JPKI is there");
            let [old, new] = [&taro().pins.authentication, "8642"].map(pin);
            jpki.change_auth_pin(&old, &new).expect("the right PIN");
            assert!(jpki.verify_auth_pin(&old).is_err());
            jpki.verify_auth_pin(&new).expect("the new PIN");
            assert_eq!(tries_left(pcsc), Some(3));
        });
    }

    #[test]
    fn myna_card_reads_attributes_and_verifies_who_issued_them() {
        let test = "myna_card_client::myna_card_reads_attributes_and_verifies_who_issued_them";
        pcscd::alone(test, &[], &hanako(), |_| {
            let holder = hanako();
            let mut card = connect();
            let mut profile = TextAp::select(&mut card).expect("the profile is there");
            assert!(profile.read_attributes().is_err(), "no PIN yet");
            profile
                .verify_pin(&pin(&holder.pins.profile))
                .expect("the right PIN");
            let attributes = profile.read_attributes().expect("EF 0002");
            assert_eq!(attributes.name, holder.name);
            assert_eq!(attributes.address, holder.address);
            assert_eq!(attributes.birth_date.to_string(), "1999-12-31");
            assert_eq!(attributes.sex, Sex::Female);

            let issuer = profile.read_certificate().expect("EF 0004");
            let unknown = issuer.verify().expect_err("the root is the emulator's own");
            assert!(matches!(unknown, Error::UnknownCertificateAuthority(_)));
            let record = profile.read_integrity_record().expect("EF 0003");
            record.verify(&issuer.public_key).expect("its signature");
            let file = profile.read_ef(ef::ATTRIBUTES).expect("EF 0002");
            assert!(record.matches_attributes_file(&file).expect("its shape"));
            let file = profile.read_my_number_file().expect("EF 0001");
            assert!(record.matches_my_number_file(&file));

            let own = profile.read_signed_public_key().expect("EF 0007");
            own.verify(&issuer.public_key).expect("its signature");
            let answer = profile.sign(b"a challenge").expect("no PIN is needed");
            own.public_key
                .verify_pkcs1_sha256(b"a challenge", &answer)
                .expect("the card has the key");
        });
    }
}

/// The crate `jpki` over PC/SC. It transmits before it looks whether its buffer is large enough,
/// and transmits once more if not: nearly every command goes out twice, and a wrong PIN costs two
/// tries. These tests say what it does; a correct PIN never comes to harm.
mod jpki_client {
    use super::*;
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use der::Decode;
    use jpki::Card;
    use jpki::ap::crypto::CertType;
    use jpki::ap::{CryptoAp, SupportAp};
    use jpki::pcsc::{Context, PcscCard};
    use std::rc::Rc;
    use x509_cert::Certificate;

    fn connect() -> Rc<Card<PcscCard<'static>, ()>> {
        let context = Context::try_new().expect("pcscd runs");
        let reader = context.open().expect("there is a reader");
        let card = reader.connect(context).expect("the card is there");
        Rc::new(Card::new(Box::new(card)))
    }

    fn signature_verifies(certificate: &[u8], message: &[u8], signature: &[u8]) -> bool {
        let certificate = Certificate::from_der(certificate).expect("DER");
        let key = certificate.tbs_certificate.subject_public_key_info;
        let key = key.subject_public_key.raw_bytes();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
            .verify(message, signature)
            .is_ok()
    }

    fn digest_info(message: &[u8]) -> Vec<u8> {
        myna_card::data::sha256_digest_info(&myna_card::data::sha256(message))
    }

    #[test]
    fn jpki_reads_the_certificate_and_signs_and_sends_everything_twice() {
        let test = "jpki_client::jpki_reads_the_certificate_and_signs_and_sends_everything_twice";
        pcscd::alone(test, &[], &taro(), |pcsc| {
            pcsc.field.clear_exchanges();
            let jpki = CryptoAp::open((), connect()).expect("JPKI is there");
            let certificate = jpki
                .read_certificate((), CertType::Auth, Vec::new())
                .expect("EF 000A");
            assert_eq!(certificate, pcsc.issued.auth_certificate_der);
            let pin = taro().pins.authentication.clone();
            let signature = jpki
                .auth((), pin.into(), digest_info(b"a statement"))
                .expect("the right PIN");
            assert!(signature_verifies(&certificate, b"a statement", &signature));
            assert_eq!(tries_left(pcsc), Some(3));

            let exchanges = pcsc.field.exchanges();
            let (pairs, rest) = exchanges.as_chunks::<2>();
            assert!(rest.is_empty() && !pairs.is_empty());
            assert!(pairs.iter().all(|[first, second]| first == second));
            let card = pcsc.card.lock().expect("nobody panicked");
            assert_eq!(card.pin_counters().verifies, 2);
        });
    }

    #[test]
    fn jpki_reads_the_name() {
        let test = "jpki_client::jpki_reads_the_name";
        pcscd::alone(test, &[], &taro(), |_| {
            let profile = SupportAp::open((), connect()).expect("the profile is there");
            let pin = taro().pins.profile.clone();
            let attributes = profile.read_attributes((), pin.into()).expect("EF 0002");
            assert_eq!(attributes.name, taro().name);
            assert_eq!(attributes.address, taro().address);
            assert_eq!(attributes.date_of_birth, "20040701");
        });
    }

    #[test]
    fn a_wrong_pin_at_jpki_costs_two_tries() {
        let test = "jpki_client::a_wrong_pin_at_jpki_costs_two_tries";
        pcscd::alone(test, &[], &taro(), |pcsc| {
            let jpki = CryptoAp::open((), connect()).expect("JPKI is there");
            let refused = jpki.auth((), "9999".into(), digest_info(b"a statement"));
            assert!(refused.is_err());
            assert_eq!(tries_left(pcsc), Some(1));
            let counters = pcsc.card.lock().expect("nobody panicked").pin_counters();
            assert_eq!((counters.verifies, counters.repeated_wrong_pins), (2, 1));
        });
    }

    #[test]
    fn the_right_pin_at_jpki_works_with_one_try_left() {
        let test = "jpki_client::the_right_pin_at_jpki_works_with_one_try_left";
        pcscd::alone(test, &[], &taro(), |pcsc| {
            let mut card = pcsc.card.lock().expect("nobody panicked");
            card.set_tries_left(Secret::Authentication, 1);
            drop(card);
            let jpki = CryptoAp::open((), connect()).expect("JPKI is there");
            let pin = taro().pins.authentication.clone();
            jpki.auth((), pin.into(), digest_info(b"a statement"))
                .expect("the right PIN");
            assert_eq!(tries_left(pcsc), Some(3));
        });
    }

    /// It takes an empty VERIFY that answers 9000, as docs/card.md has it of a verified PIN, for no
    /// tries left.
    #[test]
    fn jpki_reads_the_counter_and_takes_a_verified_pin_for_a_blocked_one() {
        let test = "jpki_client::jpki_reads_the_counter_and_takes_a_verified_pin_for_a_blocked_one";
        pcscd::alone(test, &[], &taro(), |pcsc| {
            let jpki = CryptoAp::open((), connect()).expect("JPKI is there");
            assert_eq!(jpki.auth_pin_status(()).expect("a counter"), 3);
            assert_eq!(jpki.sign_pin_status(()).expect("a counter"), 5);
            let pin = taro().pins.authentication.clone();
            jpki.auth((), pin.into(), digest_info(b"a statement"))
                .expect("the right PIN");
            assert_eq!(jpki.auth_pin_status(()).expect("9000"), 0);
            assert_eq!(tries_left(pcsc), Some(3));
        });
    }
}

//! OCSP answers.

use super::*;
use crate::der::{self, write};
use crate::forge::*;
use crate::oid;

/// A responder's certificate by this authority, and its responder id by name.
fn responder(
    authority: &Forge,
    key: &Forge,
    purpose: &[u8],
    dates: [&str; 2],
) -> (Vec<u8>, Vec<u8>) {
    appointed(authority, &responder_fields(authority, key, purpose, dates))
}

fn responder_fields(authority: &Forge, key: &Forge, purpose: &[u8], dates: [&str; 2]) -> Fields {
    let mut fields = authority.card();
    fields.0[KEY] = key.key_info();
    fields.0[VALIDITY] = validity(dates[0], dates[1]);
    let purpose = write(der::SEQUENCE, &[&write(der::OID, &[purpose])]);
    fields.set_extension(oid::EXTENDED_KEY_USAGE, false, &purpose);
    fields
}

fn appointed(authority: &Forge, fields: &Fields) -> (Vec<u8>, Vec<u8>) {
    let name = write(der::constructed(1), &[&fields.0[SUBJECT]]);
    (authority.sign(fields), name)
}

const YEAR: [&str; 2] = ["260101000000Z", "270101000000Z"];

#[test]
fn a_good_answer_may_be_kept_until_its_next_update() {
    let world = World::new();
    let judgement = world.judge_answers(&[world.answer(GOOD, THIS, Some(NEXT))]);
    assert_eq!(
        judgement,
        Ok(Judgement {
            status: Status::Good,
            this_update: THIS_UNIX,
            fresh_until: Some(NEXT_UNIX)
        })
    );
}

#[test]
fn every_status_is_told_apart() {
    let world = World::new();
    let at = 1_777_593_600;
    let revoked = |reason| Ok(Status::Revoked { at, reason });
    assert_eq!(world.judge_status(UNKNOWN), Ok(Status::Unknown));
    assert_eq!(
        world.judge_status(&revoked_with(None)),
        revoked(RevocationReason::Unspecified)
    );
    let superseded = world.judge_status(&revoked_with(Some(4)));
    assert_eq!(superseded, revoked(RevocationReason::Superseded));
    assert_eq!(
        world.judge_status(&revoked_with(Some(6))),
        Ok(Status::OnHold { at })
    );
    assert_eq!(
        world.judge_status(&revoked_with(Some(8))),
        Ok(Status::OnHold { at })
    );
    assert_eq!(
        world.judge_status(&revoked_with(Some(7))),
        Err(RevocationError::Malformed)
    );
    assert_eq!(
        world.judge_status(b"\x80\x01\x00"),
        Err(RevocationError::Malformed)
    );
    assert_eq!(
        world.judge_status(b"\x83\x00"),
        Err(RevocationError::Malformed)
    );
}

#[test]
fn the_worst_of_several_answers_counts() {
    let world = World::new();
    let answers = [
        GOOD,
        &revoked_with(Some(1)),
        &revoked_with(Some(6)),
        UNKNOWN,
    ]
    .map(|status| world.answer(status, THIS, Some(NEXT)));
    for first in 0..answers.len() {
        let mut turned = answers.to_vec();
        turned.rotate_left(first);
        let status = world
            .judge_answers(&turned)
            .map(|judgement| judgement.status);
        assert!(matches!(status, Ok(Status::Revoked { .. })), "{status:?}");
        turned.retain(|answer| *answer != answers[1]);
        let status = world
            .judge_answers(&turned)
            .map(|judgement| judgement.status);
        assert!(matches!(status, Ok(Status::OnHold { .. })), "{status:?}");
    }
}

#[test]
fn an_answer_about_another_certificate_is_no_answer() {
    let world = World::new();
    let about = world.cert_id();
    // each octet of the CertID matters: algorithm, name, key and serial
    for position in [4, 20, 40, about.len() - 1] {
        let mut other = about.clone();
        other[position] ^= 1;
        let answer = write(
            der::SEQUENCE,
            &[&other, GOOD, &time(THIS), &write(0xa0, &[&time(NEXT)])],
        );
        let judgement = world.judge_answers(&[answer]);
        assert!(
            matches!(
                judgement,
                Err(RevocationError::NoAnswer | RevocationError::Malformed)
            ),
            "octet {position}: {judgement:?}"
        );
    }
    assert_eq!(world.judge_answers(&[]), Err(RevocationError::NoAnswer));
}

#[test]
fn answers_outside_their_dates_are_not_used() {
    let world = World::new();
    let judge = |this, next| world.judge_answers(&[world.answer(GOOD, this, next)]);
    let just_passed = Some("20260528202640Z"); // NOW
    assert_eq!(judge(THIS, just_passed), Err(RevocationError::Stale));
    assert_eq!(
        judge(OLD, Some("20270101000000Z")),
        Err(RevocationError::Stale)
    );
    assert_eq!(
        judge("20260528203141Z", Some(NEXT)),
        Err(RevocationError::NotYetValid)
    );
    assert!(
        judge("20260528203140Z", Some(NEXT)).is_ok(),
        "five minutes of skew"
    );
    // a week at most, whatever nextUpdate says
    let judgement = judge(THIS, Some("20270101000000Z")).expect("fresh");
    assert_eq!(judgement.fresh_until, Some(NOW - 400 + 7 * 86_400));
    assert!(judge("20260528", Some(NEXT)).is_err());
}

#[test]
fn an_answer_without_next_update_must_be_recent_and_is_not_kept() {
    let world = World::new();
    let judge = |this| world.judge_answers(&[world.answer(GOOD, this, None)]);
    assert_eq!(
        judge(THIS),
        Ok(Judgement {
            status: Status::Good,
            this_update: THIS_UNIX,
            fresh_until: None
        })
    );
    assert_eq!(judge("20260528201640Z"), Err(RevocationError::Stale));
    let both = [
        world.answer(GOOD, THIS, None),
        world.answer(GOOD, THIS, Some(NEXT)),
    ];
    assert_eq!(world.judge_answers(&both).map(|j| j.fresh_until), Ok(None));
}

#[test]
fn revoked_is_final_however_old_the_answer() {
    let world = World::new();
    let old = world.answer(&revoked_with(Some(1)), OLD, Some(OLD));
    let judgement = world.judge_answers(&[world.answer(GOOD, THIS, Some(NEXT)), old]);
    assert!(matches!(
        judgement,
        Ok(Judgement {
            status: Status::Revoked { .. },
            this_update: 1_777_593_600, // OLD
            fresh_until: None,
        })
    ));
    let old_hold = world.answer(&revoked_with(Some(6)), OLD, Some(OLD));
    let judgement = world.judge_answers(&[world.answer(GOOD, THIS, Some(NEXT)), old_hold]);
    assert_eq!(judgement.map(|j| j.status), Ok(Status::Good));
}

#[test]
fn a_responder_appointed_by_the_same_key_may_sign() {
    let world = World::new();
    let key = Forge::new();
    let (certificate, name) = responder(&world.authority, &key, oid::OCSP_SIGNING, YEAR);
    let answers = [world.answer(GOOD, THIS, Some(NEXT))];
    let others = [CARD, OLDER_CA, &certificate[..], CARD_CA];
    assert!(
        world
            .judge(&response(&key, &name, &answers, &[], &others))
            .is_ok()
    );
    // an answer that names this responder, signed by somebody else
    let forged = response(&Forge::new(), &name, &answers, &[], &[&certificate]);
    assert_eq!(world.judge(&forged), Err(RevocationError::SignatureInvalid));
    let without = response(&key, &name, &answers, &[], &[]);
    assert_eq!(world.judge(&without), Err(RevocationError::WrongSigner));
}

#[test]
fn a_responder_without_authority_is_refused() {
    let world = World::new();
    let (key, stranger) = (Forge::new(), Forge::new());
    let past = ["250101000000Z", "260101000000Z"];
    // keyAgreement alone: RFC 5280 §4.2.1.3
    let mut signs_nothing = responder_fields(&world.authority, &key, oid::OCSP_SIGNING, YEAR);
    let usage = write(der::BIT_STRING, &[&[3, 0x08]]);
    signs_nothing.set_extension(oid::KEY_USAGE, true, &usage);
    let appointments = [
        appointed(&world.authority, &signs_nothing),
        responder(&world.authority, &key, oid::CLIENT_AUTH, YEAR), // a card signs for itself
        responder(&world.authority, &key, oid::OCSP_SIGNING, past),
        responder(&stranger, &key, oid::OCSP_SIGNING, YEAR), // another authority of the same name
    ];
    let answers = [world.answer(GOOD, THIS, Some(NEXT))];
    for (certificate, name) in appointments {
        let response = response(&key, &name, &answers, &[], &[&certificate]);
        assert_eq!(world.judge(&response), Err(RevocationError::WrongSigner));
    }
    // an authority of the same name answers itself
    let answer = response(&stranger, &world.by_authority(), &answers, &[], &[]);
    assert_eq!(world.judge(&answer), Err(RevocationError::SignatureInvalid));
}

#[test]
fn a_nonce_must_be_the_one_sent() {
    let world = World::new();
    let answers = [world.answer(GOOD, THIS, Some(NEXT))];
    let nonce = |n: &[u8]| {
        vec![extension(
            oid::OCSP_NONCE,
            false,
            &write(der::OCTET_STRING, &[n]),
        )]
    };
    let judge = |extensions: &[Vec<u8>], check| {
        let response = response(
            &world.authority,
            &world.by_authority(),
            &answers,
            extensions,
            &[],
        );
        judge_ocsp(&response, &world.card, check, NOW).map(|judgement| judgement.status)
    };
    let mismatch = Err(RevocationError::NonceMismatch);
    assert_eq!(
        judge(&nonce(b"ours"), NonceCheck::Required(b"ours")),
        Ok(Status::Good)
    );
    assert_eq!(
        judge(&nonce(b"ours"), NonceCheck::IfPresent(b"ours")),
        Ok(Status::Good)
    );
    assert_eq!(
        judge(&nonce(b"theirs"), NonceCheck::IfPresent(b"ours")),
        mismatch
    );
    assert_eq!(judge(&[], NonceCheck::IfPresent(b"ours")), Ok(Status::Good));
    assert_eq!(judge(&[], NonceCheck::Required(b"ours")), mismatch);
    let critical = vec![extension(&[0x2a, 3, 4], true, &[])];
    assert_eq!(
        judge(&critical, NonceCheck::NotSent),
        Err(RevocationError::Unsupported)
    );
}

#[test]
fn an_error_status_is_told() {
    let world = World::new();
    assert_eq!(
        world.judge(b"\x30\x03\x0a\x01\x03"),
        Err(RevocationError::NotSuccessful(3))
    );
    assert_eq!(
        world.judge(b"\x30\x03\x0a\x01\x04"),
        Err(RevocationError::Malformed)
    );
    assert_eq!(world.judge(b""), Err(RevocationError::Malformed));
}

#[test]
fn no_changed_byte_of_an_answer_passes() {
    let world = World::new();
    let answers = [world.answer(GOOD, THIS, Some(NEXT))];
    let response = response(&world.authority, &world.by_authority(), &answers, &[], &[]);
    assert!(world.judge(&response).is_ok());
    for position in 0..response.len() {
        let mut changed = response.clone();
        changed[position] ^= 1;
        assert!(world.judge(&changed).is_err(), "octet {position}");
        assert!(world.judge(&response[..position]).is_err());
    }
}

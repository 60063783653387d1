//! Revocation lists.

use super::*;
use crate::der::{self, write};
use crate::forge::*;
use crate::{TrustAnchors, oid};

#[test]
fn a_list_tells_good_held_and_revoked_certificates() {
    let world = World::new();
    let status = |entries: &[Vec<u8>]| {
        let list = world.crl(&[THIS, NEXT], entries, &[]);
        world.judge_crl(&list).map(|judgement| judgement.status)
    };
    let at = 1_777_593_600;
    let other = write(der::SEQUENCE, &[b"\x02\x01\x05", &time(OLD)]);
    assert_eq!(status(&[]), Ok(Status::Good));
    assert_eq!(status(std::slice::from_ref(&other)), Ok(Status::Good));
    let superseded = Status::Revoked {
        at,
        reason: RevocationReason::Superseded,
    };
    assert_eq!(
        status(&[other, world.entry(Some(4)), world.entry(Some(6))]),
        Ok(superseded)
    );
    assert_eq!(status(&[world.entry(Some(6))]), Ok(Status::OnHold { at }));
    let unspecified = Status::Revoked {
        at,
        reason: RevocationReason::Unspecified,
    };
    assert_eq!(status(&[world.entry(None)]), Ok(unspecified));
}

#[test]
fn a_list_counts_only_in_time_and_from_the_right_key() {
    let world = World::new();
    let judge = |dates: &[&str]| world.judge_crl(&world.crl(dates, &[], &[]));
    let good = Judgement {
        status: Status::Good,
        this_update: THIS_UNIX,
        fresh_until: Some(NEXT_UNIX),
    };
    assert_eq!(judge(&[THIS, NEXT]), Ok(good));
    assert_eq!(judge(&[OLD, THIS]), Err(RevocationError::Stale));
    assert_eq!(
        judge(&[NEXT, "20270101000000Z"]),
        Err(RevocationError::NotYetValid)
    );
    assert_eq!(judge(&[THIS]), Err(RevocationError::Unsupported));
    let name = &world.authority.card().0[3];
    let stranger = crl(&Forge::new(), name, &[THIS, NEXT], &[], &[]);
    assert_eq!(
        world.judge_crl(&stranger),
        Err(RevocationError::SignatureInvalid)
    );
    let other_name = crl(&world.authority, b"\x30\x00", &[THIS, NEXT], &[], &[]);
    assert_eq!(
        world.judge_crl(&other_name),
        Err(RevocationError::WrongSigner)
    );
    let other_key = write(der::SEQUENCE, &[b"\x80\x01\x00"]);
    let other_key = extension(oid::AUTHORITY_KEY_IDENTIFIER, false, &other_key);
    let other_key = world.crl(&[THIS, NEXT], &[], &[other_key]);
    assert_eq!(
        world.judge_crl(&other_key),
        Err(RevocationError::WrongSigner)
    );
}

#[test]
fn a_partial_list_counts_for_its_own_point_only() {
    let world = World::new();
    let judge = |value: &[u8]| {
        let scope = extension(oid::ISSUING_DISTRIBUTION_POINT, true, value);
        world
            .judge_crl(&world.crl(&[THIS, NEXT], &[], &[scope]))
            .map(|j| j.status)
    };
    let point = |name: &[u8]| {
        let name = write(der::constructed(0), &[&write(der::constructed(4), &[name])]);
        write(der::constructed(0), &[&name])
    };
    let ours = point(&world.card.distribution_point);
    let other = point(&world.authority.card().0[SUBJECT]);
    let scope = |parts: &[&[u8]]| judge(&write(der::SEQUENCE, parts));
    assert_eq!(scope(&[&ours]), Ok(Status::Good));
    assert_eq!(scope(&[&ours, b"\x81\x01\xff"]), Ok(Status::Good)); // user certificates only
    assert_eq!(scope(&[&other]), Err(RevocationError::NoAnswer));
    for narrower in [
        &b"\x82\x01\xff"[..],
        b"\x83\x02\x06\x40",
        b"\x84\x01\xff",
        b"\x85\x01\xff",
    ] {
        assert_eq!(scope(&[&ours, narrower]), Err(RevocationError::NoAnswer));
    }
    assert_eq!(
        scope(&[&ours, b"\x81\x01\x01"]),
        Err(RevocationError::Malformed)
    );
    // deltaCRLIndicator 2.5.29.27 (RFC 5280 §5.2.4)
    let delta = extension(&[0x55, 0x1d, 27], true, b"\x02\x01\x01");
    let delta = world.crl(&[THIS, NEXT], &[], &[delta]);
    assert_eq!(world.judge_crl(&delta), Err(RevocationError::Unsupported));
}

#[test]
fn a_list_ages_while_it_is_kept_and_is_of_one_authority() {
    let world = World::new();
    let list = world.crl(&[THIS, NEXT], &[world.entry(Some(1))], &[]);
    let list = RevocationList::parse(&list, &world.authority.anchors(), NOW).expect("a list");
    assert!(list.judge(&world.card, NEXT_UNIX - 1).is_ok());
    assert_eq!(
        list.judge(&world.card, NEXT_UNIX),
        Err(RevocationError::Stale)
    );
    // The same name and the same serial number, but another generation.
    let other = World::new();
    assert_eq!(list.judge(&other.card, NOW), Err(RevocationError::NoAnswer));
    assert!(!format!("{list:?}").contains("entries: 0"));
}

#[test]
fn of_several_generations_the_one_that_signed_is_found_with_and_without_its_name() {
    let (old, new) = (World::new(), World::new());
    let anchors = [
        old.authority.certificate.clone(),
        new.authority.certificate.clone(),
    ];
    let anchors = TrustAnchors::test(&anchors).expect("two generations");
    let key_id = write(der::primitive(0), &[new.card.issuer_key_id()]);
    let named = write(der::SEQUENCE, &[&key_id]);
    let named = extension(oid::AUTHORITY_KEY_IDENTIFIER, false, &named);
    for extensions in [vec![], vec![named]] {
        let list = new.crl(&[THIS, NEXT], &[], &extensions);
        let list = RevocationList::parse(&list, &anchors, NOW).expect("a list");
        assert_eq!(list.issuer_key_id(), new.card.issuer_key_id());
        assert!(list.judge(&new.card, NOW).is_ok());
        assert!(list.judge(&old.card, NOW).is_err());
    }
}

#[test]
fn no_changed_byte_of_a_list_passes() {
    let world = World::new();
    let list = world.crl(&[THIS, NEXT], &[], &[]);
    assert!(world.judge_crl(&list).is_ok());
    for position in 0..list.len() {
        let mut changed = list.clone();
        changed[position] ^= 1;
        assert!(world.judge_crl(&changed).is_err(), "octet {position}");
        assert!(world.judge_crl(&list[..position]).is_err());
    }
}

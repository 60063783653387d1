//! The published test card, and what becomes of it when anything is changed.

use crate::algorithm::PublicKey;
use crate::forge::*;
use crate::{AnchorError, TrustAnchors, der, oid};
use kazasu_statement::{ProfileRule, Reason};
use std::collections::BTreeMap;

fn rule(rule: ProfileRule) -> Option<Reason> {
    Some(Reason::ProfileViolation(rule))
}

fn test_anchors(certificates: &[&[u8]]) -> Result<TrustAnchors, AnchorError> {
    TrustAnchors::test(&certificates.iter().map(|c| c.to_vec()).collect::<Vec<_>>())
}

#[test]
fn the_published_card_validates_against_its_authority() {
    let valid = published().validate(CARD, NOW).expect("a valid card");
    assert_eq!(
        hex::encode(valid.issuer_key_id()),
        "8b8b137d215ea601653cafb266528c44bc0f1664"
    );
    assert_eq!(hex::encode(valid.serial()), "227b13");
    assert_eq!(valid.not_after(), 1_897_570_799);
    assert_eq!(valid.ocsp_url(), "http://test-ocspauthnorm.jpki.go.jp");
}

#[test]
fn the_published_card_is_refused_by_the_other_authority_of_the_same_name() {
    let anchors = test_anchors(&[OLDER_CA]).expect("the published CA");
    assert_eq!(
        anchors.validate(CARD, NOW).err(),
        Some(Reason::IssuerUnknown)
    );
}

#[test]
fn the_published_card_is_refused_in_production() {
    let refused = TrustAnchors::production().validate(CARD, NOW);
    assert_eq!(refused.err(), Some(Reason::IssuerUnknown));
}

#[test]
fn an_authority_is_no_card() {
    let refused = published().validate(CARD_CA, NOW).err();
    assert_eq!(refused, rule(ProfileRule::Subject));
    let refused = TrustAnchors::production()
        .validate(crate::anchors::PRODUCTION[2], NOW)
        .err();
    assert_eq!(refused, rule(ProfileRule::Subject));
}

#[test]
fn a_card_is_no_anchor() {
    assert_eq!(test_anchors(&[CARD]).err(), Some(AnchorError::NotAuthority));
    assert_eq!(test_anchors(&[]).err(), Some(AnchorError::None));
    assert_eq!(
        test_anchors(&[CARD_CA, CARD_CA]).err(),
        Some(AnchorError::Duplicate)
    );
    assert_eq!(
        test_anchors(&[&CARD_CA[1..]]).err(),
        Some(AnchorError::Malformed)
    );
    let mut altered = CARD_CA.to_vec();
    *altered.last_mut().expect("bytes") ^= 1;
    assert_eq!(
        test_anchors(&[&altered]).err(),
        Some(AnchorError::NotSelfSigned)
    );
}

#[test]
fn a_production_authority_is_no_test_anchor() {
    for anchor in crate::anchors::PRODUCTION {
        assert_eq!(
            test_anchors(&[CARD_CA, anchor]).err(),
            Some(AnchorError::Production)
        );
    }
}

#[test]
fn the_first_and_the_last_second_are_valid() {
    let anchors = published();
    let (first, last) = (1_761_528_942, 1_897_570_799);
    assert!(anchors.validate(CARD, first).is_ok());
    assert!(anchors.validate(CARD, last).is_ok());
    assert_eq!(
        anchors.validate(CARD, first - 1).err(),
        Some(Reason::CertificateNotYetValid)
    );
    assert_eq!(
        anchors.validate(CARD, last + 1).err(),
        Some(Reason::CertificateExpired)
    );
}

#[test]
fn a_certificate_does_not_outlive_its_authority() {
    let forge = Forge::new();
    let mut fields = forge.card();
    fields.0[VALIDITY] = validity("200101000000Z", "491231235959Z");
    let (certificate, anchors) = (forge.sign(&fields), forge.anchors());
    assert!(anchors.validate(&certificate, NOW).is_ok());
    let (before_authority, after_authority) = (1_600_000_000, 2_100_000_000);
    let refused = anchors.validate(&certificate, before_authority);
    assert_eq!(refused.err(), Some(Reason::CertificateNotYetValid));
    let refused = anchors.validate(&certificate, after_authority);
    assert_eq!(refused.err(), Some(Reason::CertificateExpired));
}

// Verifiers of this card have forgotten one of these checks before (GHSA-58hw-cg5m-88rp).
#[test]
fn dates_key_usage_and_basic_constraints_are_checked() {
    let forge = Forge::new();
    let anchors = forge.anchors();
    let refused = |change: &dyn Fn(&mut Fields)| {
        let mut fields = forge.card();
        change(&mut fields);
        anchors.validate(&forge.sign(&fields), NOW).err()
    };
    assert_eq!(refused(&|_| {}), None);
    let expired = |f: &mut Fields| f.0[VALIDITY] = validity("250101000000Z", "260101000000Z");
    assert_eq!(refused(&expired), Some(Reason::CertificateExpired));
    let future = |f: &mut Fields| f.0[VALIDITY] = validity("270101000000Z", "280101000000Z");
    assert_eq!(refused(&future), Some(Reason::CertificateNotYetValid));
    for usage in [
        &b"\x03\x02\x06\xc0"[..],
        b"\x03\x02\x02\x84",
        b"\x03\x02\x00\x80",
        b"\x03\x01\x00",
    ] {
        let usage = |f: &mut Fields| f.set_extension(oid::KEY_USAGE, true, usage);
        assert_eq!(refused(&usage), rule(ProfileRule::KeyUsage));
    }
    for (critical, value) in [(true, &b"\x30\x03\x01\x01\xff"[..]), (false, b"\x30\x00")] {
        let constraints = |f: &mut Fields| f.set_extension(oid::BASIC_CONSTRAINTS, critical, value);
        assert_eq!(refused(&constraints), rule(ProfileRule::BasicConstraints));
    }
}

#[test]
fn every_extension_is_required_and_once_is_enough() {
    let forge = Forge::new();
    let anchors = forge.anchors();
    let extensions = forge.card().extensions();
    let rules = [
        ProfileRule::KeyUsage,
        ProfileRule::ExtendedKeyUsage,
        ProfileRule::CertificatePolicies,
        ProfileRule::IssuerAlternativeName,
        ProfileRule::DistributionPoint,
        ProfileRule::AuthorityInformationAccess,
        ProfileRule::AuthorityKeyIdentifier,
        ProfileRule::SubjectKeyIdentifier,
    ];
    assert_eq!(extensions.len(), rules.len());
    for (position, missing) in rules.into_iter().enumerate() {
        let mut fields = forge.card();
        let mut fewer = extensions.clone();
        fewer.remove(position);
        fields.set_extensions(&fewer);
        assert_eq!(
            anchors.validate(&forge.sign(&fields), NOW).err(),
            rule(missing)
        );
        let mut more = extensions.clone();
        more.push(extensions[position].clone());
        fields.set_extensions(&more);
        let refused = anchors.validate(&forge.sign(&fields), NOW).err();
        assert_eq!(refused, rule(ProfileRule::DuplicateExtension));
    }
}

#[test]
fn the_policy_of_the_other_hierarchy_is_refused() {
    let forge = Forge::new();
    let mut fields = forge.card();
    let policy = der::write(der::OID, &[oid::JPKI_AUTHENTICATION]);
    let policies = der::write(der::SEQUENCE, &[&der::write(der::SEQUENCE, &[&policy])]);
    fields.set_extension(oid::CERTIFICATE_POLICIES, true, &policies);
    let refused = forge.anchors().validate(&forge.sign(&fields), NOW).err();
    assert_eq!(refused, rule(ProfileRule::CertificatePolicies));
}

#[test]
fn serial_numbers_are_told_without_leading_zeros() {
    let forge = Forge::new();
    let mut fields = forge.card();
    fields.0[SERIAL] = b"\x02\x02\x00\x80".to_vec();
    let valid = forge
        .anchors()
        .validate(&forge.sign(&fields), NOW)
        .expect("valid");
    assert_eq!(valid.serial(), [0x80]);
    for wrong in [&b"\x02\x01\x00"[..], b"\x02\x01\x80"] {
        fields.0[SERIAL] = wrong.to_vec();
        let refused = forge.anchors().validate(&forge.sign(&fields), NOW).err();
        assert_eq!(refused, rule(ProfileRule::Serial));
    }
}

#[test]
fn nothing_unsigned_gets_further_than_issuer_unknown() {
    let (trusted, stranger) = (Forge::new(), Forge::new());
    // names the trusted authority's key, and is wrong in every other way too
    let mut fields = trusted.card();
    fields.0[SERIAL] = b"\x02\x01\x80".to_vec();
    fields.0[VALIDITY] = validity("200101000000Z", "210101000000Z");
    fields.0[SUBJECT] = b"\x30\x00".to_vec();
    fields.0[KEY] = b"\x30\x00".to_vec();
    let mut extensions = fields.extensions();
    extensions.push(extension(
        oid::BASIC_CONSTRAINTS,
        true,
        b"\x30\x03\x01\x01\xff",
    ));
    fields.set_extensions(&extensions);
    let refused = trusted
        .anchors()
        .validate(&stranger.sign(&fields), NOW)
        .err();
    assert_eq!(refused, Some(Reason::IssuerUnknown));
    // the same, signed, goes through the steps one by one
    let refuse = |fields: &Fields| trusted.anchors().validate(&trusted.sign(fields), NOW).err();
    assert_eq!(refuse(&fields), Some(Reason::CertificateExpired));
    let right = trusted.card();
    fields.0[VALIDITY] = right.0[VALIDITY].clone();
    assert_eq!(refuse(&fields), rule(ProfileRule::Serial));
    fields.0[SERIAL] = right.0[SERIAL].clone();
    assert_eq!(refuse(&fields), rule(ProfileRule::Subject));
    fields.0[SUBJECT] = right.0[SUBJECT].clone();
    assert_eq!(refuse(&fields), Some(Reason::KeyNotAllowed));
    fields.0[KEY] = right.0[KEY].clone();
    assert_eq!(refuse(&fields), rule(ProfileRule::BasicConstraints));
}

#[test]
fn no_changed_byte_of_the_published_card_is_accepted() {
    let anchors = test_anchors(&[CARD_CA]).expect("the published CA");
    let refuse_each = |positions: std::ops::Range<usize>| {
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        for position in positions {
            for change in 1..=u8::MAX {
                let mut certificate = CARD.to_vec();
                certificate[position] ^= change;
                let reason = anchors
                    .validate(&certificate, NOW)
                    .expect_err("a changed card");
                *reasons.entry(reason.to_string()).or_default() += 1;
            }
        }
        reasons
    };
    let half = CARD.len() / 2;
    let reasons = std::thread::scope(|scope| {
        let first = scope.spawn(|| refuse_each(0..half));
        let mut reasons = refuse_each(half..CARD.len());
        for (reason, count) in first.join().expect("no panic") {
            *reasons.entry(reason).or_default() += count;
        }
        reasons
    });
    // nothing changed is signed, so nothing gets past the signature
    let stated: Vec<&str> = reasons.keys().map(String::as_str).collect();
    let unsigned = [
        "certificate_malformed",
        "issuer_unknown",
        "profile_violation(signature_algorithm)",
    ];
    assert_eq!(stated, unsigned);
    assert_eq!(reasons.values().sum::<usize>(), CARD.len() * 255);
}

#[test]
fn no_prefix_of_the_published_card_is_accepted() {
    let anchors = published();
    for length in 0..CARD.len() {
        let refused = anchors.validate(&CARD[..length], NOW).err();
        assert_eq!(refused, Some(Reason::CertificateMalformed));
    }
    let longer = [CARD, &[0]].concat();
    assert_eq!(
        anchors.validate(&longer, NOW).err(),
        Some(Reason::CertificateMalformed)
    );
}

/// Runs Wycheproof's cases through [`PublicKey`]; returns how many verified, how many did not, and
/// how many have a key outside the table.
macro_rules! wycheproof {
    ($module:ident, $name:ident) => {{
        let set = wycheproof::$module::TestSet::load(wycheproof::$module::TestName::$name)
            .expect("Wycheproof's data");
        let (mut verified, mut refused, mut not_allowed) = (0, 0, 0);
        for group in set.test_groups {
            let info = der::all(&group.der, |r| r.value(der::SEQUENCE)).expect("DER");
            let Ok(key) = PublicKey::parse(info) else {
                not_allowed += group.tests.len();
                continue;
            };
            for case in group.tests {
                match (key.verifies(&case.msg, &case.sig), case.result) {
                    (true, wycheproof::TestResult::Valid) => verified += 1,
                    // what is merely acceptable is refused
                    (
                        false,
                        wycheproof::TestResult::Invalid | wycheproof::TestResult::Acceptable,
                    ) => {
                        refused += 1;
                    }
                    (outcome, expected) => panic!("case {}: {outcome}, {expected:?}", case.tc_id),
                }
            }
        }
        (verified, refused, not_allowed)
    }};
}

#[test]
fn wycheproof_rsa_2048_cases_verify_or_fail_as_they_should() {
    // the two keys that are not allowed have the exponent 3
    assert_eq!(wycheproof!(rsa_pkcs1_verify, Rsa2048Sha256), (7, 250, 2));
}

#[test]
fn wycheproof_p384_cases_verify_or_fail_as_they_should() {
    assert_eq!(wycheproof!(ecdsa, EcdsaSecp384r1Sha384), (194, 310, 0));
}

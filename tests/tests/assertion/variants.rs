//! Every way in which the emulator's authority can break the profile, before us and openssl.

use crate::NOW;
use crate::judge::Bench;
use crate::openssl::{self, Verdict};
use kazasu_emulator::authority::{
    Authority, AuthorityOptions, KeyAlgorithm, P384_GENERATION, Variant,
};
use kazasu_statement::Reason;
use std::collections::HashSet;

#[test]
fn every_deviation_is_refused_for_its_own_reason_and_openssl_contradicts_none_unexplained() {
    let authority =
        Authority::new(AuthorityOptions::default(), NOW - 86_400).expect("an authority");
    let ca = authority.ca_certificate(1).expect("the first generation");
    let bench = Bench::new(ca);
    let certificates: Vec<Vec<u8>> = Variant::ALL
        .map(|variant| authority.issue_variant(variant, NOW).certificate_der)
        .to_vec();
    let verdicts = openssl::verify(ca, &certificates, NOW);
    let mut wrong = Vec::new();
    for ((variant, certificate), openssl) in
        Variant::ALL.into_iter().zip(&certificates).zip(verdicts)
    {
        let ours = bench.ours(certificate);
        let rule = bench.explain(certificate, ours, openssl == Verdict::Accepted, openssl);
        println!("{variant:?}: ours {ours:?}, openssl {openssl:?}, {rule:?}");
        let stated = ours.map(|reason| reason.to_string());
        if stated.as_deref() != variant.expected_reason() || rule.is_none() {
            wrong.push((variant, stated, openssl));
        }
        if variant == Variant::Ordinary && openssl != Verdict::Accepted {
            wrong.push((variant, None, openssl));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn another_parser_confirms_each_broken_rule_and_finds_none_broken_in_the_ordinary_certificate() {
    let authority =
        Authority::new(AuthorityOptions::default(), NOW - 86_400).expect("an authority");
    let bench = Bench::new(authority.ca_certificate(1).expect("the first generation"));
    let issue = |variant| authority.issue_variant(variant, NOW).certificate_der;
    let ordinary = issue(Variant::Ordinary);
    let mut rules = HashSet::new();
    for variant in Variant::ALL {
        let certificate = issue(variant);
        if let Some(Reason::ProfileViolation(rule)) = bench.ours(&certificate) {
            // The parser refuses some of them outright.
            let breaks = bench.breaks(&certificate, rule);
            assert_ne!(breaks, Some(false), "{variant:?}: {rule}");
            assert_eq!(bench.breaks(&ordinary, rule), Some(false), "{rule}");
            rules.insert(rule);
        }
    }
    assert_eq!(rules.len(), 19, "{rules:?}");
}

#[test]
fn every_generation_validates_under_its_own_authority_only() {
    let mut authority = Authority::new(AuthorityOptions::default(), NOW).expect("an authority");
    let mut issued = Vec::new();
    for (generation, person) in [(1, "taro"), (2, "hanako"), (3, "jiro")] {
        if generation > 1 {
            authority
                .advance_generation(NOW)
                .expect("another generation");
        }
        let card = authority
            .enrol(person, KeyAlgorithm::Rsa2048, NOW)
            .expect("a card");
        issued.push((generation, card.auth_certificate_der));
    }
    let card = authority
        .enrol("sora", KeyAlgorithm::P384, NOW)
        .expect("a card");
    issued.push((P384_GENERATION, card.auth_certificate_der));
    for (generation, _) in &issued {
        let ca = authority.ca_certificate(*generation).expect("a generation");
        let bench = Bench::new(ca);
        let certificates: Vec<Vec<u8>> = issued.iter().map(|(_, c)| c.clone()).collect();
        let verdicts = openssl::verify(ca, &certificates, NOW);
        for ((issuer, certificate), verdict) in issued.iter().zip(verdicts) {
            assert_eq!(bench.ours(certificate).is_none(), issuer == generation);
            assert_eq!(verdict == Verdict::Accepted, issuer == generation);
        }
    }
}

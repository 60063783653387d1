//! Every way in which the emulator's authority can break the profile, before us and openssl.

use crate::NOW;
use crate::judge::Bench;
use crate::openssl::{self, Verdict};
use kazasu_emulator::authority::{
    Authority, AuthorityOptions, KeyAlgorithm, P384_GENERATION, Variant,
};

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

//! Paths, ordinary and deviating, before `openssl verify`.

use crate::witness::{Bench, POLICY, Said, pem};
use kazasu_emulator::authority::{
    AuthorityOptions, KeyAlgorithm, LAST_RSA_GENERATION, P384_GENERATION, Variant,
};
use std::collections::BTreeSet;

const NOW: i64 = 1_775_001_600;

fn verify(bench: &Bench, ca: &str, leaves: &str) -> Said {
    bench.openssl(&format!(
        "verify -CAfile {ca} -policy {POLICY} -explicit_policy -policy_check \
         -purpose sslclient -x509_strict -attime {NOW} {leaves}"
    ))
}

#[test]
fn openssl_accepts_an_ordinary_certificate() {
    for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::P384] {
        let bench = Bench::with_card(AuthorityOptions::default(), algorithm, NOW);
        let said = verify(&bench, "ca.pem", "leaf.pem");
        assert!(said.success, "{algorithm:?}: {}", said.text);
        assert!(said.text.contains("leaf.pem: OK"));
    }
}

#[test]
fn openssl_accepts_the_signing_certificate_under_its_own_ca() {
    let mut bench = Bench::new(AuthorityOptions::default(), NOW);
    let card = bench
        .authority
        .enrol("taro", KeyAlgorithm::Rsa2048, NOW)
        .unwrap();
    bench.write("ca.pem", pem("CERTIFICATE", &card.sign_ca_certificate_der));
    bench.write("sign.pem", pem("CERTIFICATE", &card.sign_certificate_der));
    let said = bench.openssl(&format!(
        "verify -CAfile ca.pem -x509_strict -attime {NOW} sign.pem"
    ));
    assert!(said.success, "{}", said.text);
}

#[test]
fn the_private_keys_belong_to_the_certificates() {
    let mut bench = Bench::new(AuthorityOptions::default(), NOW);
    for (person, algorithm) in [
        ("taro", KeyAlgorithm::Rsa2048),
        ("hanako", KeyAlgorithm::P384),
    ] {
        let card = bench.authority.enrol(person, algorithm, NOW).unwrap();
        for (certificate, key) in [
            (&card.auth_certificate_der, &card.auth_key_pkcs8),
            (&card.sign_certificate_der, &card.sign_key_pkcs8),
        ] {
            bench.write("leaf.pem", pem("CERTIFICATE", certificate));
            bench.write("key.pem", pem("PRIVATE KEY", key));
            let stated = bench.openssl("x509 -in leaf.pem -noout -pubkey");
            let derived = bench.openssl("pkey -in key.pem -pubout");
            assert!(stated.success && derived.success);
            assert_eq!(stated.text, derived.text);
        }
    }
}

#[test]
fn a_certificate_verifies_only_under_its_own_generation() {
    let mut bench = Bench::new(AuthorityOptions::default(), NOW);
    bench
        .authority
        .enrol("p384", KeyAlgorithm::P384, NOW)
        .unwrap();
    for generation in 1..=LAST_RSA_GENERATION {
        if generation > 1 {
            bench.authority.advance_generation(NOW).unwrap();
        }
        let person = format!("person-{generation}");
        bench
            .authority
            .enrol(&person, KeyAlgorithm::Rsa2048, NOW)
            .unwrap();
    }
    let people = ["person-1", "person-2", "person-3", "p384"];
    for (number, person) in (1..=P384_GENERATION).zip(people) {
        let ca = bench.authority.ca_certificate(number).unwrap();
        bench.write(&format!("ca-{number}.pem"), pem("CERTIFICATE", ca));
        let leaf = &bench.authority.card(person).unwrap().auth_certificate_der;
        bench.write(&format!("leaf-{number}.pem"), pem("CERTIFICATE", leaf));
    }
    for ca in 1..=P384_GENERATION {
        for leaf in 1..=P384_GENERATION {
            let said = verify(&bench, &format!("ca-{ca}.pem"), &format!("leaf-{leaf}.pem"));
            assert_eq!(said.success, ca == leaf, "{ca} {leaf}: {}", said.text);
        }
    }
}

/// What openssl has nothing against although the profile does, and why.
const TOLERATED_BY_OPENSSL: [(&str, &[Variant]); 6] = [
    (
        "reads some encodings leniently",
        &[
            Variant::TrailingByte,
            Variant::NonMinimalLength,
            Variant::LooseBoolean,
            Variant::ExplicitDefault,
            Variant::GeneralizedTime,
        ],
    ),
    (
        "has no closed table of algorithms and keys",
        &[
            Variant::Sha1Signature,
            Variant::Sha384Signature,
            Variant::Rsa1024,
            Variant::Rsa3072,
            Variant::RsaExponent3,
            Variant::P256,
            Variant::Ed25519,
        ],
    ),
    (
        "looks at neither serial, subject nor unique identifiers of a leaf",
        &[
            Variant::NegativeSerial,
            Variant::ZeroSerial,
            Variant::LongSerial,
            Variant::SubjectOrganization,
            Variant::SubjectWithoutCountry,
            Variant::UniqueIds,
        ],
    ),
    (
        "takes a missing usage for every usage, and more usages than the one asked for",
        &[
            Variant::NoKeyUsage,
            Variant::KeyUsageNonRepudiation,
            Variant::NoExtendedKeyUsage,
            Variant::AlsoServerAuth,
            Variant::AnyPolicy,
            Variant::SecondPolicy,
        ],
    ),
    (
        "does not say which extensions are critical",
        &[
            Variant::KeyUsageNotCritical,
            Variant::ExtendedKeyUsageCritical,
            Variant::PoliciesNotCritical,
        ],
    ),
    (
        "has no closed list of extensions, and does not ask for those it does not use",
        &[
            Variant::CaTrue,
            Variant::CaFalse,
            Variant::SubjectAltName,
            Variant::UnknownExtension,
            Variant::NoIssuerAltName,
            Variant::IssuerAltNameDns,
            Variant::NoDistributionPoints,
            Variant::DistributionPointUri,
            Variant::NoInformationAccess,
            Variant::TwoOcspAddresses,
            Variant::NoSubjectKeyId,
            Variant::ShortSubjectKeyId,
        ],
    ),
];

#[test]
fn openssl_refuses_every_variant_but_those_it_is_known_to_tolerate() {
    let bench = Bench::with_card(AuthorityOptions::default(), KeyAlgorithm::Rsa2048, NOW);
    // One process for each: openssl gives up at the first file it cannot parse.
    let accepted: BTreeSet<Variant> = Variant::ALL
        .into_iter()
        .filter(|variant| {
            let made = bench.authority.issue_variant(*variant, NOW);
            bench.write("variant.pem", pem("CERTIFICATE", &made.certificate_der));
            verify(&bench, "ca.pem", "variant.pem").success
        })
        .collect();
    let tolerated = TOLERATED_BY_OPENSSL
        .iter()
        .flat_map(|(_, variants)| variants.iter().copied());
    let expected: BTreeSet<Variant> = tolerated.chain([Variant::Ordinary]).collect();
    assert!(accepted.contains(&Variant::Ordinary));
    // A later openssl may be stricter than the one that the list was made with, not laxer.
    let unexplained: Vec<_> = accepted.difference(&expected).collect();
    assert!(unexplained.is_empty(), "{unexplained:?}");
}

#[test]
fn every_variant_differs_from_the_ordinary_certificate() {
    let bench = Bench::new(AuthorityOptions::default(), NOW);
    let all: BTreeSet<Vec<u8>> = Variant::ALL
        .into_iter()
        .map(|variant| bench.authority.issue_variant(variant, NOW).certificate_der)
        .collect();
    assert_eq!(all.len(), Variant::ALL.len());
}

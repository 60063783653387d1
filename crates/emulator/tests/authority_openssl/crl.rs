//! CRLs before `openssl crl` and `openssl verify -crl_check`.

use crate::witness::{Bench, pem};
use kazasu_emulator::authority::{
    AuthorityOptions, KeyAlgorithm, P384_GENERATION, RevocationReason,
};

const NOW: i64 = 1_775_001_600;

fn write_crl(bench: &Bench, generation: u8) -> String {
    let crl = bench.authority.crl(generation, NOW).unwrap();
    bench.write("list.pem", pem("X509 CRL", &crl));
    let ca = bench.authority.ca_certificate(generation).unwrap();
    bench.write("ca.pem", pem("CERTIFICATE", ca));
    let said = bench.openssl("crl -in list.pem -CAfile ca.pem -noout -text");
    assert!(
        said.success && said.text.contains("verify OK"),
        "{}",
        said.text
    );
    said.text
}

#[test]
fn openssl_verifies_the_crl_and_reads_every_reason() {
    let mut bench = Bench::new(AuthorityOptions::default(), NOW);
    assert!(write_crl(&bench, 1).contains("No Revoked Certificates"));
    let reasons = [
        ("one", RevocationReason::KeyCompromise, "Key Compromise"),
        (
            "two",
            RevocationReason::AffiliationChanged,
            "Affiliation Changed",
        ),
        ("three", RevocationReason::Superseded, "Superseded"),
        (
            "four",
            RevocationReason::CessationOfOperation,
            "Cessation Of Operation",
        ),
        ("five", RevocationReason::Unspecified, "Revocation Date"),
    ];
    for (person, reason, _) in reasons {
        bench
            .authority
            .enrol(person, KeyAlgorithm::P384, NOW)
            .unwrap();
        bench.authority.revoke(person, reason, NOW).unwrap();
    }
    bench
        .authority
        .enrol("held", KeyAlgorithm::P384, NOW)
        .unwrap();
    bench.authority.hold("held", NOW).unwrap();
    bench
        .authority
        .enrol("good", KeyAlgorithm::P384, NOW)
        .unwrap();

    let text = write_crl(&bench, P384_GENERATION);
    for (_, _, words) in reasons {
        assert!(text.contains(words), "{words:?} in {text}");
    }
    assert!(text.contains("Certificate Hold"));
    assert_eq!(text.matches("Serial Number:").count(), 6);
    assert_eq!(text.matches("X509v3 CRL Reason Code").count(), 5);
    assert!(text.contains("X509v3 Authority Key Identifier") && text.contains("X509v3 CRL Number"));
    assert!(text.contains("Version 2 (0x1)"));
}

#[test]
fn the_crl_number_grows_with_each_change() {
    let mut bench = Bench::new(AuthorityOptions::default(), NOW);
    bench
        .authority
        .enrol("taro", KeyAlgorithm::P384, NOW)
        .unwrap();
    let number = |bench: &Bench| {
        write_crl(bench, P384_GENERATION);
        let text = bench.openssl("crl -in list.pem -noout -crlnumber").text;
        let digits = text.trim().strip_prefix("crlNumber=").unwrap();
        u32::from_str_radix(digits.trim_start_matches("0x"), 16).unwrap()
    };
    let first = number(&bench);
    bench.authority.hold("taro", NOW).unwrap();
    let second = number(&bench);
    bench.authority.release("taro").unwrap();
    let third = number(&bench);
    assert!(first < second && second < third, "{first} {second} {third}");
}

#[test]
fn openssl_refuses_a_certificate_while_the_crl_lists_it() {
    let mut bench = Bench::with_card(AuthorityOptions::default(), KeyAlgorithm::Rsa2048, NOW);
    let verify = |bench: &Bench| {
        write_crl(bench, 1);
        bench.openssl(&format!(
            "verify -CAfile ca.pem -CRLfile list.pem -crl_check -attime {NOW} leaf.pem"
        ))
    };
    assert!(verify(&bench).success);
    bench.authority.hold("taro", NOW).unwrap();
    let held = verify(&bench);
    assert!(
        !held.success && held.text.contains("certificate revoked"),
        "{}",
        held.text
    );
    bench.authority.release("taro").unwrap();
    assert!(verify(&bench).success);
    bench
        .authority
        .revoke("taro", RevocationReason::KeyCompromise, NOW)
        .unwrap();
    assert!(!verify(&bench).success);
}

#[test]
fn a_generation_that_was_not_made_has_no_crl() {
    let bench = Bench::new(AuthorityOptions::default(), NOW);
    assert!(bench.authority.crl(2, NOW).is_none());
    assert!(bench.authority.crl(0, NOW).is_none());
}

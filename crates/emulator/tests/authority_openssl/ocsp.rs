//! OCSP answers, right and wrong, before `openssl ocsp`.

use crate::witness::{Bench, Said, pem, system_now};
use kazasu_emulator::authority::{
    AuthorityOptions, KeyAlgorithm, OcspAnswer, OcspSigner, RevocationReason, Variant,
};

/// Has openssl write a request, answers it, and has openssl judge the answer.
fn judge(bench: &Bench, now: i64) -> Said {
    let asked = bench.openssl("ocsp -issuer ca.pem -cert leaf.pem -reqout request.der");
    assert!(asked.success, "{}", asked.text);
    let answer = bench.authority.ocsp(&bench.read("request.der"), now);
    bench.write("answer.der", answer);
    // Given a certificate, openssl forgets the request it was given; so one run compares the
    // nonces, and one looks for the certificate's status.
    let files = "-respin answer.der -issuer ca.pem -CAfile ca.pem";
    let nonce = bench.openssl(&format!("ocsp -reqin request.der {files}"));
    let status = bench.openssl(&format!("ocsp -no_nonce {files} -cert leaf.pem"));
    Said {
        success: nonce.success && status.success,
        text: format!("{}{}", nonce.text, status.text),
    }
}

fn assert_says(said: &Said, expected: &[&str]) {
    for words in expected {
        assert!(
            said.text.contains(words),
            "{words:?} is missing: {}",
            said.text
        );
    }
}

#[test]
fn openssl_reads_good_on_hold_and_revoked() {
    let now = system_now();
    for (algorithm, ocsp_signer) in [
        (KeyAlgorithm::Rsa2048, OcspSigner::Delegated),
        (KeyAlgorithm::Rsa2048, OcspSigner::Ca),
        (KeyAlgorithm::P384, OcspSigner::Delegated),
    ] {
        let options = AuthorityOptions {
            ocsp_signer,
            ..AuthorityOptions::default()
        };
        let mut bench = Bench::with_card(options, algorithm, now);
        assert_says(
            &judge(&bench, now),
            &["Response verify OK", "leaf.pem: good"],
        );

        bench.authority.hold("taro", now).unwrap();
        let held = [
            "Response verify OK",
            "leaf.pem: revoked",
            "Reason: certificateHold",
        ];
        assert_says(&judge(&bench, now), &held);

        bench.authority.release("taro").unwrap();
        assert_says(
            &judge(&bench, now),
            &["Response verify OK", "leaf.pem: good"],
        );

        bench
            .authority
            .revoke("taro", RevocationReason::KeyCompromise, now)
            .unwrap();
        let revoked = [
            "Response verify OK",
            "leaf.pem: revoked",
            "Reason: keyCompromise",
        ];
        assert_says(&judge(&bench, now), &revoked);
    }
}

#[test]
fn openssl_reads_every_reason_of_revocation() {
    let now = system_now();
    let mut bench = Bench::with_card(AuthorityOptions::default(), KeyAlgorithm::P384, now);
    for (reason, words) in [
        (RevocationReason::KeyCompromise, "Reason: keyCompromise"),
        (
            RevocationReason::AffiliationChanged,
            "Reason: affiliationChanged",
        ),
        (RevocationReason::Superseded, "Reason: superseded"),
        (
            RevocationReason::CessationOfOperation,
            "Reason: cessationOfOperation",
        ),
        (RevocationReason::Unspecified, "Revocation Time: "),
    ] {
        bench.authority.revoke("taro", reason, now).unwrap();
        let said = judge(&bench, now);
        assert_says(&said, &["leaf.pem: revoked", words]);
        let gives_reason = reason != RevocationReason::Unspecified;
        assert_eq!(
            said.text.contains("Reason: "),
            gives_reason,
            "{}",
            said.text
        );
        let next = bench
            .authority
            .reissue("taro", RevocationReason::Unspecified, now)
            .unwrap();
        bench.write_card(&next);
    }
}

#[test]
fn a_certificate_that_belongs_to_nobody_is_unknown() {
    let now = system_now();
    let bench = Bench::with_card(AuthorityOptions::default(), KeyAlgorithm::Rsa2048, now);
    let stray = bench
        .authority
        .issue_variant(Variant::Ordinary, now)
        .certificate_der;
    bench.write("leaf.pem", pem("CERTIFICATE", &stray));
    assert_says(
        &judge(&bench, now),
        &["Response verify OK", "leaf.pem: unknown"],
    );
}

#[test]
fn an_answer_repeats_the_nonce_of_its_request() {
    let now = system_now();
    let bench = Bench::with_card(AuthorityOptions::default(), KeyAlgorithm::P384, now);
    let said = judge(&bench, now);
    assert!(!said.text.contains("nonce"), "{}", said.text);
    let nonce = |file: &str, option: &str| {
        let text = bench
            .openssl(&format!("ocsp {option} {file} -text -noverify"))
            .text;
        let mut lines = text
            .lines()
            .skip_while(|line| !line.contains("OCSP Nonce:"));
        lines.nth(1).expect("a nonce").trim().to_owned()
    };
    assert_eq!(
        nonce("request.der", "-reqin"),
        nonce("answer.der", "-respin")
    );
}

/// What openssl says about each kind of answer, for a good certificate.
fn verdict(answer: OcspAnswer) -> &'static [&'static str] {
    match answer {
        OcspAnswer::Correct | OcspAnswer::Crowded => &["Response verify OK", "leaf.pem: good"],
        // openssl does not ask for a fresh thisUpdate, and looks at the first status only.
        OcspAnswer::NoNextUpdate
        | OcspAnswer::OldWithoutNextUpdate
        | OcspAnswer::SeveralStatuses => &["Response verify OK", "leaf.pem: good"],
        OcspAnswer::NoNonce => &["no nonce in response", "Response verify OK"],
        OcspAnswer::WrongNonce => &["Nonce Verify error"],
        OcspAnswer::WrongSerial | OcspAnswer::WrongIssuerKey | OcspAnswer::NoStatuses => {
            &["No Status found"]
        }
        OcspAnswer::Stale => &["status expired"],
        OcspAnswer::NotYetValid => &["status not yet valid"],
        OcspAnswer::SignedByImpostor
        | OcspAnswer::ResponderOfImpostor
        | OcspAnswer::ResponderWithoutPurpose
        | OcspAnswer::ResponderExpired
        | OcspAnswer::SignedByCard
        | OcspAnswer::AlteredSignature => &["Response Verify Failure"],
        OcspAnswer::MalformedRequest => &["malformedrequest (1)"],
        OcspAnswer::InternalError => &["internalerror (2)"],
        OcspAnswer::TryLater => &["trylater (3)"],
        OcspAnswer::Unauthorized => &["unauthorized (6)"],
        OcspAnswer::SuccessfulWithoutResponse => &["no response data"],
        OcspAnswer::Truncated | OcspAnswer::Garbage => &["Error reading OCSP response"],
        // openssl reads a stream, and leaves the rest of it alone.
        OcspAnswer::TrailingByte => &["Response verify OK", "leaf.pem: good"],
    }
}

#[test]
fn openssl_sees_what_is_wrong_with_each_bad_answer() {
    let now = system_now();
    let mut bench = Bench::with_card(AuthorityOptions::default(), KeyAlgorithm::Rsa2048, now);
    for answer in OcspAnswer::ALL {
        bench.authority.set_ocsp_answer(answer);
        let said = judge(&bench, now);
        for words in verdict(answer) {
            assert!(
                said.text.contains(words),
                "{answer:?}: {words:?} in {}",
                said.text
            );
        }
    }
}

#[test]
fn a_damaged_request_never_yields_a_status_of_the_certificate_it_no_longer_names() {
    let now = system_now();
    let bench = Bench::with_card(AuthorityOptions::default(), KeyAlgorithm::P384, now);
    let made = bench.openssl("ocsp -no_nonce -issuer ca.pem -cert leaf.pem -reqout request.der");
    assert!(made.success, "{}", made.text);
    let request = bench.read("request.der");
    // The CertID is the part that names the certificate; openssl puts it last in the request.
    let serial = bench.openssl("x509 -in leaf.pem -noout -serial").text;
    let serial = hex::decode(serial.trim().strip_prefix("serial=").unwrap()).unwrap();
    assert!(request.ends_with(&serial));
    let good = [&[2, 4], serial.as_slice(), &[0x80, 0]].concat();
    let says_good = |request: &[u8]| {
        let answer = bench.authority.ocsp(request, now);
        assert_eq!(answer[0], 0x30, "an OCSP response in any case");
        answer.windows(good.len()).any(|window| window == good)
    };
    assert!(says_good(&request));
    for length in 0..request.len() {
        assert!(!says_good(&request[..length]), "the first {length} bytes");
    }
    for position in 0..request.len() {
        for bit in 0..8 {
            let mut damaged = request.clone();
            damaged[position] ^= 1 << bit;
            assert!(!says_good(&damaged), "byte {position}, bit {bit}");
        }
    }
}

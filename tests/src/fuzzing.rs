//! What the fuzz targets do. `fuzz/` runs these under libFuzzer; `tests/fuzz_smoke.rs` runs each
//! over its seeds and their mutations in every test run.

use kazasu_assertion::revocation::{NonceCheck, judge_crl, judge_ocsp};
use kazasu_assertion::{TrustAnchors, ValidCertificate, verify};
use kazasu_card::{Certificate, CommandApdu, ResponseApdu, Tlv, Tlvs, parse_profile_name};
use kazasu_emulator::reader::{Frame, FrameError};
use kazasu_statement::{Assertion, Claim, Purpose, Statement};
use std::sync::LazyLock;

/// The published test card's certificate, and the certificate of the authority that issued it.
const TEST_CERTIFICATE: &[u8] =
    include_bytes!("../../crates/assertion/testdata/test-card/jpki-auth-cert.der");
const TEST_CA: &[u8] =
    include_bytes!("../../crates/assertion/testdata/test-card/jpki-auth-ca-cert.der");
/// A moment inside the test certificate's validity: 2026-06-01 00:00:00 UTC.
const NOW: i64 = 1_780_272_000;

static ANCHORS: LazyLock<TrustAnchors> =
    LazyLock::new(|| TrustAnchors::test(&[TEST_CA.to_vec()]).expect("a published CA certificate"));
static VALID: LazyLock<ValidCertificate> = LazyLock::new(|| {
    ANCHORS
        .validate(TEST_CERTIFICATE, NOW)
        .expect("the published certificate")
});

/// A target: its name, what it does, and inputs to start from.
pub struct Target {
    /// The name, as `./dev fuzz` takes it.
    pub name: &'static str,
    /// Panics if a promise is broken.
    pub run: fn(&[u8]),
    /// Inputs to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "apdu",
        run: apdu,
        seeds: apdu_seeds,
    },
    Target {
        name: "tlv",
        run: tlv,
        seeds: || vec![TEST_CERTIFICATE.to_vec(), profile_seed()],
    },
    Target {
        name: "profile_file",
        run: profile_file,
        seeds: || vec![profile_seed()],
    },
    Target {
        name: "certificate",
        run: certificate,
        seeds: || vec![TEST_CERTIFICATE.to_vec(), TEST_CA.to_vec()],
    },
    Target {
        name: "ocsp",
        run: ocsp,
        seeds: || vec![hex_seed("30030a0106"), hex_seed("30080a0100a0033001ff")],
    },
    Target {
        name: "crl",
        run: crl,
        seeds: || vec![TEST_CA.to_vec()],
    },
    Target {
        name: "assertion",
        run: assertion,
        seeds: || vec![TEST_CERTIFICATE.to_vec()],
    },
    Target {
        name: "pn532_frame",
        run: pn532_frame,
        seeds: frame_seeds,
    },
];

/// What parses as a command is written and parsed back to the same command.
pub fn apdu(data: &[u8]) {
    if let Ok(command) = CommandApdu::parse(data) {
        let again = CommandApdu::parse(&command.to_bytes()).expect("what was written is read");
        assert_eq!(again, command);
    }
    if let Ok(response) = ResponseApdu::parse(data) {
        assert_eq!(&**response.to_bytes(), data);
    }
}

/// An element and what follows it are the input, and children stay within their parent.
pub fn tlv(data: &[u8]) {
    fn descend(data: &[u8], depth: u32) {
        for element in Tlvs::new(data).map_while(Result::ok) {
            assert!(element.value.len() <= data.len());
            if depth < 8 {
                descend(element.value, depth + 1);
            }
        }
    }
    if let Ok((element, rest)) = Tlv::parse(data) {
        assert!(element.value.len() + rest.len() < data.len());
    }
    descend(data, 0);
}

/// A name is a part of the file, and has no control characters.
pub fn profile_file(data: &[u8]) {
    if let Ok(name) = parse_profile_name(data) {
        assert!(
            data.windows(name.len())
                .any(|window| window == name.as_bytes())
        );
        assert!(!name.is_empty() && !name.chars().any(char::is_control));
    }
}

/// Only what the authority signed is valid: here, one certificate.
pub fn certificate(data: &[u8]) {
    let _ = Certificate::parse(data.to_vec());
    if ANCHORS.validate(data, NOW).is_ok() {
        assert_eq!(data, TEST_CERTIFICATE);
    }
    assert!(TrustAnchors::production().validate(data, NOW).is_err());
}

/// No answer is believed that the authority did not sign; nobody here has its key.
pub fn ocsp(data: &[u8]) {
    assert!(judge_ocsp(data, &VALID, NonceCheck::NotSent, NOW).is_err());
}

/// No list is believed that the authority did not sign.
pub fn crl(data: &[u8]) {
    assert!(judge_crl(data, &VALID, NOW).is_err());
}

/// No assertion is accepted whose signature the card did not make; nobody here has its key.
pub fn assertion(data: &[u8]) {
    let split = data
        .first()
        .map_or(0, |first| usize::from(*first))
        .min(data.len());
    let (signature, rest) = data.split_at(split);
    let name = std::str::from_utf8(rest).ok();
    for certificate in [rest, TEST_CERTIFICATE] {
        let statement = Statement {
            verifier_origin: "https://verifier.example",
            relying_party: "portal",
            transaction_id: "T-1",
            purpose: Purpose::Link,
            challenge: b"challenge",
            requested_claims: &[Claim::Name],
            name,
            certificate,
        };
        let assertion = Assertion {
            challenge: b"challenge".to_vec(),
            certificate: certificate.to_vec(),
            signature: signature.to_vec(),
            name: name.map(str::to_owned),
        };
        assert!(verify(&ANCHORS, &assertion, &statement, NOW).is_err());
    }
}

/// A parser that always gets on: it takes bytes, or says how many to drop, or wants more.
pub fn pn532_frame(data: &[u8]) {
    let mut rest = data;
    loop {
        let used = match Frame::parse(rest) {
            Ok((frame, used)) => {
                let (again, _) = Frame::parse(&frame.to_bytes()).expect("what was written is read");
                assert_eq!(again, frame);
                used
            }
            Err(FrameError::Incomplete) => return,
            Err(FrameError::Length { skip } | FrameError::Checksum { skip }) => skip,
        };
        assert!(used > 0 && used <= rest.len());
        rest = &rest[used..];
    }
}

fn hex_seed(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).expect("hex"))
        .collect()
}

fn apdu_seeds() -> Vec<Vec<u8>> {
    [
        "00a4040c0ad392f000260100000001",
        "00b08a00000000",
        "00200098",
        "802a9e970000010000",
    ]
    .map(hex_seed)
    .into()
}

fn profile_seed() -> Vec<u8> {
    hex_seed("ff2025df2108000e001900200025df2208e8a68be69cac0a41df2304e79c8c41df240141df250139")
}

fn frame_seeds() -> Vec<Vec<u8>> {
    [
        "0000ff00ff00",
        "0000ff02fed4022a00",
        "0000ffff01017e",
        "5555000000ff03fdd414011700",
    ]
    .map(hex_seed)
    .into()
}

//! What the fuzz targets do. `fuzz/` runs these under libFuzzer; `tests/fuzz_smoke.rs` runs each
//! over its seeds and their mutations in every test run.

use kazasu_assertion::revocation::{
    NonceCheck, RevocationList, RevocationReason, Status, judge_ocsp,
};
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

/// What the emulator's authority and card made once, with keys that are gone since: inputs stay
/// meaningful from one run to the next, and nothing else that is signed can exist. Made by
/// `cargo run -p kazasu-tests --example record_fuzz_seeds`.
mod recorded {
    pub(super) const CA: &[u8] = include_bytes!("../fuzz_seeds/ca.der");
    pub(super) const GOOD: &[u8] = include_bytes!("../fuzz_seeds/good.der");
    pub(super) const REVOKED: &[u8] = include_bytes!("../fuzz_seeds/revoked.der");
    pub(super) const OCSP_GOOD: &[u8] = include_bytes!("../fuzz_seeds/good.ocsp");
    pub(super) const OCSP_REVOKED: &[u8] = include_bytes!("../fuzz_seeds/revoked.ocsp");
    pub(super) const CRL: &[u8] = include_bytes!("../fuzz_seeds/authority.crl");
    /// Of the good certificate's card, over [`super::statement`] with [`super::NAME`].
    pub(super) const SIGNATURE: &[u8] = include_bytes!("../fuzz_seeds/good.signature");
}

/// The moment of every judgement, inside all validities: 2026-06-01 00:00:00 UTC.
pub const NOW: i64 = 1_780_272_000;
/// When the recorded answers are too old.
const LATER: i64 = NOW + 8 * 86_400;
/// The name in the recorded assertion.
pub const NAME: &str = "見本　太郎";
/// Octets of an RSA-2048 signature, with which an assertion's input starts.
const SIGNATURE_LENGTH: usize = 256;

static ANCHORS: LazyLock<TrustAnchors> =
    LazyLock::new(|| TrustAnchors::test(&[TEST_CA.to_vec()]).expect("a published CA certificate"));
static RECORDED_ANCHORS: LazyLock<TrustAnchors> =
    LazyLock::new(|| TrustAnchors::test(&[recorded::CA.to_vec()]).expect("a recorded authority"));
/// The good certificate and the revoked one.
static VALID: LazyLock<[ValidCertificate; 2]> = LazyLock::new(|| {
    [recorded::GOOD, recorded::REVOKED].map(|certificate| {
        RECORDED_ANCHORS
            .validate(certificate, NOW)
            .expect("recorded while it was valid")
    })
});
/// What the authority said of both.
const STATUS: [Status; 2] = [
    Status::Good,
    Status::Revoked {
        at: NOW - 3_600,
        reason: RevocationReason::KeyCompromise,
    },
];

/// A target: its name, what it does, and inputs to start from.
pub struct Target {
    /// The name, as `./dev fuzz` takes it.
    pub name: &'static str,
    /// Panics if a promise is broken.
    pub run: fn(&[u8]),
    /// Whether the input passes: at least one seed does, so that `run` is known to judge.
    pub passes: fn(&[u8]) -> bool,
    /// Inputs to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "apdu",
        run: apdu,
        passes: |data| CommandApdu::parse(data).is_ok(),
        seeds: apdu_seeds,
    },
    Target {
        name: "tlv",
        run: tlv,
        passes: |data| Tlv::parse(data).is_ok(),
        seeds: || vec![TEST_CERTIFICATE.to_vec(), profile_seed()],
    },
    Target {
        name: "profile_file",
        run: profile_file,
        passes: |data| parse_profile_name(data).is_ok(),
        seeds: || vec![profile_seed()],
    },
    Target {
        name: "certificate",
        run: certificate,
        passes: |data| ANCHORS.validate(data, NOW).is_ok(),
        seeds: || vec![TEST_CERTIFICATE.to_vec(), TEST_CA.to_vec()],
    },
    Target {
        name: "ocsp",
        run: ocsp,
        passes: |data| ocsp_statuses(data, NOW).iter().any(Option::is_some),
        seeds: || {
            vec![
                recorded::OCSP_GOOD.to_vec(),
                recorded::OCSP_REVOKED.to_vec(),
            ]
        },
    },
    Target {
        name: "crl",
        run: crl,
        passes: |data| crl_statuses(data, NOW).iter().all(Option::is_some),
        seeds: || vec![recorded::CRL.to_vec()],
    },
    Target {
        name: "assertion",
        run: assertion,
        passes: |data| is_accepted(&AssertionInput::read(data)),
        seeds: || {
            vec![
                assertion_seed(recorded::GOOD),
                assertion_seed(recorded::REVOKED),
            ]
        },
    },
    Target {
        name: "pn532_frame",
        run: pn532_frame,
        passes: |data| Frame::parse(data).is_ok(),
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

/// Of an answer nothing is believed but what the authority said of that very certificate, and
/// once it is old, nothing but a revocation.
pub fn ocsp(data: &[u8]) {
    for (said, believed) in STATUS.into_iter().zip(ocsp_statuses(data, NOW)) {
        assert!(believed.is_none_or(|status| status == said), "{believed:?}");
    }
    for believed in ocsp_statuses(data, LATER) {
        assert!(believed.is_none_or(|status| status == STATUS[1]));
    }
    let nonce = NonceCheck::Required(b"another nonce");
    assert!(
        VALID
            .iter()
            .all(|c| judge_ocsp(data, c, nonce, NOW).is_err())
    );
    assert!(RevocationList::parse(data, &RECORDED_ANCHORS, NOW).is_err());
}

fn ocsp_statuses(data: &[u8], now: i64) -> [Option<Status>; 2] {
    VALID.each_ref().map(|certificate| {
        let judgement = judge_ocsp(data, certificate, NonceCheck::NotSent, now);
        judgement.ok().map(|judgement| judgement.status)
    })
}

/// A list is the one that the authority signed, and says what it said; once it is old, nothing.
pub fn crl(data: &[u8]) {
    for (said, believed) in STATUS.into_iter().zip(crl_statuses(data, NOW)) {
        if let Some(status) = believed {
            assert_eq!(data, recorded::CRL);
            assert_eq!(status, said);
        }
    }
    assert_eq!(crl_statuses(data, LATER), [None, None]);
}

fn crl_statuses(data: &[u8], now: i64) -> [Option<Status>; 2] {
    VALID.each_ref().map(|certificate| {
        let list = RevocationList::parse(data, &RECORDED_ANCHORS, now);
        let judgement = list.and_then(|list| list.judge(certificate, now));
        judgement.ok().map(|judgement| judgement.status)
    })
}

/// The statement of every assertion here: what a verifier builds around what it is given.
pub fn statement<'a>(certificate: &'a [u8], name: Option<&'a str>) -> Statement<'a> {
    Statement {
        verifier_origin: "https://verifier.example",
        relying_party: "portal",
        transaction_id: "T-1",
        purpose: Purpose::Link,
        challenge: b"challenge",
        requested_claims: &[Claim::Name],
        name,
        certificate,
    }
}

/// An assertion out of an input: signature, one octet for the name's length, name, certificate.
struct AssertionInput<'a> {
    signature: &'a [u8],
    name: Option<&'a str>,
    certificate: &'a [u8],
}

impl<'a> AssertionInput<'a> {
    fn read(data: &'a [u8]) -> Self {
        let (signature, rest) = data.split_at(data.len().min(SIGNATURE_LENGTH));
        let (length, rest) = rest.split_first().unwrap_or((&0, rest));
        let (name, certificate) = rest.split_at(rest.len().min(usize::from(*length)));
        Self {
            signature,
            name: std::str::from_utf8(name).ok(),
            certificate,
        }
    }
}

fn is_accepted(input: &AssertionInput<'_>) -> bool {
    let assertion = Assertion {
        challenge: b"challenge".to_vec(),
        certificate: input.certificate.to_vec(),
        signature: input.signature.to_vec(),
        name: input.name.map(str::to_owned),
    };
    let statement = statement(input.certificate, input.name);
    verify(&RECORDED_ANCHORS, &assertion, &statement, NOW).is_ok()
}

/// No assertion is accepted but the one that the card made, whether the input brings its own
/// certificate or gets one that is good.
pub fn assertion(data: &[u8]) {
    let input = AssertionInput::read(data);
    for certificate in [input.certificate, recorded::GOOD, recorded::REVOKED] {
        if is_accepted(&AssertionInput {
            certificate,
            ..input
        }) {
            assert_eq!(input.signature, recorded::SIGNATURE);
            assert_eq!(input.name, Some(NAME));
            assert_eq!(certificate, recorded::GOOD);
        }
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
    hex_seed("ff2025df2108000e001900200025df2208e8a68be69cac2041df2304e79c8c41df240141df250139")
}

/// The recorded assertion, with this certificate.
fn assertion_seed(certificate: &[u8]) -> Vec<u8> {
    let length = [NAME.len() as u8];
    [recorded::SIGNATURE, &length, NAME.as_bytes(), certificate].concat()
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

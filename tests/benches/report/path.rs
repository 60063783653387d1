//! How fast a certificate's path is verified, beside a bare RSA verification and two libraries
//! for paths in general, on the same certificates in the same run.

use crate::report::Report;
use anyhow::{Context, ensure};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use certval::{
    CertificationPath, CertificationPathResults, CertificationPathSettings, KeyUsageSettings,
    PDVCertificate, PDVTrustAnchorChoice, PkiEnvironment, TimeOfInterest,
};
use der::{Decode, Encode};
use kazasu_assertion::TrustAnchors;
use kazasu_emulator::authority::{
    Authority, AuthorityOptions, KeyAlgorithm, Variant, system_clock,
};
use pkix_chain::{DefaultVerifier, NoRevocation, TrustAnchor, ValidationPolicy, Verifier};
use std::hint::black_box;
use std::time::{Duration, Instant};
use x509_cert::Certificate;

/// How many certificates take turns, so that nobody verifies the same one twice in a row.
const CERTIFICATES: usize = 12;
/// How long each one works before the next has its turn.
const TURN: Duration = Duration::from_millis(25);
const ROUNDS: usize = 60;
const ROUNDS_FULL: usize = 600;

/// The policy of the test hierarchy (published test card).
const POLICY: &str = "1.2.392.200149.8.5.1.0.30";
/// id-kp-clientAuth (RFC 5280 §4.2.1.12).
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
/// sha256WithRSAEncryption (RFC 4055 §5).
const SHA256_WITH_RSA: &str = "1.2.840.113549.1.1.11";
/// digitalSignature alone, as certval counts the bits of keyUsage.
const DIGITAL_SIGNATURE: u16 = 1;

/// Measures the four, one turn each per round, on one thread.
pub(crate) fn measure(report: &mut Report, full: bool) -> anyhow::Result<()> {
    let now = system_clock()();
    let mut authority = Authority::new(AuthorityOptions::default(), now)?;
    let mut certificates = Vec::new();
    for person in 0..CERTIFICATES {
        let issued = authority.enrol(&person.to_string(), KeyAlgorithm::Rsa2048, now)?;
        certificates.push(issued.auth_certificate_der);
    }
    let anchor = authority
        .ca_certificate(authority.current_generation())
        .context("the authority has a certificate")?;

    let anchors = TrustAnchors::test(&[anchor.to_vec()])?;
    let own = |certificate: &[u8]| anchors.validate(certificate, now).is_ok();
    let pkix_chain = PkixChain::new(anchor, now)?;
    let certval = Certval::new(anchor, now)?;
    let raw = RawRsa::new(anchor, &certificates)?;

    // A verifier that lets these pass is not doing the work it is timed for.
    for variant in [
        Variant::AlteredSignature,
        Variant::Expired,
        Variant::SigningPolicy,
    ] {
        let bad = authority.issue_variant(variant, now).certificate_der;
        ensure!(!own(&bad), "{variant:?} was accepted");
        ensure!(!pkix_chain.accepts(&bad), "pkix-chain accepts {variant:?}");
        ensure!(!certval.accepts(&bad), "certval accepts {variant:?}");
    }

    let mut speeds = Speeds::default();
    for _ in 0..if full { ROUNDS_FULL } else { ROUNDS } {
        speeds.own.push(speed(&certificates, |_, c| own(c))?);
        speeds
            .raw
            .push(speed(&certificates, |index, _| raw.verifies(index))?);
        speeds
            .pkix_chain
            .push(speed(&certificates, |_, c| pkix_chain.accepts(c))?);
        speeds
            .certval
            .push(speed(&certificates, |_, c| certval.accepts(c))?);
    }
    speeds.report(report, certificates[0].len());
    Ok(())
}

/// Verifications a second, one figure per round.
#[derive(Default)]
struct Speeds {
    own: Vec<f64>,
    raw: Vec<f64>,
    pkix_chain: Vec<f64>,
    certval: Vec<f64>,
}

impl Speeds {
    fn report(&self, report: &mut Report, size: usize) {
        report.line(String::new());
        let title = format!(
            "Path, certificates of {size} bytes, median of {}",
            self.own.len()
        );
        report.line(format!("{title:<52} {:>9}", "a second"));
        for (what, speeds) in [
            ("  own validator", &self.own),
            ("  aws-lc-rs: RSA-2048 alone, key parsed before", &self.raw),
            ("  pkix-chain", &self.pkix_chain),
            ("  certval", &self.certval),
        ] {
            report.line(format!("{what:<52} {:>9.0}", median(speeds.clone())));
        }
        for (key, others, aim) in [
            ("assertion.path_over_raw_rsa", &self.raw, 0.6),
            ("assertion.path_over_pkix_chain", &self.pkix_chain, 4.0),
            ("assertion.path_over_certval", &self.certval, 4.0),
        ] {
            let ratios = self.own.iter().zip(others).map(|(own, other)| own / other);
            let ratio = median(ratios.collect());
            report.record(key, ratio);
            let met = if ratio >= aim { "met" } else { "MISSED" };
            report.line(format!("  {key:<50} {ratio:>9.2}  (aim: {aim}, {met})"));
        }
    }
}

/// Verifications a second during one turn. Every single one has to succeed.
fn speed(certificates: &[Vec<u8>], verify: impl Fn(usize, &[u8]) -> bool) -> anyhow::Result<f64> {
    let start = Instant::now();
    let mut verified = 0_u32;
    loop {
        for (index, certificate) in certificates.iter().enumerate() {
            ensure!(
                verify(index, black_box(certificate)),
                "a good one was refused"
            );
            verified += 1;
        }
        let elapsed = start.elapsed();
        if elapsed >= TURN {
            return Ok(f64::from(verified) / elapsed.as_secs_f64());
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The signatures of the certificates and nothing else: neither parsing nor rules.
struct RawRsa {
    key: ParsedPublicKey,
    signed: Vec<(Vec<u8>, Vec<u8>)>,
}

impl RawRsa {
    fn new(anchor: &[u8], certificates: &[Vec<u8>]) -> anyhow::Result<Self> {
        let anchor = Certificate::from_der(anchor)?;
        let key = anchor.tbs_certificate.subject_public_key_info;
        let signed = certificates
            .iter()
            .map(|certificate| {
                let certificate = Certificate::from_der(certificate)?;
                let message = certificate.tbs_certificate.to_der()?;
                Ok((message, certificate.signature.raw_bytes().to_vec()))
            })
            .collect::<anyhow::Result<_>>()?;
        let key = key.subject_public_key.raw_bytes();
        Ok(Self {
            key: ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)?,
            signed,
        })
    }

    fn verifies(&self, index: usize) -> bool {
        let (message, signature) = &self.signed[index];
        self.key
            .verify_sig(black_box(message), black_box(signature))
            .is_ok()
    }
}

/// The crate `pkix-chain`, told to check all it can of the profile.
struct PkixChain {
    anchors: [TrustAnchor; 1],
    policy: ValidationPolicy,
}

impl PkixChain {
    fn new(anchor: &[u8], now: i64) -> anyhow::Result<Self> {
        let mut policy = ValidationPolicy::new(now.try_into()?);
        policy.initial_explicit_policy = true;
        policy.initial_policy_set = vec![POLICY.parse()?];
        policy.required_leaf_policy_oids = Some(vec![POLICY.parse()?]);
        policy.required_leaf_eku = Some(vec![CLIENT_AUTH.parse()?]);
        policy.allowed_signature_algs = Some(vec![SHA256_WITH_RSA.parse()?]);
        policy.min_rsa_key_bits = Some(2048);
        Ok(Self {
            anchors: [TrustAnchor::from_cert(Certificate::from_der(anchor)?)],
            policy,
        })
    }

    fn accepts(&self, certificate: &[u8]) -> bool {
        let Ok(certificate) = Certificate::from_der(certificate) else {
            return false;
        };
        Verifier::new_no_aia(&self.anchors, &DefaultVerifier, &NoRevocation, &self.policy)
            .verify_one(&[certificate])
            .is_ok()
    }
}

/// The crate `certval`, likewise.
struct Certval {
    environment: PkiEnvironment,
    settings: CertificationPathSettings,
    anchor: PDVTrustAnchorChoice,
}

impl Certval {
    fn new(anchor: &[u8], now: i64) -> anyhow::Result<Self> {
        let told = |error| anyhow::anyhow!("certval: {error:?}");
        let mut environment = PkiEnvironment::new();
        environment.populate_5280_pki_environment();
        let mut settings = CertificationPathSettings::new();
        let time = TimeOfInterest::from_unix_secs(now.try_into()?).map_err(told)?;
        settings.set_time_of_interest(time);
        settings.set_initial_explicit_policy_indicator(true);
        settings.set_initial_policy_set(vec![POLICY.to_owned()]);
        settings.set_extended_key_usage(vec![CLIENT_AUTH.to_owned()]);
        settings.set_target_key_usage(KeyUsageSettings::new_truncated(DIGITAL_SIGNATURE));
        // The one anchor is handed in with each path; a store would only be searched for it.
        settings.set_require_ta_store(false);
        Ok(Self {
            environment,
            settings,
            anchor: PDVTrustAnchorChoice::try_from(anchor).map_err(told)?,
        })
    }

    fn accepts(&self, certificate: &[u8]) -> bool {
        let Ok(certificate) = PDVCertificate::try_from(certificate) else {
            return false;
        };
        let path = CertificationPath::new(self.anchor.clone(), Vec::new(), certificate);
        let mut results = CertificationPathResults::new();
        self.environment
            .validate_path(&self.environment, &self.settings, &path, &mut results)
            .is_ok()
    }
}

//! The published test card, changed in a hundred thousand ways and half of the time signed anew,
//! before three judges. Where they disagree, a named rule of ours must say why.

use crate::NOW;
use crate::judge::Bench;
use crate::mutate::{Issuer, Node, change_tree, flip};
use crate::openssl;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const AUTHORITY: &[u8] =
    include_bytes!("../../../crates/assertion/testdata/test-card/jpki-auth-ca-cert.der");
const CARD: &[u8] =
    include_bytes!("../../../crates/assertion/testdata/test-card/jpki-auth-cert.der");

const BATCHES: u64 = 100;
const BATCH: usize = 1_000;

/// How often each explanation was given, by the other judge.
type Table = BTreeMap<(&'static str, &'static str), usize>;

#[derive(Default)]
struct Findings {
    table: Table,
    accepted: usize,
    unexplained: Vec<String>,
}

#[test]
fn every_disagreement_about_100_000_mutated_certificates_is_explained() {
    let issuer = Issuer::new(AUTHORITY, CARD);
    let bench = Bench::new(&issuer.authority);
    assert_eq!(
        bench.ours(&issuer.ordinary.encode()),
        None,
        "the certificate before any change"
    );
    let findings = Mutex::new(Findings::default());
    let next = AtomicU64::new(0);
    let work = || {
        loop {
            let batch = next.fetch_add(1, Ordering::Relaxed);
            if batch >= BATCHES {
                break;
            }
            judge_batch(&issuer, &bench, batch, &findings);
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let findings = findings.into_inner().expect("no judge panicked");
    for ((judge, rule), count) in &findings.table {
        println!("{judge:10} {rule:40} {count:7}");
    }
    println!("accepted by us: {}", findings.accepted);
    let unexplained = &findings.unexplained;
    assert!(
        unexplained.is_empty(),
        "{} unexplained:\n{}",
        unexplained.len(),
        unexplained.join("\n")
    );
    // both sides of the line were tried
    assert!(findings.accepted > 100);
    assert!(findings.table.len() > 10);
}

fn judge_batch(issuer: &Issuer, bench: &Bench, batch: u64, findings: &Mutex<Findings>) {
    let mut rng = StdRng::seed_from_u64(batch);
    let certificates: Vec<Vec<u8>> = (0..BATCH)
        .map(|index| mutated(issuer, index % 2 == 0, &mut rng))
        .collect();
    let verdicts = openssl::verify(&issuer.authority, &certificates, NOW);
    for (certificate, openssl) in certificates.iter().zip(verdicts) {
        let ours = bench.ours(certificate);
        let pkix = bench.pkix_accepts(certificate);
        let openssl_accepts = openssl == openssl::Verdict::Accepted;
        let by_openssl = bench.explain(certificate, ours, openssl_accepts, openssl);
        let by_pkix = bench.explain(certificate, ours, pkix, openssl);
        let mut findings = findings.lock().expect("no judge panicked");
        findings.accepted += usize::from(ours.is_none());
        for (judge, rule) in [("openssl", by_openssl), ("pkix-chain", by_pkix)] {
            match rule {
                Some(rule) => *findings.table.entry((judge, rule)).or_default() += 1,
                None => findings.unexplained.push(format!(
                    "{judge}: ours {ours:?}, openssl {openssl:?}, pkix-chain accepts {pkix}: {}",
                    hex(certificate)
                )),
            }
        }
    }
}

/// A changed certificate. Signed anew, the change is in the signed part; otherwise anywhere.
fn mutated(issuer: &Issuer, sign: bool, rng: &mut StdRng) -> Vec<u8> {
    let mut certificate = issuer.ordinary.clone();
    if sign {
        change_tree(&mut certificate.children()[0], rng);
        issuer.sign(&mut certificate);
        return certificate.encode();
    }
    match rng.random_range(0..4) {
        0 => {
            change_tree(&mut certificate, rng);
            certificate.encode()
        }
        1 => cut_or_lengthen(&certificate, rng),
        _ => {
            let mut bytes = certificate.encode();
            for _ in 0..rng.random_range(1..=3) {
                flip(&mut bytes, rng);
            }
            bytes
        }
    }
}

fn cut_or_lengthen(certificate: &Node, rng: &mut StdRng) -> Vec<u8> {
    let mut bytes = certificate.encode();
    if rng.random() {
        bytes.truncate(rng.random_range(0..bytes.len()));
    } else {
        bytes.insert(rng.random_range(0..=bytes.len()), rng.random());
    }
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

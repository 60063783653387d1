//! Our certificates beside the published test card's.

use crate::witness::{Bench, openssl_in};
use kazasu_emulator::authority::{AuthorityOptions, KeyAlgorithm};
use std::path::{Path, PathBuf};

const NOW: i64 = 1_775_001_600;

fn published(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../assertion/testdata/test-card")
        .join(file)
}

/// The structure of a DER file as openssl reads it: depth, kind, and for identifiers and
/// booleans the value. The octet strings of extensions are opened, too.
fn shape(file: &Path) -> Vec<String> {
    let directory = file.parent().unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let whole = openssl_in(directory, &format!("asn1parse -inform DER -in {name}"));
    assert!(whole.success, "{}", whole.text);
    let mut shape = Vec::new();
    for line in whole.text.lines() {
        shape.push(shape_of_line(line));
        if line.contains("OCTET STRING") {
            let offset = line.split(':').next().unwrap().trim();
            let inner = openssl_in(
                directory,
                &format!("asn1parse -inform DER -in {name} -strparse {offset}"),
            );
            assert!(inner.success, "{}", inner.text);
            shape.extend(inner.text.lines().map(shape_of_line));
        }
    }
    shape
}

/// Leaves out offsets, lengths and every value that may differ between two certificates.
fn shape_of_line(line: &str) -> String {
    let (position, content) = line.split_once(": ").expect("prim: or cons: in each line");
    let depth = position
        .split("d=")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next());
    let (kind, value) = content.split_once(':').unwrap_or((content, ""));
    let kept = match kind.trim() {
        "OBJECT" | "BOOLEAN" | "PRINTABLESTRING" => value.trim(),
        _ => "",
    };
    format!("{} {} {kept}", depth.unwrap_or_default(), kind.trim())
}

#[test]
fn a_card_certificate_has_the_structure_of_the_published_one() {
    let mut bench = Bench::new(AuthorityOptions::default(), NOW);
    let card = bench
        .authority
        .enrol("taro", KeyAlgorithm::Rsa2048, NOW)
        .unwrap();
    bench.write("leaf.der", &card.auth_certificate_der);
    let ours = shape(&bench.path("leaf.der"));
    assert_eq!(ours, shape(&published("jpki-auth-cert.der")));
    assert!(
        ours.iter()
            .any(|line| line.contains("clientAuth") || line.contains("TLS Web Client"))
    );
}

#[test]
fn a_ca_certificate_has_the_structure_of_the_published_one() {
    let bench = Bench::new(AuthorityOptions::default(), NOW);
    bench.write("ca.der", bench.authority.ca_certificate(1).unwrap());
    let ours = shape(&bench.path("ca.der"));
    assert_eq!(ours, shape(&published("jpki-auth-ca-cert.der")));
}

/// The lines of `openssl x509 -text` from the extensions to the signature, without the values
/// that belong to one certificate.
fn extensions_text(directory: &Path, file: &str) -> Vec<String> {
    let said = openssl_in(
        directory,
        &format!("x509 -inform DER -in {file} -noout -text"),
    );
    assert!(said.success, "{}", said.text);
    let individual = ["keyid:", "serial:", "CRLDP", "URI:http://test-ocsp"];
    let is_hex = |line: &str| line.len() > 20 && line.split(':').all(|part| part.len() == 2);
    said.text
        .lines()
        .skip_while(|line| !line.contains("X509v3 extensions"))
        .take_while(|line| !line.contains("Signature Algorithm"))
        .map(str::trim)
        .filter(|line| !individual.iter().any(|mark| line.contains(mark)) && !is_hex(line))
        .map(str::to_owned)
        .collect()
}

#[test]
fn openssl_prints_the_same_extensions_for_ours_and_the_published_card() {
    let mut bench = Bench::new(AuthorityOptions::default(), NOW);
    let card = bench
        .authority
        .enrol("taro", KeyAlgorithm::Rsa2048, NOW)
        .unwrap();
    bench.write("leaf.der", &card.auth_certificate_der);
    bench.write("ca.der", &card.auth_ca_certificate_der);
    let published = published("");
    for (ours, theirs) in [
        ("leaf.der", "jpki-auth-cert.der"),
        ("ca.der", "jpki-auth-ca-cert.der"),
    ] {
        let ours = extensions_text(bench.path(ours).parent().unwrap(), ours);
        assert_eq!(ours, extensions_text(&published, theirs));
        assert!(ours.len() > 8, "the extensions were found: {ours:?}");
    }
}

#[test]
fn names_serial_and_dates_have_the_published_form() {
    let bench = Bench::with_card(AuthorityOptions::default(), KeyAlgorithm::Rsa2048, NOW);
    let said = bench
        .openssl("x509 -in leaf.pem -noout -nameopt RFC2253 -subject -issuer -serial -enddate");
    let lines: Vec<&str> = said.text.lines().collect();
    let common_name = lines[0]
        .strip_prefix("subject=CN=")
        .unwrap()
        .strip_suffix(",C=JP")
        .unwrap();
    assert_eq!(common_name.len(), 23);
    assert_eq!(
        lines[1],
        "issuer=OU=Japan Agency for Local Authority Information Systems,\
         OU=JPKI for user authentication,O=JPKI-TEST,C=JP"
    );
    assert!(
        lines[2].strip_prefix("serial=").unwrap().len() <= 8,
        "{}",
        lines[2]
    );
    assert!(lines[3].contains(" 14:59:59 "), "{}", lines[3]);
}

#[test]
fn a_signing_certificate_is_for_signatures_only() {
    let mut bench = Bench::new(AuthorityOptions::default(), NOW);
    let card = bench
        .authority
        .enrol("taro", KeyAlgorithm::Rsa2048, NOW)
        .unwrap();
    bench.write("sign.der", &card.sign_certificate_der);
    let said = bench.openssl("x509 -inform DER -in sign.der -noout -text");
    assert!(
        said.text.contains("Digital Signature, Non Repudiation"),
        "{}",
        said.text
    );
    assert!(said.text.contains("Policy: 1.2.392.200149.8.5.1.0.20"));
    assert!(said.text.contains("X509v3 Subject Alternative Name"));
    for absent in ["Extended Key Usage", "Authority Information Access"] {
        assert!(!said.text.contains(absent), "{absent}");
    }
}

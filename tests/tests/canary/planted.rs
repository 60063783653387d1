//! What is planted: a holder, and what the certificate, the card and the keys hold.

use crate::needles::{Canary, Place};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use der::{Decode as _, Encode as _};
use std::path::Path;
use x509_cert::Certificate;

pub(crate) const HOLDER: &str = r#"
id = "canary"
name = "金糸雀　鳴子"
address = "金糸雀県鳥籠市止まり木町九丁目"
birth = "1987-06-05"
sex = "female"
my_number = "314159265358"

[pins]
authentication = "7391"
profile = "8264"
signature = "CANARY99"
"#;

pub(crate) const PIN: &str = "7391";
pub(crate) const PROFILE_PIN: &str = "8264";
pub(crate) const WRONG_PIN: &str = "7193";

/// What is on the card. The name alone is sent to somebody: in ID tokens, to relying parties.
pub(crate) fn on_the_card(certificate: &[u8]) -> Vec<Canary> {
    let parsed = Certificate::from_der(certificate).unwrap();
    let tbs = &parsed.tbs_certificate;
    let subject = tbs.subject.to_string();
    let common_name = subject.split(',').find_map(|part| part.strip_prefix("CN="));
    let serial = tbs.serial_number.as_bytes();
    let decimal = serial
        .iter()
        .fold(0u64, |n, byte| n << 8 | u64::from(*byte));
    let key = tbs
        .subject_public_key_info
        .subject_public_key
        .to_der()
        .unwrap();
    vec![
        Canary::digits("authentication PIN", PIN),
        Canary::digits("profile PIN", PROFILE_PIN),
        Canary::digits("mistyped PIN", WRONG_PIN),
        Canary::text("signature password", "CANARY99"),
        Canary::text("My Number", "314159265358"),
        Canary::text("address", "金糸雀県"),
        Canary::text("birth date", "19870605"),
        Canary::text("birth date as written", "1987-06-05"),
        Canary::text("name", "金糸雀　鳴子").but_in(&[Place::Sent]),
        Canary::text("subject", common_name.unwrap()),
        Canary::bytes("serial", serial).but_in(&[Place::Pages]),
        Canary::digits("serial in decimal", &decimal.to_string()),
        Canary::bytes("key in the certificate", &key[64..96]),
        Canary::bytes(
            "end of the certificate",
            &certificate[certificate.len() - 32..],
        ),
    ]
}

/// The verifier's keys, as the file has them and as bytes.
pub(crate) fn in_the_keys_file(path: &Path) -> Vec<Canary> {
    let text = std::fs::read_to_string(path).unwrap();
    let quoted = text.split('"').skip(1).step_by(2);
    let keys = quoted.filter_map(|text| BASE64_STANDARD.decode(text).ok());
    let keys: Vec<Vec<u8>> = keys.filter(|bytes| bytes.len() >= 32).collect();
    assert!(keys.len() >= 5, "index, pairwise, challenge, name, signing");
    let secret_part = |key: &Vec<u8>| match key.len() {
        // A plain key; PKCS#8 of P-256 (RFC 5915: the number comes before the public point); of
        // RSA, where the end of the last coefficient is as secret as all but the modulus.
        ..64 => key[..32].to_vec(),
        64..512 => key[36..68].to_vec(),
        _ => key[key.len() - 32..].to_vec(),
    };
    keys.iter()
        .enumerate()
        .map(|(number, key)| Canary::bytes(&format!("key {number}"), &secret_part(key)))
        .collect()
}

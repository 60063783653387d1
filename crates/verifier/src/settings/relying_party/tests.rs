//! What may be said about a relying party.

use crate::settings::{Settings, SettingsError};
use jsonwebtoken::Algorithm;
use kazasu_statement::{Language, Purpose};
use std::path::Path;

const FILE: &str = include_str!("../../../verifier.example.toml");

/// The example's file with another second relying party.
fn with_party(lines: &str) -> Result<Settings, SettingsError> {
    let party = format!(
        "{FILE}\n[[relying_party]]\nid = \"blog\"\nname = {{ ja = \"見本ブログ\", en = \"Sample blog\" }}\n\
         sector = \"blog.example\"\nredirect_uris = [\"https://blog.example/callback\"]\n{lines}"
    );
    Settings::parse(&party, Path::new("/etc/kazasu"))
}

fn problems(lines: &str) -> Vec<String> {
    match with_party(lines) {
        Err(SettingsError::Invalid(problems)) => problems,
        other => panic!("expected problems, got {other:?}"),
    }
}

const SECRET: &str =
    "client_secret_sha256 = \"22d08923a513fca12cc57f20f9b0c99017818b2c4dbcaa4cd80e9ebb15b46040\"\n";

#[test]
fn an_older_client_gets_its_exceptions_for_what_hands_out_no_access() {
    let lines = format!(
        "{SECRET}purposes = [\"view\"]\nallow_unpushed_requests = true\ndefault_purpose = \"view\"\n\
         id_token_signed_response_alg = \"RS256\"\nstart_url = \"https://blog.example/\"\n\
         policy_uri = {{ ja = \"https://blog.example/ja\", en = \"https://blog.example/en\" }}"
    );
    let settings = with_party(&lines).unwrap();
    let party = &settings.relying_parties["blog"];
    assert!(party.allow_unpushed_requests);
    assert_eq!(party.default_purpose, Some(Purpose::View));
    assert_eq!(party.id_token_algorithm, Algorithm::RS256);
    let policy = party.policy_uri.as_ref().unwrap();
    assert_eq!(policy.get(Language::English), "https://blog.example/en");
    let portal = &settings.relying_parties["portal"];
    assert!(!portal.allow_unpushed_requests && portal.default_purpose.is_none());
}

#[test]
fn no_exception_goes_together_with_what_hands_out_access() {
    for purpose in ["recover", "rescue"] {
        for exception in [
            "jwks = \"party.json\"\nallow_unpushed_requests = true",
            SECRET,
            "jwks = \"party.json\"\ndefault_purpose = \"view\"",
        ] {
            let lines = format!("{exception}\npurposes = [\"view\", \"{purpose}\"]");
            let found = problems(&lines);
            assert!(
                found.iter().any(|p| p.contains("never together")),
                "{found:?}"
            );
        }
    }
}

#[test]
fn a_client_has_one_way_to_authenticate() {
    let both = format!("{SECRET}jwks = '{{\"keys\":[]}}'\npurposes = [\"view\"]");
    assert_eq!(problems(&both).len(), 1);
    assert_eq!(problems("purposes = [\"view\"]").len(), 1);
    let short = "client_secret_sha256 = \"2bb8\"\npurposes = [\"view\"]";
    assert_eq!(problems(short).len(), 1);
    let useless = "jwks = '{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}'\npurposes = [\"view\"]";
    assert_eq!(problems(useless).len(), 1);
}

#[test]
fn every_problem_of_a_client_is_told_at_once() {
    let lines = format!(
        "{SECRET}purposes = [\"view\"]\ndefault_purpose = \"link\"\nid_token_signed_response_alg = \"HS256\"\n\
         start_url = \"http://blog.example/\"\npolicy_uri = {{ ja = \"blog\" }}\n\
         tos_uri = {{ ja = \"javascript:1\", en = \"https://blog.example/\" }}"
    );
    let found = problems(&lines);
    assert_eq!(found.len(), 5, "{found:#?}");
}

//! What a file and an environment may say, and what is said when they cannot be used.

use super::{Layers, Problems, SettingsError, web};
use serde::Deserialize;
use std::ffi::OsString;
use std::net::SocketAddr;

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
struct Whole {
    listen: Option<SocketAddr>,
    limits: Limits,
    party: Vec<Party>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
struct Limits {
    address: u32,
    note: String,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            address: 60,
            note: "plain".to_owned(),
        }
    }
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
struct Party {
    id: Option<String>,
    words: Vec<String>,
}

const GOOD: &str = "listen = \"127.0.0.1:1\"\n[limits]\naddress = 5\n[[party]]\nid = \"a\"\n";

/// Checks as a server would.
fn check(layers: &Layers) -> Result<Whole, Vec<String>> {
    let mut problems = Problems::default();
    let whole: Option<Whole> = layers.extract(&mut problems);
    if let Some(whole) = &whole {
        problems.required("listen", whole.listen);
        for (i, party) in whole.party.iter().enumerate() {
            problems.required(&format!("party.{i}.id"), party.id.as_ref());
        }
    }
    match problems.finish(whole) {
        Ok(checked) => Ok(checked.settings),
        Err(SettingsError::Invalid(problems)) => Err(problems),
        Err(other) => panic!("{other}"),
    }
}

fn with_environment(variables: &[(&str, &str)]) -> Result<Whole, Vec<String>> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("settings.toml");
    std::fs::write(&path, GOOD).unwrap();
    let variables = variables
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    check(&Layers::read(&path, "KAZASU_TEST", variables).unwrap())
}

#[test]
fn defaults_stand_where_the_file_says_nothing() {
    let whole = check(&Layers::parse(GOOD).unwrap()).unwrap();
    assert_eq!(whole.limits.address, 5);
    assert_eq!(whole.limits.note, "plain");
}

#[test]
fn every_problem_is_told_at_once() {
    let text = "listen = 7\nsurprise = 1\n[limits]\naddress = \"many\"\nnoise = true\n\
                [[party]]\nwords = [\"x\"]\n[[party]]\nid = [1]\nwords = 3\n";
    let problems = check(&Layers::parse(text).unwrap()).unwrap_err();
    for place in [
        "listen: ",
        "surprise: is not a known key",
        "limits.address: must be u32",
        "limits.noise: is not a known key",
        "party.0.id: is missing",
        "party.1.id: must be",
        "party.1.words: must be",
    ] {
        let found = problems.iter().filter(|p| p.starts_with(place)).count();
        assert_eq!(found, 1, "{place} in {problems:#?}");
    }
    assert_eq!(problems.len(), 7, "{problems:#?}");
}

#[test]
fn a_value_that_cannot_be_read_is_not_shown() {
    let problems = check(&Layers::parse("limits = \"s3cret\"").unwrap()).unwrap_err();
    assert!(!problems.concat().contains("s3cret"), "{problems:?}");
    let Err(error) = Layers::parse("a = 1\npassword = \"s3cret\nb = 2 2\n") else {
        panic!("that is no TOML");
    };
    let text = error.to_string();
    assert!(!text.contains("s3cret"), "{text}");
    assert!(text.contains("line 2") && text.contains("line 3"), "{text}");
}

#[test]
fn a_table_that_is_no_table_does_not_hide_other_problems() {
    let problems = check(&Layers::parse("limits = 3\nparty = [1]\n").unwrap()).unwrap_err();
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[test]
fn the_environment_wins_over_the_file() {
    let whole = with_environment(&[
        ("KAZASU_TEST__LISTEN", "[::1]:2"),
        ("KAZASU_TEST__LIMITS__NOTE", "some words"),
        ("KAZASU_TEST__PARTY", "[{ id = \"b\" }]"),
        ("KAZASU_TESTING__LISTEN", "nonsense"),
    ])
    .unwrap();
    assert_eq!(whole.listen, Some("[::1]:2".parse().unwrap()));
    assert_eq!(whole.limits.address, 5);
    assert_eq!(whole.limits.note, "some words");
    assert_eq!(whole.party[0].id.as_deref(), Some("b"));
    assert_eq!(whole.party.len(), 1);
}

#[test]
fn a_problem_of_the_environment_names_its_variable() {
    let problems = with_environment(&[("KAZASU_TEST__LIMITS__ADDRESS", "many")]).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].contains("KAZASU_TEST__LIMITS__ADDRESS"),
        "{problems:?}"
    );
}

#[test]
fn an_origin_is_https_or_on_this_machine_and_written_one_way() {
    for (text, is_fine) in [
        ("https://a.example", true),
        ("http://localhost:1", true),
        ("http://a.localhost:1", true),
        ("http://a.example", false),
        ("https://a.example/", false),
        ("https://A.example", false),
        ("https://a.example:443", false),
        ("a.example", false),
    ] {
        let mut problems = Problems::default();
        assert_eq!(
            web::origin(&mut problems, "origin", text).is_some(),
            is_fine,
            "{text}"
        );
        assert_eq!(problems.finish(Some(())).is_ok(), is_fine, "{text}");
    }
}

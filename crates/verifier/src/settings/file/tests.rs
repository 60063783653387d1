//! What a configuration may and may not say.

use crate::settings::{Settings, SettingsError};
use kazasu_service::store::Location;
use kazasu_statement::{Mode, Purpose};
use std::path::Path;

const GOOD: &str = include_str!("../../../verifier.example.toml");

fn parse(text: &str) -> Result<Settings, SettingsError> {
    Settings::parse(text, Path::new("/etc/kazasu"))
}

fn problems(text: &str) -> Vec<String> {
    match parse(text) {
        Err(SettingsError::Invalid(problems)) => problems,
        other => panic!("expected problems, got {other:?}"),
    }
}

#[test]
fn a_complete_file_is_understood() {
    let settings = parse(GOOD).unwrap();
    let party = &settings.relying_parties["portal"];
    assert!(matches!(
        &settings.database,
        Location::Sqlite(path) if path == Path::new("/etc/kazasu/verifier.db")
    ));
    assert_eq!(settings.lifetimes.transaction, 600);
    assert_eq!(party.modes(Purpose::Recover), [Mode::SamePhone]);
    assert_eq!(
        party.modes(Purpose::Link),
        [Mode::SamePhone, Mode::OtherDevice]
    );
    assert_eq!(party.modes(Purpose::Rescue), []);
}

#[test]
fn an_unknown_key_is_an_error() {
    let text = format!("surprise = 1\n{GOOD}");
    assert_eq!(problems(&text).len(), 1);
}

#[test]
fn several_problems_are_told_at_once() {
    let text = GOOD
        .replace("https://verifier.example", "http://verifier.example")
        .replace("https://tap.example", "https://tap.example/")
        .replace("\"view\", ", "\"vew\", ")
        .replace("claims = [\"name\"]", "claims = [\"address\"]");
    assert_eq!(problems(&text).len(), 4, "{:?}", problems(&text));
}

#[test]
fn an_empty_file_names_everything_that_is_missing() {
    let found = problems("");
    for key in [
        "origin",
        "ticket_origin",
        "listen",
        "database",
        "keys",
        "trust",
    ] {
        let line = format!("{key}: is missing");
        assert!(found.contains(&line), "{key} in {found:?}");
    }
    assert_eq!(found.len(), 8, "{found:?}");
}

#[test]
fn a_wrong_type_and_a_wrong_value_are_told_together() {
    let text = GOOD
        .replace("\"127.0.0.1:7080\"", "7080")
        .replace("sector = \"portal.example\"", "sector = 1")
        .replace("\"view\", ", "\"vew\", ");
    let found = problems(&text);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found
            .iter()
            .any(|p| p.starts_with("relying_party.0.sector: must be"))
    );
}

#[test]
fn a_name_that_would_rearrange_the_sentence_around_it_is_refused() {
    for mark in [
        "\\n",
        "\\u001B[2J",
        "\\u202E",
        "\\u2067",
        "\\u200F",
        "\\u2028",
        "\\u007F",
    ] {
        for (key, place) in [
            ("\nname = { ja = \"", "name.ja"),
            ("見本ポータル\", en = \"", "name.en"),
        ] {
            let text = GOOD.replace(key, &format!("{key}x{mark}"));
            assert_ne!(text, GOOD);
            let found = problems(&text);
            assert!(
                found.iter().all(|problem| problem.contains(place)),
                "{found:?}"
            );
        }
        let text = GOOD.replace("id = \"portal", &format!("id = \"portal{mark}"));
        assert!(!problems(&text).is_empty(), "{mark}");
    }
}

#[test]
fn a_row_outlasts_the_request_and_the_tap_it_remembers() {
    for (row, is_fine) in [(719, false), (720, true)] {
        let text = GOOD.replace("row = 86400", &format!("row = {row}"));
        assert_eq!(parse(&text).is_ok(), is_fine, "{row}");
    }
    let text = GOOD
        .replace("row = 86400", "row = 720")
        .replace("pushed_request = 60", "pushed_request = 721");
    assert_eq!(problems(&text).len(), 1);
}

#[test]
fn test_anchors_never_join_the_production_hierarchy() {
    let text = GOOD.replace(
        "\"production\"",
        "\"production\", test_anchors = [\"ca.der\"]",
    );
    assert_eq!(problems(&text).len(), 1);
    let text = GOOD.replace("\"production\"", "\"test\"");
    assert_eq!(problems(&text).len(), 1);
}

/// The portal with modes of its own.
fn with_modes(modes: &str) -> String {
    GOOD.replace(
        "claims = [\"name\"]",
        &format!("claims = [\"name\"]\nmodes = {{ {modes} }}"),
    )
}

#[test]
fn modes_are_chosen_for_allowed_purposes_only() {
    let text = with_modes("recover = [\"other-device\"]");
    let settings = parse(&text).unwrap();
    assert_eq!(
        settings.relying_parties["portal"].modes(Purpose::Recover),
        [Mode::OtherDevice]
    );
    let text = with_modes("rescue = [\"other-device\"]");
    assert_eq!(problems(&text).len(), 1);
    let text = with_modes("link = [\"local\"]");
    let settings = parse(&text).unwrap();
    let modes = settings.relying_parties["portal"].modes(Purpose::Link);
    assert_eq!(modes, [Mode::Local]);
}

#[test]
fn tickets_have_a_host_of_their_own() {
    let text = GOOD.replace("https://tap.example", "https://verifier.example:8443");
    assert_eq!(
        problems(&text),
        ["ticket_origin: must have another host than origin"]
    );
}

#[test]
fn apps_are_named_as_phones_compare_them() {
    let fingerprint = ["0A"; 32].join(":");
    let apps = |fingerprint: &str, ios: &str| {
        format!(
            "{GOOD}\n[apps]\nios = [\"{ios}\"]\nandroid = [{{ package = \"example.app\", sha256_fingerprints = [\"{fingerprint}\"] }}]\n"
        )
    };
    let good = apps(&fingerprint, "ABCDE12345.example.app");
    assert_eq!(parse(&good).unwrap().apps.android[0].package, "example.app");
    let small = apps(&fingerprint.to_lowercase(), "ABCDE12345.example.app");
    assert_eq!(problems(&small).len(), 1);
    let short = apps(&fingerprint[3..], "example.app");
    assert_eq!(problems(&short).len(), 2);
}

#[test]
fn the_institutions_links_are_addresses_and_its_logo_is_a_picture() {
    let text = GOOD
        .replace("# logo = \"logo.svg\"", "logo = \"missing.svg\"")
        .replace("https://www.example.jp/help", "/help");
    let found = problems(&text);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().any(|p| p.starts_with("pages.help.ja: ")));
    assert!(found.iter().any(|p| p.starts_with("pages.logo: ")));
    let nobody = GOOD.replace("institution =", "# institution =");
    assert_eq!(parse(&nobody).unwrap().institution.name.en, "Kazasu");
}

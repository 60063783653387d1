//! What the pages of the demo say: the same in both languages, each said, none missing.

use crate::{front, phone, sign_in};
use kazasu_service::page::{Language, Source, Texts};
use std::collections::BTreeSet;
use std::path::Path;

/// The texts of each site, and where they are said: code, and templates.
const SITES: &[(Source, &[&str])] = &[
    (
        phone::TEXTS,
        &["src/phone.rs", "src/phone", "templates/phone"],
    ),
    (
        sign_in::TEXTS,
        &["src/sign_in.rs", "src/sign_in", "templates/sign_in"],
    ),
    (
        front::TEXTS,
        &["src/front.rs", "src/front", "templates/front"],
    ),
];

#[test]
fn both_languages_say_the_same_things() {
    for (source, _) in SITES {
        let (_, lacking) = source.keys();
        assert!(lacking.is_empty(), "{lacking:?}");
    }
}

#[test]
fn every_text_that_is_said_exists_and_every_text_is_said() {
    for (source, places) in SITES {
        let (exist, _) = source.keys();
        let code: String = places.iter().map(|place| sources(place)).collect();
        let quoted: BTreeSet<&str> = code.split('"').collect();
        // `{}` in code stands for a word, and a notice has three texts.
        let is_said = |key: &str| {
            let built = |said: &&str| {
                let parts = said.split_once("{}").filter(|(start, _)| !start.is_empty());
                parts.is_some_and(|(start, _)| key.starts_with(start))
            };
            let whole = key.trim_end_matches(".why").trim_end_matches(".next");
            quoted.contains(key) || quoted.contains(whole) || quoted.iter().any(built)
        };
        let unsaid: Vec<_> = exist.iter().filter(|key| !is_said(key)).collect();
        assert!(unsaid.is_empty(), "{unsaid:?}");
        let texts = Texts::new(&[*source]);
        let words = texts.words(Language::English);
        let said = ["say(\"", "say_with(\"", "say_all(\"", "count(\""]
            .iter()
            .flat_map(|call| code.split(call).skip(1))
            .filter_map(|rest| rest.split('"').next());
        for key in said {
            assert!(words.has(key), "{key}");
        }
    }
}

/// A file of this package, or all files of a folder and of those in it, as one text.
fn sources(place: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(place);
    if path.is_file() {
        return std::fs::read_to_string(path).unwrap();
    }
    let mut text = String::new();
    for entry in std::fs::read_dir(&path).unwrap() {
        let name = entry.unwrap().file_name();
        text.push_str(&sources(&format!("{place}/{}", name.to_string_lossy())));
    }
    text
}

//! The texts of the pages: the same in both languages, each said, none missing.

use super::*;
use kazasu_service::page::{Language as Spoken, Texts};
use kazasu_statement::{Purpose, Reason};
use std::collections::BTreeSet;
use std::path::Path;

/// The refusals that pages have words of their own for: those a browser can meet.
const ON_PAGES: [Reason; 9] = [
    Reason::TicketUnknown,
    Reason::CookiesRequired,
    Reason::PairingFailed,
    Reason::WrongBrowser,
    Reason::ModeNotAllowed,
    Reason::Cancelled,
    Reason::TransactionExpired,
    Reason::AlreadyAccepted,
    Reason::RateLimited,
];

#[test]
fn both_languages_say_the_same_things() {
    let (_, lacking) = TEXTS.keys();
    assert!(lacking.is_empty(), "{lacking:?}");
}

#[test]
fn every_text_that_is_said_exists_and_every_text_is_said() {
    let (exist, _) = TEXTS.keys();
    let code = [sources("src/pages"), sources("templates")].concat();
    let quoted: BTreeSet<&str> = code.split('"').collect();
    let built = |key: &str| key.starts_with("purpose-") || key.starts_with("refused-");
    let unsaid: Vec<_> = exist
        .iter()
        .filter(|key| !built(key) && !quoted.contains(key.as_str()))
        .collect();
    assert!(unsaid.is_empty(), "{unsaid:?}");
    let texts = Texts::new(&[TEXTS]);
    let words = texts.words(Spoken::English);
    let said = ["say(\"", "say_with(\"", "say_all(\"", "count(\""]
        .iter()
        .flat_map(|call| code.split(call).skip(1))
        .filter_map(|rest| rest.split('"').next());
    for key in said {
        assert!(words.has(key), "{key}");
    }
    let refused = ON_PAGES.map(|reason| format!("refused-{reason}"));
    let purposes = Purpose::ALL
        .iter()
        .map(|purpose| format!("purpose-{purpose}"));
    for key in refused.into_iter().chain(purposes) {
        assert!(words.has(&key), "{key}");
    }
}

/// All files of a folder of this package, and of those in it, in one text.
fn sources(folder: &str) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let inside = format!("{folder}/{}", path.file_name().unwrap().to_string_lossy());
        match path.extension().and_then(|e| e.to_str()) {
            None => text.push_str(&sources(&inside)),
            Some("rs" | "html") if !path.ends_with("tests.rs") => {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
            Some(_) => {}
        }
    }
    text
}

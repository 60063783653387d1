//! That every text is there in both languages.

use super::TEXTS;
use super::refusal::Reason;
use crate::mail::Kind;
use crate::standing::Obstacle;
use kazasu_service::page::{Language, Texts};

fn every(check: impl Fn(&dyn Fn(&str) -> bool)) {
    let texts = Texts::new(&TEXTS);
    for language in Language::ALL {
        let words = texts.words(language);
        check(&|key: &str| words.has(key));
    }
}

#[test]
fn both_languages_say_the_same_things() {
    for source in TEXTS {
        assert_eq!(source.keys().1, std::collections::BTreeSet::new());
    }
}

#[test]
fn every_refusal_says_what_happened_why_and_what_to_do() {
    let failures = [
        "directory_unavailable",
        "verifier_unavailable",
        "sign_in_unavailable",
    ];
    let words = Reason::ALL.into_iter().map(Reason::word).chain(failures);
    for word in words {
        every(|has| {
            for part in ["", ".why", ".next"] {
                assert!(has(&format!("refused-{word}{part}")), "{word}{part}");
            }
        });
    }
}

#[test]
fn every_obstacle_and_every_event_has_a_sentence() {
    let account = crate::account::AccountId::parse("0123456789", None).unwrap();
    let obstacles = [
        Obstacle::NotLinked,
        Obstacle::Maturing(0),
        Obstacle::Frozen,
        Obstacle::Locked,
        Obstacle::Revoked(None),
        Obstacle::Gone,
        Obstacle::UseStudentAccount(account),
        Obstacle::Staff,
        Obstacle::NotOffered,
        Obstacle::TooOften,
        Obstacle::DirectoryDown,
    ];
    for obstacle in obstacles {
        every(|has| assert!(has(&format!("obstacle-{}", obstacle.word()))));
    }
    for kind in Kind::ALL {
        every(|has| assert!(has(&format!("event-{}", kind.as_str())), "{kind:?}"));
    }
}

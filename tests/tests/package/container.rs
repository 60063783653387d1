//! The container file. There is no builder here: it is read, not built.

use crate::repository;
use std::collections::BTreeMap;

/// Instructions with their arguments, continued lines joined, comments left out.
fn instructions(text: &str) -> Vec<(String, String)> {
    let joined = text.replace("\\\n", " ");
    joined
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (word, rest) = line.split_once(' ').expect("an instruction has arguments");
            (word.to_owned(), rest.trim().to_owned())
        })
        .collect()
}

#[test]
fn the_container_file_is_consistent() {
    eprintln!("NOT RUN: building the container; its file is only read");
    let text = std::fs::read_to_string(repository("deploy/Containerfile")).unwrap();
    let known = [
        "FROM",
        "RUN",
        "WORKDIR",
        "COPY",
        "USER",
        "VOLUME",
        "EXPOSE",
        "STOPSIGNAL",
        "ENTRYPOINT",
        "CMD",
    ];
    let mut users: BTreeMap<String, String> = BTreeMap::new();
    let mut stage = String::new();
    for (word, rest) in instructions(&text) {
        assert!(known.contains(&word.as_str()), "{word}");
        match word.as_str() {
            "FROM" => {
                let (base, name) = rest.split_once(" AS ").unwrap();
                let user = users.get(base).cloned().unwrap_or_default();
                stage = name.to_owned();
                users.insert(stage.clone(), user);
            }
            "COPY" => {
                if let Some(from) = rest.strip_prefix("--from=") {
                    let from = from.split(' ').next().unwrap();
                    assert!(users.contains_key(from), "{rest}");
                }
            }
            "USER" => {
                users.insert(stage.clone(), rest);
            }
            "ENTRYPOINT" | "CMD" | "VOLUME" => {
                let words: Vec<String> = serde_json::from_str(&rest).unwrap();
                assert!(!words.is_empty(), "{rest}");
            }
            _ => {}
        }
    }
    for program in ["verifier", "portal"] {
        assert_eq!(users[program], "kazasu", "{program} does not run as root");
    }
}

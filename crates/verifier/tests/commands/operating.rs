//! docs/operating.md says what works.

use crate::program::{Serving, in_folder, run};

const DOCUMENT: &str = include_str!("../../../../docs/operating.md");

/// The commands of each block, lines that end with a backslash joined.
fn blocks() -> Vec<Vec<String>> {
    let blocks = DOCUMENT.split("```sh\n").skip(1);
    blocks
        .map(|rest| {
            let (block, _) = rest.split_once("```").unwrap();
            let joined = block.replace("\\\n", " ");
            let code = |line: &str| line.split(" # ").next().unwrap().trim().to_owned();
            joined
                .lines()
                .map(code)
                .filter(|line| !line.is_empty())
                .collect()
        })
        .collect()
}

fn words(line: &str) -> Vec<&str> {
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(words[0], "kazasu-verifier");
    words[1..].to_vec()
}

#[test]
fn the_first_block_ends_in_a_server_that_answers() {
    let folder = tempfile::tempdir().unwrap();
    let block = blocks().remove(0);
    let (last, first) = block.split_last().unwrap();
    assert!(first.len() >= 3, "{block:?}");
    for line in first {
        let output = in_folder(folder.path(), &words(line)).output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
    }
    let serving = Serving::start(in_folder(folder.path(), &words(last)));
    assert!(serving.get("/oidc/jwks").starts_with("HTTP/1.1 200"));
    serving.end();
}

#[test]
fn every_command_and_option_that_is_shown_exists() {
    let blocks = blocks().concat();
    let ours = blocks
        .iter()
        .filter(|line| line.starts_with("kazasu-verifier "));
    let mut count = 0;
    for line in ours {
        let words = words(line);
        let is_command = |word: &&&str| {
            !word.starts_with('-') && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
        };
        let names: Vec<&str> = words
            .iter()
            .take(2)
            .take_while(is_command)
            .copied()
            .collect();
        // The second may be an argument that looks like a command.
        let help = match run(&[&names[..], &["--help"]].concat()) {
            done if done.code == 0 => done.out,
            _ => run(&[names[0], "--help"]).success(),
        };
        for option in words.iter().filter(|word| word.starts_with("--")) {
            assert!(help.contains(option), "{line}: {option}\n{help}");
            count += 1;
        }
    }
    assert!(count >= 8, "{count}");
}

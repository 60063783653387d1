//! docs/operating.md says what works.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use kazasu_demo::operator::Program;
use kazasu_demo::process::binary;

const DOCUMENT: &str = include_str!("../../docs/operating.md");
/// It refers to this one.
const MAIL: &str = include_str!("../../docs/mail.md");

fn programs() -> [Program; 2] {
    [
        Program {
            binary: binary("kazasu-verifier").unwrap(),
            variables: "KAZASU_VERIFIER",
            configuration: "verifier.toml",
            host: "127.0.0.1:7080",
        },
        Program {
            binary: binary("kazasu-portal").unwrap(),
            variables: "KAZASU_PORTAL",
            configuration: "portal.toml",
            host: "127.0.0.1:7090",
        },
    ]
}

fn name(program: &Program) -> &str {
    program.binary.file_name().unwrap().to_str().unwrap()
}

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

/// Whether one of the two documents has a metric, with its labels or without.
fn is_documented(metric: &str) -> bool {
    let words = [DOCUMENT, MAIL].concat();
    ["`", "{"]
        .iter()
        .any(|end| words.contains(&format!("`{metric}{end}")))
}

/// What follows the program's name, where a line begins with it.
fn words<'a>(line: &'a str, program: &Program) -> Option<Vec<&'a str>> {
    let mut words = line.split_whitespace();
    (words.next() == Some(name(program))).then(|| words.collect())
}

#[test]
fn the_block_to_try_each_program_ends_in_a_server_that_answers() {
    for program in programs() {
        let serves = |block: &Vec<String>| {
            let last = words(block.last().unwrap(), &program);
            last.is_some_and(|words| words[0] == "serve")
        };
        let blocks: Vec<_> = blocks().into_iter().filter(serves).collect();
        let [block] = &blocks[..] else {
            panic!("{} of {}", blocks.len(), name(&program));
        };
        let (last, first) = block.split_last().unwrap();
        assert!(first.len() >= 3, "{block:?}");
        let folder = tempfile::tempdir().unwrap();
        for line in first {
            let words = words(line, &program).unwrap();
            let done = program.run_in(folder.path(), &words);
            assert_eq!(done.code, 0, "{line}: {}{}", done.out, done.err);
        }
        let serving = program.serve_in(folder.path(), &words(last, &program).unwrap());
        let ready = serving.get_admin("/health/ready");
        assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
        let metrics = serving.get_admin("/metrics");
        let names = metrics
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "))
            .map(|line| line.split(' ').next().unwrap());
        let undocumented: Vec<_> = names.filter(|name| !is_documented(name)).collect();
        assert!(undocumented.is_empty(), "{undocumented:?}");
        serving.end();
    }
}

#[test]
fn every_command_and_option_that_is_shown_exists() {
    for program in programs() {
        let blocks = blocks().concat();
        let mut count = 0;
        for (line, words) in blocks
            .iter()
            .filter_map(|line| Some((line, words(line, &program)?)))
        {
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
            let help = match program.run(&[&names[..], &["--help"]].concat()) {
                done if done.code == 0 => done.out,
                _ => program.run(&[names[0], "--help"]).success(),
            };
            for option in words.iter().filter(|word| word.starts_with("--")) {
                assert!(help.contains(option), "{line}: {option}\n{help}");
                count += 1;
            }
        }
        assert!(count >= 8, "{count} of {}", name(&program));
    }
}

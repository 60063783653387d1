//! Completions and manual pages.

use crate::run;

#[test]
fn every_shell_is_told_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completions", shell]).success();
        for command in ["init", "check-config", "jwks", "unfreeze", "restore"] {
            assert!(script.contains(command), "{command} in {shell}");
        }
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    run(&["man", folder.path().to_str().unwrap()]).success();
    for page in [
        "",
        "-serve",
        "-init",
        "-jwks",
        "-unfreeze",
        "-audit-verify",
        "-directory-import",
        "-backup",
    ] {
        let path = folder.path().join(format!("kazasu-portal{page}.1"));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(".SH DESCRIPTION"), "{}", path.display());
    }
    let whole = std::fs::read_to_string(folder.path().join("kazasu-portal.1")).unwrap();
    assert!(whole.contains("Exits with 0"), "exit codes are told");
}

#[test]
fn without_a_command_the_usage_is_told() {
    let done = run(&[]);
    assert_eq!(done.code, 2);
    assert!(done.err.contains("Usage:"));
}

//! The systemd unit.

use crate::{not_run, repository};
use std::process::Command;

/// Ten times the exposure that `systemd-analyze security` may find: 0 is none, 100 is everything.
const EXPOSURE: &str = "15";

fn analyze(words: &[&str]) -> Option<std::process::Output> {
    match Command::new("systemd-analyze").args(words).output() {
        Ok(output) => Some(output),
        Err(error) => {
            not_run("the systemd unit", &format!("systemd-analyze: {error}"));
            None
        }
    }
}

#[test]
fn systemd_understands_every_line_of_the_unit() {
    // The binary is not installed here, and systemd looks for it.
    let unit = std::fs::read_to_string(repository("deploy/kazasu-verifier.service")).unwrap();
    assert!(unit.contains("ExecStart=/usr/bin/kazasu-verifier "));
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("kazasu-verifier.service");
    std::fs::write(
        &here,
        unit.replace("=/usr/bin/kazasu-verifier", "=/bin/true"),
    )
    .unwrap();
    let Some(output) = analyze(&["verify", "--man=no", here.to_str().unwrap()]) else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    let about_ours: Vec<_> = said
        .lines()
        .filter(|line| line.contains("kazasu"))
        .collect();
    assert!(output.status.success() && about_ours.is_empty(), "{said}");
}

#[test]
fn the_service_is_as_confined_as_promised() {
    let unit = repository("deploy/kazasu-verifier.service");
    let threshold = format!("--threshold={EXPOSURE}");
    let words = [
        "security",
        "--offline=true",
        "--no-pager",
        &threshold,
        unit.to_str().unwrap(),
    ];
    if let Some(output) = analyze(&words) {
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
        assert!(said.contains("Overall exposure level"), "{said}");
    }
}

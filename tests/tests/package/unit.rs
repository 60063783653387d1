//! The systemd unit.

use crate::{PROGRAMS, filled, not_run};
use std::process::Command;

/// Ten times the exposure that `systemd-analyze security` may find: 0 is none, 100 is everything.
const EXPOSURE: &str = "13";

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
fn systemd_understands_every_line_of_the_units() {
    for name in PROGRAMS {
        let unit = filled(name, "server.service");
        // The binary is not installed here, and systemd looks for it.
        let binary = format!("=/usr/bin/kazasu-{name} ");
        assert!(unit.contains(&binary), "{unit}");
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().join(format!("kazasu-{name}.service"));
        std::fs::write(&here, unit.replace(&binary, "=/bin/true ")).unwrap();
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
}

#[test]
fn the_services_are_as_confined_as_promised() {
    for name in PROGRAMS {
        let folder = tempfile::tempdir().unwrap();
        let unit = folder.path().join(format!("kazasu-{name}.service"));
        std::fs::write(&unit, filled(name, "server.service")).unwrap();
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
}

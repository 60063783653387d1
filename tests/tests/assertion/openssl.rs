//! `openssl verify` for many certificates at once.

use std::path::Path;
use std::process::Command;

/// The policy of the test hierarchy.
pub(crate) const POLICY: &str = "1.2.392.200149.8.5.1.0.30";

/// What openssl says about one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    /// With the number of its first complaint.
    Refused(u32),
    /// It is no certificate.
    Unreadable,
}

/// What openssl says about each certificate under this authority at this time, with the policy and
/// purpose that user authentication requires.
pub(crate) fn verify(authority: &[u8], certificates: &[Vec<u8>], now: i64) -> Vec<Verdict> {
    // memory where there is some: a thousand files each time are slow on a disk
    let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let directory = directory.expect("a temporary folder");
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(directory.path().join(name), bytes).expect("a file in a temporary folder");
    };
    write("authority.der", authority);
    let names: Vec<String> = (0..certificates.len())
        .map(|index| format!("{index}.der"))
        .collect();
    for (name, certificate) in names.iter().zip(certificates) {
        write(name, certificate);
    }
    let said = run(directory.path(), &names, now);
    let mut verdicts = vec![None; certificates.len()];
    let mut settle = |file: &str, verdict| {
        let index: usize = file
            .strip_suffix(".der")
            .and_then(|index| index.parse().ok())
            .unwrap_or_else(|| panic!("openssl speaks of {file:?}"));
        assert_eq!(
            verdicts[index].replace(verdict),
            None,
            "two verdicts on {file}"
        );
    };
    let mut complaint = None;
    for line in said.lines() {
        if let Some(file) = line.strip_suffix(": OK") {
            settle(file, Verdict::Accepted);
        } else if let Some(file) = line.strip_prefix("Could not read certificate file from ") {
            settle(file, Verdict::Unreadable);
        } else if let Some(rest) = line.strip_prefix("error ") {
            if let Some(file) = rest.strip_suffix(": verification failed") {
                settle(file, Verdict::Refused(complaint.take().unwrap_or_default()));
            } else if let Some(code) = rest.split(' ').next().and_then(|code| code.parse().ok()) {
                complaint.get_or_insert(code);
            }
        }
    }
    let verdicts = verdicts.into_iter().enumerate();
    verdicts
        .map(|(index, verdict)| {
            verdict.unwrap_or_else(|| panic!("openssl is silent about {index}.der:\n{said}"))
        })
        .collect()
}

/// Both outputs, one after the other: verdicts are on either, complaints on the second only.
fn run(directory: &Path, names: &[String], now: i64) -> String {
    let output = Command::new("openssl")
        .current_dir(directory)
        .args([
            "verify",
            "-trusted",
            "authority.der",
            "-policy",
            POLICY,
            "-explicit_policy",
        ])
        .args(["-policy_check", "-purpose", "sslclient", "-x509_strict"])
        .args(["-attime", &now.to_string()])
        .args(names)
        .output()
        .expect("the openssl command is installed");
    let [out, err] =
        [output.stdout, output.stderr].map(|b| String::from_utf8_lossy(&b).into_owned());
    out + &err
}

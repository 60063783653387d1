//! The openssl command line, and a folder for what it reads.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kazasu_emulator::authority::{Authority, AuthorityOptions, IssuedCard, KeyAlgorithm};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The policy that certificates of the test hierarchy state.
pub(crate) const POLICY: &str = "1.2.392.200149.8.5.1.0.30";

/// What openssl said.
pub(crate) struct Said {
    pub(crate) success: bool,
    /// Standard output, then standard error.
    pub(crate) text: String,
}

/// An authority and a folder with its files.
pub(crate) struct Bench {
    pub(crate) authority: Authority,
    directory: TempDir,
}

impl Bench {
    pub(crate) fn new(options: AuthorityOptions, now: i64) -> Self {
        Self {
            authority: Authority::new(options, now).unwrap(),
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// Enrols a person and writes `ca.pem` and `leaf.pem`.
    pub(crate) fn with_card(options: AuthorityOptions, algorithm: KeyAlgorithm, now: i64) -> Self {
        let mut bench = Self::new(options, now);
        let card = bench.authority.enrol("taro", algorithm, now).unwrap();
        bench.write_card(&card);
        bench
    }

    pub(crate) fn write_card(&self, card: &IssuedCard) {
        self.write("ca.pem", pem("CERTIFICATE", &card.auth_ca_certificate_der));
        self.write("leaf.pem", pem("CERTIFICATE", &card.auth_certificate_der));
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs openssl in the folder; the arguments are separated by spaces.
    pub(crate) fn openssl(&self, arguments: &str) -> Said {
        openssl_in(self.directory.path(), arguments)
    }
}

/// Runs openssl in a folder.
pub(crate) fn openssl_in(directory: &Path, arguments: &str) -> Said {
    let output = Command::new("openssl")
        .args(arguments.split_ascii_whitespace())
        .current_dir(directory)
        .output()
        .expect("the openssl command line is needed for this test");
    let text = [output.stdout, output.stderr].concat();
    Said {
        success: output.status.success(),
        text: String::from_utf8_lossy(&text).into_owned(),
    }
}

/// A PEM block.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("base64 is ASCII"))
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// openssl compares OCSP dates with the system's clock, so its answers are made for that, too.
pub(crate) fn system_now() -> i64 {
    kazasu_emulator::authority::system_clock()()
}

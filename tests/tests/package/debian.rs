//! The Debian package, installed, used and purged in a minimal system of its own.

use crate::{not_run, repository};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// A root folder with a minimal Debian; nothing is ever mounted in it.
struct System(TempDir);

impl System {
    /// Unpacks the base system that `./dev test` put into the cache.
    fn unpack() -> Option<Self> {
        let what = "installing the Debian package";
        if !Uid::effective().is_root() {
            not_run(what, "needs root, for chroot");
            return None;
        }
        let Some(base) = base_system() else {
            not_run(
                what,
                "no base system in the cache; `deploy/base-system` makes it",
            );
            return None;
        };
        let folder = TempDir::with_prefix("kazasu-chroot").unwrap();
        success(
            Command::new("tar")
                .arg("-xf")
                .arg(base)
                .arg("-C")
                .arg(folder.path()),
        );
        Some(Self(folder))
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.0.path().join(inside.trim_start_matches('/'))
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("chroot");
        command.arg(self.0.path()).args(words);
        command
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C");
        command
    }

    fn run(&self, words: &[&str]) -> String {
        success(&mut self.command(words))
    }

    /// As the service's user, whom the package made.
    fn as_service(&self, words: &[&str]) -> Command {
        let mut command = Command::new("chroot");
        command
            .arg("--userspec=kazasu:kazasu")
            .arg(self.0.path())
            .args(words);
        command
    }
}

/// What the script put into the cache for this machine's release.
fn base_system() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache"),
        PathBuf::from,
    );
    let release = std::fs::read_to_string("/etc/os-release").ok()?;
    let codename = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))?;
    let entries = std::fs::read_dir(cache.join("kazasu")).ok()?;
    let is_base = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(&format!("debian-{codename}-")) && name.ends_with(".tar")
    };
    entries.map(|entry| entry.unwrap().path()).find(is_base)
}

fn output(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn success(command: &mut Command) -> String {
    let output = output(command);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn build(out: &Path) -> PathBuf {
    let binary = kazasu_demo::process::binary("kazasu-verifier").unwrap();
    let mut script = Command::new(repository("deploy/package"));
    PathBuf::from(success(script.arg(binary).arg(out)).trim_end())
}

/// Whoever gets here ends it, or dropping it does.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Serving {
    fn end(mut self) {
        let id = i32::try_from(self.0.id()).unwrap();
        kill(Pid::from_raw(id), Signal::SIGTERM).unwrap();
        assert!(self.0.wait().unwrap().success());
    }
}

/// Starts the service as the unit does, but for systemd, which does not run in a chroot.
fn serve(system: &System) -> Serving {
    let mut command = system.as_service(&[
        "/usr/bin/kazasu-verifier",
        "serve",
        "--config",
        "/etc/kazasu/verifier.toml",
    ]);
    command.env("KAZASU_VERIFIER__LISTEN", "127.0.0.1:0");
    command.env("KAZASU_VERIFIER__ADMIN__LISTEN", "127.0.0.1:0");
    command.env(
        "KAZASU_VERIFIER__KEYS",
        "{ source = \"credential\", name = \"keys\" }",
    );
    command.env("CREDENTIALS_DIRECTORY", "/run/credentials");
    let mut process = Serving(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    let out = process.0.stdout.as_mut().unwrap();
    BufReader::new(out).read_line(&mut line).unwrap();
    assert!(line.contains("\"ready\":true"), "{line}");
    process
}

/// As systemd hands over credentials: readable by the service, and by nobody else.
fn hand_over_keys(system: &System) {
    system.run(&[
        "install",
        "-d",
        "-m",
        "0500",
        "-o",
        "kazasu",
        "/run/credentials",
    ]);
    let (from, to) = ("/etc/kazasu/keys.toml", "/run/credentials/keys");
    system.run(&["install", "-m", "0400", "-o", "kazasu", from, to]);
}

#[test]
fn the_package_installs_serves_and_leaves_nothing_but_what_cannot_be_made_again() {
    let Some(system) = System::unpack() else {
        return;
    };
    let out = TempDir::new().unwrap();
    let package = build(out.path());
    std::fs::copy(&package, system.path("/package.deb")).unwrap();
    let said = system.run(&["dpkg", "--install", "/package.deb"]);
    assert!(said.contains("kazasu-verifier init /etc/kazasu"), "{said}");
    let files = system.run(&["dpkg", "--listfiles", "kazasu-verifier"]);
    for file in [
        "/usr/bin/kazasu-verifier",
        "/usr/lib/systemd/system/kazasu-verifier.service",
        "/usr/share/man/man1/kazasu-verifier-init.1.gz",
        "/usr/share/bash-completion/completions/kazasu-verifier",
        "/usr/share/doc/kazasu-verifier/operating.md",
    ] {
        assert!(files.lines().any(|line| line == file), "{file} in\n{files}");
    }

    // Root writes the configuration, as the package told; the service can read it, and no key.
    system.run(&[
        "kazasu-verifier",
        "init",
        "/etc/kazasu",
        "--data",
        "/var/lib/kazasu",
    ]);
    let read = |file| {
        output(&mut system.as_service(&["cat", file]))
            .status
            .success()
    };
    assert!(read("/etc/kazasu/verifier.toml"));
    assert!(!read("/etc/kazasu/keys.toml"));
    hand_over_keys(&system);
    serve(&system).end();
    system.run(&["kazasu-verifier", "audit", "verify"]);

    // Installing again, as an upgrade does, keeps everything, also changed settings.
    std::fs::write(system.path("/etc/default/kazasu-verifier"), "# ours\n").unwrap();
    system.run(&["dpkg", "--install", "/package.deb"]);
    let ours = std::fs::read_to_string(system.path("/etc/default/kazasu-verifier")).unwrap();
    assert_eq!(ours, "# ours\n");
    serve(&system).end();

    let said = system.run(&["dpkg", "--purge", "kazasu-verifier"]);
    assert!(said.contains("kept"), "{said}");
    assert!(system.path("/etc/kazasu/keys.toml").exists());
    assert!(system.path("/var/lib/kazasu/verifier.db").exists());
    for gone in ["/usr/bin/kazasu-verifier", "/etc/default/kazasu-verifier"] {
        assert!(!system.path(gone).exists(), "{gone}");
    }
}

#[test]
fn a_package_that_was_never_used_leaves_nothing() {
    let Some(system) = System::unpack() else {
        return;
    };
    let out = TempDir::new().unwrap();
    std::fs::copy(build(out.path()), system.path("/package.deb")).unwrap();
    let everything = [
        "find",
        "/etc",
        "/usr",
        "/var/lib/kazasu",
        "-newer",
        "/package.deb",
    ];
    system.run(&["dpkg", "--install", "/package.deb"]);
    assert!(system.path("/var/lib/kazasu").is_dir());
    system.run(&["dpkg", "--purge", "kazasu-verifier"]);
    for gone in [
        "/var/lib/kazasu",
        "/etc/kazasu",
        "/etc/default/kazasu-verifier",
    ] {
        assert!(!system.path(gone).exists(), "{gone}");
    }
    let left = output(&mut system.command(&everything)).stdout;
    let left = String::from_utf8(left).unwrap();
    let ours: Vec<_> = left
        .lines()
        .filter(|line| line.contains("kazasu"))
        .collect();
    assert!(ours.is_empty(), "{ours:?}");
    let passwd = std::fs::read_to_string(system.path("/etc/passwd")).unwrap();
    assert!(!passwd.contains("kazasu"));
}

//! The Debian packages, installed, used and purged in a minimal system of their own.

use crate::{PROGRAMS, not_run, repository};
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
        let what = "installing the Debian packages";
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
    fn as_service(&self, package: &Package, words: &[&str]) -> Command {
        let user = package.user;
        let mut command = Command::new("chroot");
        command
            .arg(format!("--userspec={user}:{user}"))
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

/// A package, and what is its own.
struct Package {
    name: &'static str,
    /// Of its user and its two folders.
    user: &'static str,
    keys: &'static str,
}

const VERIFIER: Package = Package {
    name: "verifier",
    user: "kazasu",
    keys: "keys.toml",
};
const PORTAL: Package = Package {
    name: "portal",
    user: "kazasu-portal",
    keys: "portal-keys.toml",
};

impl Package {
    fn program(&self) -> String {
        format!("kazasu-{}", self.name)
    }

    /// A file of its settings.
    fn etc(&self, file: &str) -> String {
        format!("/etc/{}/{file}", self.user)
    }

    /// A file of its data.
    fn var(&self, file: &str) -> String {
        format!("/var/lib/{}/{file}", self.user)
    }

    fn build_in(&self, out: &Path) -> PathBuf {
        let binary = kazasu_demo::process::binary(&self.program()).unwrap();
        let mut script = Command::new(repository("deploy/package"));
        let path = success(script.arg(binary).arg(out));
        PathBuf::from(path.trim_end())
    }

    /// Puts it where the system can install it.
    fn put_into(&self, system: &System) {
        let out = TempDir::new().unwrap();
        let package = self.build_in(out.path());
        std::fs::copy(package, system.path(&self.file())).unwrap();
    }

    fn file(&self) -> String {
        format!("/{}.deb", self.name)
    }

    fn install(&self, system: &System) -> String {
        system.run(&["dpkg", "--install", &self.file()])
    }

    fn purge(&self, system: &System) -> String {
        system.run(&["dpkg", "--purge", &self.program()])
    }

    /// Root writes the configuration, as the package tells.
    fn init(&self, system: &System) {
        let (folder, data) = (self.etc(""), self.var(""));
        let program = self.program();
        let mut words = vec![program.as_str(), "init", &folder, "--data", &data];
        if self.name == "portal" {
            words.push("--second-factor=urn:example:mfa");
        }
        system.run(&words);
    }

    /// Whether the service can read this.
    fn reads(&self, system: &System, file: &str) -> bool {
        let mut command = system.as_service(self, &["cat", file]);
        output(&mut command).status.success()
    }

    /// As systemd hands over credentials: readable by the service, and by nobody else.
    fn hand_over_keys(&self, system: &System) {
        let folder = self.credentials();
        let user = ["-o", self.user];
        system.run(&[&["install", "-d", "-m", "0500"][..], &user, &[&folder]].concat());
        let (from, to) = (self.etc(self.keys), format!("{folder}/keys"));
        system.run(&[&["install", "-m", "0400"][..], &user, &[&from, &to]].concat());
    }

    fn credentials(&self) -> String {
        format!("/run/credentials-{}", self.name)
    }

    /// Starts the service as the unit does, but for systemd, which does not run in a chroot.
    fn serve(&self, system: &System) -> Serving {
        let (binary, settings) = (
            format!("/usr/bin/{}", self.program()),
            self.etc(&format!("{}.toml", self.name)),
        );
        let mut command = system.as_service(self, &[&binary, "serve", "--config", &settings]);
        let variable = |key: &str| format!("KAZASU_{}__{key}", self.name.to_uppercase());
        command.env(variable("LISTEN"), "127.0.0.1:0");
        command.env(variable("ADMIN__LISTEN"), "127.0.0.1:0");
        let keys = "{ source = \"credential\", name = \"keys\" }";
        command.env(variable("KEYS"), keys);
        command.env("CREDENTIALS_DIRECTORY", self.credentials());
        let mut process = Serving(command.stdout(Stdio::piped()).spawn().unwrap());
        let mut line = String::new();
        let out = process.0.stdout.as_mut().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        assert!(line.contains("\"ready\":true"), "{line}");
        process
    }
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

/// Installs a package, uses it, and purges it.
fn live(package: &Package, system: &System) {
    package.put_into(system);
    let said = package.install(system);
    let program = package.program();
    let told = format!("{program} init {}", package.etc("").trim_end_matches('/'));
    assert!(said.contains(&told), "{told} in {said}");
    let files = system.run(&["dpkg", "--listfiles", &program]);
    for file in [
        format!("/usr/bin/{program}"),
        format!("/usr/lib/systemd/system/{program}.service"),
        format!("/usr/share/man/man1/{program}-init.1.gz"),
        format!("/usr/share/bash-completion/completions/{program}"),
        format!("/usr/share/doc/{program}/operating.md"),
        format!("/usr/share/doc/{program}/examples/{}.toml", package.name),
    ] {
        assert!(files.lines().any(|line| line == file), "{file} in\n{files}");
    }

    // The service can read its configuration, and no key.
    package.init(system);
    assert!(package.reads(system, &package.etc(&format!("{}.toml", package.name))));
    assert!(!package.reads(system, &package.etc(package.keys)));
    package.hand_over_keys(system);
    package.serve(system).end();
    // Where it is without being told.
    system.run(&[&program, "audit", "verify"]);

    // Installing again, as an upgrade does, keeps everything, also changed settings.
    let default = format!("/etc/default/{program}");
    std::fs::write(system.path(&default), "# ours\n").unwrap();
    package.install(system);
    let ours = std::fs::read_to_string(system.path(&default)).unwrap();
    assert_eq!(ours, "# ours\n");
    package.serve(system).end();

    let said = package.purge(system);
    assert!(said.contains("kept"), "{said}");
    let database = package.var(&format!("{}.db", package.name));
    for kept in [package.etc(package.keys), database] {
        assert!(system.path(&kept).exists(), "{kept}");
    }
    for gone in [format!("/usr/bin/{program}"), default] {
        assert!(!system.path(&gone).exists(), "{gone}");
    }
}

#[test]
fn a_package_installs_serves_and_leaves_nothing_but_what_cannot_be_made_again() {
    let Some(system) = System::unpack() else {
        return;
    };
    live(&VERIFIER, &system);
    live(&PORTAL, &system);
}

#[test]
fn two_packages_on_one_system_know_nothing_of_each_other() {
    let Some(system) = System::unpack() else {
        return;
    };
    let both = [VERIFIER, PORTAL];
    assert_eq!(both.each_ref().map(|package| package.name), PROGRAMS);
    for package in &both {
        package.put_into(&system);
        package.install(&system);
        package.init(&system);
        package.hand_over_keys(&system);
    }
    for (ours, theirs) in [(&both[0], &both[1]), (&both[1], &both[0])] {
        let serving = theirs.serve(&system);
        let database = theirs.var(&format!("{}.db", theirs.name));
        assert!(theirs.reads(&system, &database));
        assert!(!ours.reads(&system, &database), "{database}");
        serving.end();
    }
    VERIFIER.purge(&system);
    PORTAL.serve(&system).end();
}

#[test]
fn a_package_that_was_never_used_leaves_nothing() {
    let Some(system) = System::unpack() else {
        return;
    };
    for package in [VERIFIER, PORTAL] {
        package.put_into(&system);
        package.install(&system);
        assert!(system.path(&package.var("")).is_dir());
        package.purge(&system);
        let default = format!("/etc/default/{}", package.program());
        for gone in [package.var(""), package.etc(""), default] {
            assert!(!system.path(&gone).exists(), "{gone}");
        }
        let newer = package.file();
        let everything = ["find", "/etc", "/usr", "/var/lib", "-newer", &newer];
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
}

//! Tests that run in namespaces of their own: what they mount, and what listens there, nobody else
//! sees, and it ends with them. That works for root, and for everybody where the kernel lets them
//! make user namespaces.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Says which test runs inside its namespaces.
const INSIDE: &str = "KAZASU_TEST_INSIDE";

/// Runs `body` in network, mount and process namespaces of its own, where the only network is a
/// loopback, after the shell command `prepare`. `test` is the calling test's full name, which is
/// run once more for that; `missing` says what else it needs and does not find.
///
/// Where that is impossible, this fails if `CI` is `true`; otherwise it says so on standard error,
/// past any capture, and returns.
///
/// # Panics
/// If `body` does.
pub fn alone(
    test: &str,
    prepare: &str,
    missing: impl FnOnce() -> Option<String>,
    body: impl FnOnce(),
) {
    if std::env::var_os(INSIDE).is_some_and(|name| name == test) {
        body();
        return;
    }
    if let Some(missing) = no_namespaces().or_else(missing) {
        crate::not_run(test, &missing);
        return;
    }
    let output = in_namespaces(test, prepare).expect("this test's own program can be started");
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    // A misspelt name would run no test, and succeed.
    let passed = output.status.success() && text.contains("1 passed");
    assert!(passed, "inside its namespaces:\n{text}");
}

/// Says which of these programs are not installed.
pub fn not_installed(programs: &[&str]) -> Option<String> {
    let absent: Vec<_> = programs
        .iter()
        .filter(|name| find(name).is_none())
        .collect();
    (!absent.is_empty()).then(|| format!("not installed: {absent:?}"))
}

fn no_namespaces() -> Option<String> {
    not_installed(&["unshare", "ip"]).or_else(|| {
        let none = mapping().is_none();
        none.then(|| "this machine allows no namespaces".to_owned())
    })
}

/// The path of an installed program; administrators' programs are not on everybody's PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/bin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// A shell script in namespaces. They end with the command.
fn namespaces(mapping: &[&str], script: &str) -> Command {
    let script = format!("PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && {script}");
    let mut command = Command::new("unshare");
    command
        .args(mapping)
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child"])
        .args(["sh", "-c", &script]);
    command
}

/// What `unshare` needs to be told besides: nothing for root, a user namespace for others, and
/// for root in a container. `None` where neither is allowed.
fn mapping() -> Option<&'static [&'static str]> {
    static MAPPING: OnceLock<Option<&[&str]>> = OnceLock::new();
    *MAPPING.get_or_init(|| {
        let mappings: [&[&str]; 2] = [&[], &["--map-root-user"]];
        mappings.into_iter().find(|mapping| {
            let tried = namespaces(mapping, "mount -t tmpfs tmpfs /run").output();
            tried.is_ok_and(|output| output.status.success())
        })
    })
}

fn in_namespaces(test: &str, prepare: &str) -> std::io::Result<Output> {
    let mapping = mapping().expect("it was found before");
    namespaces(mapping, &format!(r#"{prepare} && exec "$0" "$@""#))
        .arg(std::env::current_exe()?)
        .args([test, "--exact", "--nocapture"])
        .env(INSIDE, test)
        .output()
}

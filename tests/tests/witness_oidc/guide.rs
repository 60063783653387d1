//! docs/relying-party.md: its code is the code that runs, its commands are run.

use aws_lc_rs::digest::{SHA256, digest};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the clients that `./dev` installs are.
fn cache() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache");
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
    cache.join("kazasu")
}

/// The Python that has Authlib.
pub(crate) fn python() -> PathBuf {
    cache().join("authlib/bin")
}

/// The packages of openid-client.
pub(crate) fn node_modules() -> PathBuf {
    cache().join("openid-client/node_modules")
}

fn text() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/relying-party.md");
    std::fs::read_to_string(path).unwrap()
}

/// The block of the guide that contains `mark`.
fn block(mark: &str) -> String {
    let text = text();
    let mut parts = text.split("```");
    let block = std::iter::from_fn(|| {
        parts.next()?;
        parts.next()
    })
    .find(|block| block.contains(mark));
    let block = block.unwrap_or_else(|| panic!("the guide has no block with {mark:?}"));
    let (_language, lines) = block.split_once('\n').unwrap();
    lines.to_owned()
}

/// The commands that make a key and what is registered of it.
pub(crate) fn make_key() -> String {
    block("openssl genpkey")
}

/// The command that starts the service, with the issuer and port of a test.
pub(crate) fn serve(script: &str, issuer: &str, port: u16) -> String {
    block(&format!("{script} serve"))
        .lines()
        .find(|line| line.contains(script))
        .unwrap()
        .replace("https://verifier.example", issuer)
        .replace("8000", &port.to_string())
}

/// The lines for the verifier's configuration, with the port of a test, in the portal's sector.
pub(crate) fn registration(port: u16, jwks: &Path) -> String {
    block("id = \"service\"")
        .replace("service.example", "portal")
        .replace("8000", &port.to_string())
        .replace("service-keys.json", jwks.to_str().unwrap())
}

const SECRET: &str = "Vqk2Yy3cTq0m4d1X9rJtA7hLwzE8sNoPfG5bUiKx6Rc";

/// The same for Apache.
pub(crate) fn apache_registration(port: u16) -> String {
    let hash = digest(&SHA256, SECRET.as_bytes());
    block("id = \"wiki\"")
        .replace("sector = \"wiki.example\"", "sector = \"portal\"")
        .replace("https://wiki.example", &format!("http://127.0.0.1:{port}"))
        .replace("SHA256-OF-THE-SECRET", &hex::encode(hash))
}

/// The lines for Apache itself.
pub(crate) fn apache_lines(port: u16, issuer: &str) -> String {
    block("OIDCProviderMetadataURL")
        .replace("https://verifier.example", issuer)
        .replace("https://wiki.example", &format!("http://127.0.0.1:{port}"))
        .replace("THE-SECRET", SECRET)
}

/// Writes the guide's code into a folder, as a reader would.
pub(crate) fn write_code(folder: &Path) {
    std::fs::write(folder.join("service.py"), block("class Kazasu")).unwrap();
    std::fs::write(folder.join("service.mjs"), block("Issuer.discover")).unwrap();
    if node_modules().exists() {
        std::os::unix::fs::symlink(node_modules(), folder.join("node_modules")).unwrap();
    }
}

/// A shell in `folder` with the installed clients.
pub(crate) fn shell(folder: &Path, line: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("sh");
    command
        .args(["-euc", line])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", python().display()));
    command
}

#[test]
fn the_guides_code_is_the_code_that_is_kept() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("witness");
    for (file, mark) in [
        ("authlib_rp.py", "class Kazasu"),
        ("openid_client_rp.mjs", "Issuer.discover"),
    ] {
        let kept = std::fs::read_to_string(kept.join(file)).unwrap();
        assert_eq!(block(mark), kept, "{file} and docs/relying-party.md differ");
    }
}

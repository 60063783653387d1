//! A university's sign-in that nobody here wrote: the npm package `oidc-provider`.

use crate::portal::{CLIENT_ID, Portal};
use anyhow::Result;
use kazasu_demo::process::{Process, free_port};
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// A running provider. It ends when it is dropped.
pub struct OidcProvider {
    /// Its issuer.
    pub issuer: String,
    /// Where it listens.
    pub listen: String,
    _process: Process,
}

impl OidcProvider {
    /// Whether `./dev setup` installed it.
    pub fn is_installed() -> bool {
        packages().join("oidc-provider").is_dir()
    }

    /// Starts one that signs anybody in to the portal, with its files in `folder`. Everybody
    /// reaches it at `origin`, if that is not where it listens.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start(folder: &Path, portal: &Portal, origin: Option<&str>) -> Result<Self> {
        let here = folder.join("sign-in");
        std::fs::create_dir(&here)?;
        // Node looks for packages beside the script.
        std::os::unix::fs::symlink(packages(), here.join("node_modules"))?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("witness/oidc_provider.mjs");
        std::fs::copy(script, here.join("provider.mjs"))?;
        let port = free_port()?;
        let mut node = Command::new("node");
        node.arg(here.join("provider.mjs"));
        node.args([&port.to_string(), CLIENT_ID]);
        node.arg(format!("{}/callback/sign-in", portal.origin));
        node.arg(&portal.jwks).args(origin);
        node.env("NODE_NO_WARNINGS", "1");
        let (process, _) = Process::start("sign-in", node, &here).await?;
        let listen = format!("127.0.0.1:{port}");
        Ok(Self {
            issuer: origin.map_or_else(|| format!("http://{listen}"), str::to_owned),
            listen,
            _process: process,
        })
    }
}

fn packages() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache");
    cache
        .unwrap_or_else(home)
        .join("kazasu/openid-client/node_modules")
}

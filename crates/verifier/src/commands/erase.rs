//! `erase`.

use super::Config;
use clap::Args;
use kazasu_service::commands::now;
use std::process::ExitCode;

/// Forget a person whom a relying party knows by a PPID, for every relying party. Verifiers may run.
///
/// Their next tap makes them somebody new; nothing leads back. That a certificate was revoked is
/// remembered. Exits with 1 if nobody has this PPID there.
#[derive(Args)]
pub(crate) struct Erase {
    #[command(flatten)]
    config: Config,
    /// The relying party that knows the PPID.
    #[arg(long, value_name = "ID")]
    relying_party: String,
    /// The PPID: the `sub` of ID tokens.
    #[arg(long, value_name = "PPID")]
    sub: String,
}

impl Erase {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.config.read()?;
        let erased = kazasu_verifier::erase(&settings, &self.relying_party, &self.sub, now());
        if !tokio::runtime::Runtime::new()?.block_on(erased)? {
            anyhow::bail!("nobody has this PPID at {}", self.relying_party);
        }
        println!("erased");
        Ok(ExitCode::SUCCESS)
    }
}

//! `jwks`.

use super::Config;
use clap::Args;
use kazasu_portal::Keys;
use std::process::ExitCode;

/// Write the public keys that the portal proves itself with: a JWK Set, for the verifier's `jwks`
/// and the sign-in's registration.
#[derive(Args)]
pub(crate) struct Jwks {
    #[command(flatten)]
    config: Config,
}

impl Jwks {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.config.read()?;
        println!("{}", Keys::load(&settings.keys)?.jwks());
        Ok(ExitCode::SUCCESS)
    }
}

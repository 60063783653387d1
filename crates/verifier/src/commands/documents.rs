//! `completions` and `man`.

use clap::{Args, Command};
use clap_complete::Shell;
use std::path::PathBuf;
use std::process::ExitCode;

/// Write a completion script to standard output.
#[derive(Args)]
pub(crate) struct Completions {
    /// Which shell.
    shell: Shell,
}

/// Write manual pages, one for each command.
#[derive(Args)]
pub(crate) struct Man {
    /// An existing folder.
    folder: PathBuf,
}

impl Completions {
    pub(crate) fn run(self, mut command: Command) -> ExitCode {
        let name = command.get_name().to_owned();
        clap_complete::generate(self.shell, &mut command, name, &mut std::io::stdout());
        ExitCode::SUCCESS
    }
}

impl Man {
    pub(crate) fn run(self, command: Command) -> anyhow::Result<ExitCode> {
        clap_mangen::generate_to(command, &self.folder)?;
        Ok(ExitCode::SUCCESS)
    }
}

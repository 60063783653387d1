//! `completions` and `man`.

use clap::{Args, Command};
use clap_complete::Shell;
use std::path::PathBuf;
use std::process::ExitCode;

/// Write a completion script to standard output.
#[derive(Args)]
pub struct Completions {
    /// Which shell.
    shell: Shell,
}

/// Write manual pages, one for each command.
#[derive(Args)]
pub struct Man {
    /// An existing folder.
    folder: PathBuf,
}

impl Completions {
    /// Writes the script for a program's whole `command`.
    pub fn run(self, mut command: Command) -> ExitCode {
        let name = command.get_name().to_owned();
        clap_complete::generate(self.shell, &mut command, name, &mut std::io::stdout());
        ExitCode::SUCCESS
    }
}

impl Man {
    /// Writes the pages of a program's whole `command`.
    ///
    /// # Errors
    /// If a page cannot be written.
    pub fn run(self, command: Command) -> std::io::Result<ExitCode> {
        clap_mangen::generate_to(command, &self.folder)?;
        Ok(ExitCode::SUCCESS)
    }
}

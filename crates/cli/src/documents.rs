//! Completions and manual pages, from the command line's own description.

use crate::arguments::Arguments;
use crate::failure::{Exit, Failure};
use crate::files::file_failure;
use crate::language::Language;
use clap::CommandFactory as _;
use clap_complete::Shell;
use std::path::Path;

pub(crate) fn completions(shell: Shell) -> Exit {
    let mut command = Arguments::command();
    clap_complete::generate(shell, &mut command, "kazasu", &mut std::io::stdout());
    Exit::Done
}

pub(crate) fn man(folder: &Path, language: Language) -> Result<Exit, Failure> {
    clap_mangen::generate_to(Arguments::command(), folder)
        .map_err(|error| file_failure(folder, &error, language))?;
    Ok(Exit::Done)
}

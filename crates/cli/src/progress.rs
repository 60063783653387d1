//! What is going on, on standard error: a spinner on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

const FRAMES: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_TIME: Duration = Duration::from_millis(100);
/// Back to the line's start, and erase it (ECMA-48 §8.3.41).
const CLEAR_LINE: &str = "\r\x1b[K";

/// The progress of this run.
pub(crate) struct Progress {
    silent: bool,
    terminal: bool,
    colour: bool,
    spinner: Mutex<Option<JoinHandle<()>>>,
}

impl Progress {
    /// `silent` where a program reads the events instead.
    pub(crate) fn new(silent: bool) -> Self {
        let terminal = stderr().is_terminal();
        // https://no-color.org: any value that is not empty.
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            silent,
            terminal,
            colour: terminal && !no_colour,
            spinner: Mutex::new(None),
        }
    }

    /// Says what is going on from now on.
    pub(crate) fn step(&self, text: &str) {
        self.pause();
        if self.silent {
            return;
        }
        if !self.terminal {
            eprintln!("{text}");
            return;
        }
        let text = text.to_owned();
        let spinner = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(FRAME_TIME);
            for frame in FRAMES.iter().cycle() {
                ticks.tick().await;
                eprint!("{CLEAR_LINE}{frame} {text}");
                let _ = stderr().flush();
            }
        });
        *self.spinner.lock().unwrap_or_else(PoisonError::into_inner) = Some(spinner);
    }

    /// Leaves the line to others: to a prompt, a result, an error.
    pub(crate) fn pause(&self) {
        let spinner = self
            .spinner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(spinner) = spinner {
            spinner.abort();
            eprint!("{CLEAR_LINE}");
            let _ = stderr().flush();
        }
    }

    /// Makes text stand out, where that is possible and wanted.
    pub(crate) fn strong(&self, text: &str) -> String {
        if self.colour {
            format!("\x1b[1m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

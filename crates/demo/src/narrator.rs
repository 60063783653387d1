//! What the terminal shows: chapters, steps as they happen, and a count that is kept honestly.

use anyhow::Result;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

/// How many checks the story has: what was never told has not passed.
const CHECKS: u32 = 12;

/// Tells the story and counts its checks.
pub(crate) struct Narrator {
    started: Instant,
    terminal: bool,
    colours: bool,
    checks: u32,
    passed: u32,
}

impl Narrator {
    pub(crate) fn new() -> Self {
        let terminal = std::io::stdout().is_terminal();
        Self {
            started: Instant::now(),
            terminal,
            colours: terminal && std::env::var_os("NO_COLOR").is_none(),
            checks: 0,
            passed: 0,
        }
    }

    pub(crate) fn chapter(&self, title: &str) {
        println!("\n{}", self.paint("1", title));
    }

    /// Makes one check and reports it: what is claimed, and what was seen.
    pub(crate) async fn check(
        &mut self,
        claim: &str,
        making: impl Future<Output = Result<String>>,
    ) {
        self.checks += 1;
        if self.terminal {
            print!("   …       {claim}\r");
            let _ = std::io::stdout().flush();
        }
        let seen = making.await;
        let time = self.started.elapsed().as_secs_f32();
        match seen {
            Ok(seen) => {
                self.passed += 1;
                println!("{time:5.1} s  {}  {claim}", self.paint("32", "✓"));
                for line in seen.lines() {
                    println!("            {line}");
                }
            }
            Err(error) => {
                println!("{time:5.1} s  {}  {claim}", self.paint("31", "✗"));
                println!("            {error:#}");
            }
        }
    }

    /// The last line, and the exit code: zero only if everything was told and passed.
    pub(crate) fn close(&self, complete: bool) -> ExitCode {
        println!("\ndemo: {} of {CHECKS} checks passed", self.passed);
        if complete && self.passed == CHECKS && self.checks == CHECKS {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colours {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

//! `kazasu`: the card tool, and a companion for the terminal.

mod arguments;
mod card;
mod connection;
mod documents;
mod failure;
mod files;
mod language;
mod messages;
mod pins;
mod progress;
mod readers;
mod tap;

use arguments::{Arguments, Command};
use clap::Parser;
use failure::{Exit, Failure};
use language::Language;
use progress::Progress;
use serde_json::{Value, json};
use std::process::ExitCode;

fn main() -> ExitCode {
    kazasu_reader::run_child_if_asked();
    let arguments = Arguments::parse();
    log_if_asked();
    let session = Session::new(&arguments);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a process can have one runtime");
    let outcome = runtime.block_on(run(&arguments, &session));
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            session.report(&failure);
            failure.exit.into()
        }
    }
}

/// For whoever looks for a fault: `RUST_LOG` says what to log, and without it nothing is. What is
/// logged names no PIN, name, certificate or APDU.
fn log_if_asked() {
    if let Ok(filter) = tracing_subscriber::EnvFilter::try_from_default_env() {
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(false)
            .init();
    }
}

async fn run(arguments: &Arguments, session: &Session) -> Result<Exit, Failure> {
    match &arguments.command {
        Command::Readers => readers::list(session).await,
        Command::Card(command) => card::run(command, &arguments.at_reader, session).await,
        Command::Tap(options) => tap::run(options, &arguments.at_reader, session).await,
        Command::Completions { shell } => Ok(documents::completions(*shell)),
        Command::Man { folder } => documents::man(folder, session.language),
    }
}

/// How this run speaks: to a person or to a program, and in which language.
struct Session {
    language: Language,
    json: bool,
    progress: Progress,
}

impl Session {
    fn new(arguments: &Arguments) -> Self {
        Self {
            language: arguments.lang.unwrap_or_else(Language::of_the_environment),
            json: arguments.json,
            progress: Progress::new(arguments.json),
        }
    }

    /// Writes a result: a sentence for a person, or JSON on one line.
    fn say(&self, text: &str, value: &Value) {
        self.progress.pause();
        if self.json {
            println!("{value}");
        } else {
            println!("{text}");
        }
    }

    /// Writes an event: a note for a person on standard error, or JSON on one line.
    fn note(&self, text: &str, event: &Value) {
        self.progress.pause();
        if self.json {
            println!("{event}");
        } else {
            eprintln!("{text}");
        }
    }

    fn report(&self, failure: &Failure) {
        self.progress.pause();
        if self.json {
            let mut error = json!({
                "event": "error",
                "code": failure.code,
                "message": failure.sentence,
                "next_step": failure.next_step,
            });
            if let Some(left) = failure.retries_left {
                error["retries_left"] = left.into();
            }
            println!("{error}");
        } else {
            eprintln!("{}", failure.sentence);
            eprintln!("→ {}", failure.next_step);
        }
    }
}

//! `kazasu readers`.

use crate::Session;
use crate::failure::{Exit, Failure};
use crate::language::Language;
use kazasu_reader::{Hint, Listing, ReaderInfo, ReaderState, Readers, Settings};
use serde_json::{Value, json};

/// All readers of this machine.
pub(crate) fn all(session: &Session) -> Result<Readers, Failure> {
    let settings = Settings::from_environment().map_err(|error| {
        Failure::reader(&kazasu_reader::ReaderError::Child(error), session.language)
    })?;
    Ok(Readers::new(settings))
}

pub(crate) async fn list(session: &Session) -> Result<Exit, Failure> {
    session.progress.step(
        session
            .language
            .pick("リーダーを探しています", "Looking for readers"),
    );
    let listing = all(session)?.list().await;
    let listing = listing.map_err(|error| Failure::reader(&error, session.language))?;
    session.say(&text(&listing, session.language), &as_json(&listing));
    if !session.json {
        for hint in &listing.hints {
            eprintln!("→ {}", hint_text(hint, session.language));
        }
    }
    Ok(if listing.readers.is_empty() {
        Exit::NoReader
    } else {
        Exit::Done
    })
}

fn text(listing: &Listing, language: Language) -> String {
    if listing.readers.is_empty() {
        return language
            .pick("リーダーが見つかりません。", "No reader is connected.")
            .to_owned();
    }
    let line =
        |reader: &ReaderInfo| format!("{}: {}", reader.name, state_text(reader.state, language));
    listing
        .readers
        .iter()
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
}

fn state_text(state: ReaderState, language: Language) -> &'static str {
    match state {
        ReaderState::Empty => language.pick("カードなし", "no card"),
        ReaderState::CardPresent => language.pick("カードあり", "a card"),
        ReaderState::InUse => {
            language.pick("ほかのプログラムが使用中", "in use by another program")
        }
        ReaderState::Unreachable => language.pick("応答なし", "does not answer"),
    }
}

fn hint_text(hint: &Hint, language: Language) -> String {
    match (hint, language) {
        (Hint::KernelModules(names), Language::Ja) => format!(
            "カーネルモジュール {} がUSBリーダーを占有することがあります。/etc/modprobe.d で blacklist にしてください。",
            names.join(", ")
        ),
        (Hint::KernelModules(names), Language::En) => format!(
            "The kernel modules {} may hold USB readers: blacklist them in /etc/modprobe.d.",
            names.join(", ")
        ),
        (Hint::NoPcscService, Language::Ja) => {
            "PC/SCサービスが動いていません。PC/SCリーダーを使うときは pcscd を起動してください。"
                .to_owned()
        }
        (Hint::NoPcscService, Language::En) => {
            "The PC/SC service does not run: start pcscd to use PC/SC readers.".to_owned()
        }
    }
}

fn as_json(listing: &Listing) -> Value {
    let readers: Vec<Value> = listing
        .readers
        .iter()
        .map(|reader| {
            json!({
                "name": reader.name,
                "kind": reader.kind.to_string(),
                "state": reader.state.as_str(),
            })
        })
        .collect();
    let hints: Vec<Value> = listing
        .hints
        .iter()
        .map(|hint| match hint {
            Hint::KernelModules(names) => json!({"hint": "kernel_modules", "modules": names}),
            Hint::NoPcscService => json!({"hint": "no_pcsc_service"}),
        })
        .collect();
    json!({"readers": readers, "hints": hints})
}

//! Where canaries are looked for: the files of a server.

use crate::needles::{Needles, Place};
use mail_parser::MessageParser;
use std::path::Path;

/// Files that are made to hold a secret, each one only its own.
const SECRETS: [&str; 4] = [
    "keys.toml",
    "portal-keys.toml",
    "sign-in-token",
    "client-secret",
];

/// Searches every file below `folder` and returns how many bytes that were.
pub(crate) fn search(
    folder: &Path,
    place: Place,
    needles: &Needles,
    found: &mut Vec<String>,
) -> usize {
    let mut searched = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            searched += search(&path, place, needles, found);
        } else if path.is_file() && !SECRETS.contains(&&*name) {
            // Some files of a running server come and go.
            let mut content = std::fs::read(&path).unwrap_or_default();
            let place = place_of(&name).unwrap_or(place);
            if place == Place::Mailed {
                content = decoded(&content);
            }
            searched += content.len();
            let here = needles.find(place, &content);
            found.extend(
                here.into_iter()
                    .map(|what| format!("{}: {what}", path.display())),
            );
        }
    }
    searched
}

fn place_of(name: &str) -> Option<Place> {
    let (_, kind) = name.rsplit_once('.')?;
    match kind {
        "log" => Some(Place::Told),
        "jsonl" => Some(Place::Audited),
        "eml" => Some(Place::Mailed),
        _ => None,
    }
}

/// A mail as it is, and what somebody reads of it: encodings break words into lines.
pub(crate) fn decoded(mail: &[u8]) -> Vec<u8> {
    let message = MessageParser::default().parse(mail).expect("a mail");
    let mut parts = vec![mail.to_vec()];
    let texts = (0..message.text_body_count()).filter_map(|part| message.body_text(part));
    let html = (0..message.html_body_count()).filter_map(|part| message.body_html(part));
    parts.extend(texts.chain(html).map(|text| text.as_bytes().to_vec()));
    parts.concat()
}

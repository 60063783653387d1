//! What is read from and written to files and standard streams.

use crate::Session;
use crate::arguments::SignOptions;
use crate::failure::{Exit, Failure};
use crate::language::Language;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha384};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// What to sign: the card's key says which digest.
pub(crate) enum Input {
    Sha256([u8; 32]),
    Both([u8; 32], [u8; 48]),
}

/// RFC 7468: lines of 64 characters.
pub(crate) fn pem(der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

pub(crate) fn read_input(options: &SignOptions, language: Language) -> Result<Input, Failure> {
    let Some(path) = &options.file else {
        return Ok(Input::Sha256(
            options.sha256.expect("clap requires one of the two"),
        ));
    };
    digests(path).map_err(|error| file_failure(path, &error, language))
}

fn digests(path: &Path) -> io::Result<Input> {
    let mut source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path)?)
    };
    let (mut sha256, mut sha384) = (Sha256::new(), Sha384::new());
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match source.read(&mut buffer)? {
            0 => {
                return Ok(Input::Both(
                    sha256.finalize().into(),
                    sha384.finalize().into(),
                ));
            }
            length => {
                let chunk = buffer
                    .get(..length)
                    .expect("read returns at most the buffer's length");
                sha256.update(chunk);
                sha384.update(chunk);
            }
        }
    }
}

/// A result that can go to a file.
pub(crate) struct Content<'a> {
    pub(crate) bytes: &'a [u8],
    /// What `--format` calls it.
    pub(crate) format: &'static str,
    /// What programs read of it on standard output, and the field it is in.
    pub(crate) field: &'static str,
    pub(crate) text: &'a str,
}

/// Writes a result to a file or to standard output. For programs standard output has an object:
/// `about`, and either the result or where it went.
pub(crate) fn write_out(
    content: &Content<'_>,
    mut about: Value,
    output: Option<&Path>,
    session: &Session,
) -> Result<Exit, Failure> {
    session.progress.pause();
    let written = match output {
        Some(path) => std::fs::write(path, content.bytes),
        None if session.json => Ok(()),
        None => io::stdout()
            .write_all(content.bytes)
            .and_then(|()| io::stdout().flush()),
    };
    let path = output.unwrap_or(Path::new("-"));
    written.map_err(|error| file_failure(path, &error, session.language))?;
    if session.json {
        match output {
            Some(path) => {
                about["output"] = path.display().to_string().into();
                about["format"] = content.format.into();
            }
            None => about[content.field] = content.text.into(),
        }
        println!("{about}");
    }
    Ok(Exit::Done)
}

pub(crate) fn file_failure(path: &Path, error: &io::Error, language: Language) -> Failure {
    let sentence = match language {
        Language::Ja => format!("{} を読み書きできません: {error}", path.display()),
        Language::En => format!("{} cannot be used: {error}", path.display()),
    };
    let next_step = language.pick("ファイルを確かめてください。", "Check the file.");
    Failure::new(Exit::File, "file", sentence, next_step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_lines_have_64_characters_and_no_empty_one() {
        let pem = pem(&[0; 96]);
        let lines: Vec<&str> = pem.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines.iter().skip(1).take(2).all(|line| line.len() == 64));
        assert_eq!(lines.last(), Some(&"-----END CERTIFICATE-----"));
    }
}

//! Secrets that an operator keeps, and where settings say that they are.

use serde::Deserialize;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where systemd puts the credentials of a service: systemd.exec(5).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Where a secret text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretText {
    /// In a file that only its owner may read.
    File(PathBuf),
    /// In the systemd credential of this name.
    Credential(String),
    /// In the environment variable of this name.
    Environment(String),
}

/// A secret text as settings name it: `key = "file"`, or `key = { source = "…", … }`.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct SecretTable(Setting);

#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "a path, or a table with source = \"file\", \"credential\" or \"env\" and what belongs to it"
)]
enum Setting {
    Path(PathBuf),
    Table(Table),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "source", rename_all = "lowercase", deny_unknown_fields)]
enum Table {
    File { path: PathBuf },
    Credential { name: String },
    Env { variable: String },
}

/// Why a secret text cannot be read. No message quotes it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("the secret in {path} cannot be read")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Somebody besides the owner may read the file.
    #[error("the secret in {path} is open to others: chmod 600 it")]
    OpenToOthers {
        /// Which file.
        path: PathBuf,
    },
    /// The environment variable that should hold the secret, or lead to it, is not set.
    #[error("the environment variable {variable} is not set, and a secret should come from it")]
    NoVariable {
        /// Which variable.
        variable: String,
    },
}

impl SecretTable {
    /// Where the secret is; a relative path starts at `folder`.
    pub fn in_folder(self, folder: &Path) -> SecretText {
        match self.0 {
            Setting::Path(path) | Setting::Table(Table::File { path }) => {
                SecretText::File(folder.join(path))
            }
            Setting::Table(Table::Credential { name }) => SecretText::Credential(name),
            Setting::Table(Table::Env { variable }) => SecretText::Environment(variable),
        }
    }
}

impl SecretText {
    /// The whole text.
    ///
    /// # Errors
    /// [`SecretError`], also when others than the owner may read the file.
    pub fn read(&self) -> Result<Zeroizing<String>, SecretError> {
        match self {
            Self::File(path) => {
                let metadata = fs::metadata(path).map_err(|source| SecretError::File {
                    path: path.into(),
                    source,
                })?;
                if metadata.permissions().mode() & 0o077 != 0 {
                    return Err(SecretError::OpenToOthers { path: path.into() });
                }
                read_file(path)
            }
            Self::Credential(name) => {
                // Who may read it is systemd's affair; an access list shows as the group's mode.
                let folder = variable(CREDENTIALS)?;
                read_file(&PathBuf::from(folder.as_str()).join(name))
            }
            Self::Environment(name) => variable(name),
        }
    }

    /// The text without the end of its line, which editors add: for what is typed elsewhere, such
    /// as a password.
    ///
    /// # Errors
    /// As for [`SecretText::read`].
    pub fn read_line(&self) -> Result<Zeroizing<String>, SecretError> {
        let text = self.read()?;
        Ok(Zeroizing::new(
            text.trim_end_matches(['\r', '\n']).to_owned(),
        ))
    }
}

fn read_file(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let text = fs::read_to_string(path).map_err(|source| SecretError::File {
        path: path.into(),
        source,
    })?;
    Ok(Zeroizing::new(text))
}

fn variable(name: &str) -> Result<Zeroizing<String>, SecretError> {
    std::env::var(name)
        .map(Zeroizing::new)
        .map_err(|_| SecretError::NoVariable {
            variable: name.to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Layers, Problems};

    #[derive(Deserialize)]
    struct Settings {
        password: SecretTable,
    }

    fn parse(text: &str) -> Result<SecretText, Vec<String>> {
        let mut problems = Problems::default();
        let settings: Option<Settings> = Layers::parse(text).unwrap().extract(&mut problems);
        let text = settings.map(|s| s.password.in_folder(Path::new("/etc/here")));
        match problems.finish(text) {
            Ok(checked) => Ok(checked.settings),
            Err(crate::settings::SettingsError::Invalid(problems)) => Err(problems),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_secret_is_in_a_file_a_credential_or_the_environment() {
        let file = SecretText::File("/etc/here/word".into());
        for (text, place) in [
            ("\"word\"", file.clone()),
            ("{ source = \"file\", path = \"word\" }", file),
            (
                "{ source = \"credential\", name = \"word\" }",
                SecretText::Credential("word".into()),
            ),
            (
                "{ source = \"env\", variable = \"WORD\" }",
                SecretText::Environment("WORD".into()),
            ),
        ] {
            assert_eq!(parse(&format!("password = {text}")), Ok(place));
        }
    }

    #[test]
    fn a_place_that_is_none_is_told_without_what_was_written() {
        for text in [
            "7",
            "{ source = \"file\" }",
            "{ source = \"s3cret\", path = \"s3cret\" }",
            "{ source = \"env\", variable = \"A\", s3cret = 1 }",
        ] {
            let problems = parse(&format!("password = {text}")).unwrap_err();
            assert!(
                problems[0].starts_with("password: a path, or a table"),
                "{problems:?}"
            );
            assert!(!problems.concat().contains("s3cret"), "{problems:?}");
        }
    }

    #[test]
    fn a_file_is_read_only_if_nobody_else_may() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("word");
        fs::write(&path, "pass word \r\n").unwrap();
        let text = SecretText::File(path.clone());
        for (mode, is_private) in [(0o600, true), (0o640, false), (0o604, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            match text.read() {
                Ok(word) => assert!(is_private && *word == "pass word \r\n", "{mode:o}"),
                Err(error) => assert!(
                    !is_private && matches!(error, SecretError::OpenToOthers { .. }),
                    "{mode:o}"
                ),
            }
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(*text.read_line().unwrap(), "pass word ");
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        // Cargo sets this one for every test.
        let set = SecretText::Environment("CARGO_MANIFEST_DIR".to_owned());
        assert_eq!(*set.read().unwrap(), env!("CARGO_MANIFEST_DIR"));
        let missing = SecretText::Environment("KAZASU_NOBODY_SETS_THIS".to_owned());
        let error = missing.read().unwrap_err();
        assert!(error.to_string().contains("KAZASU_NOBODY_SETS_THIS"));
    }
}

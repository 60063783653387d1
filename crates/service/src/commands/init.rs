//! What `init` does in every program: it writes files that were not there, one of them the example
//! of a configuration with values put in.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Why there is nothing to begin with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// There is such a file; nothing is overwritten.
    #[error("{0} is there already")]
    Exists(PathBuf),
    /// A file or folder cannot be made.
    #[error("{path}")]
    Make {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// Makes sure that none of these files is there.
///
/// # Errors
/// [`InitError::Exists`].
pub fn none_exists(paths: &[&Path]) -> Result<(), InitError> {
    match paths.iter().find(|path| path.exists()) {
        Some(path) => Err(InitError::Exists(path.to_path_buf())),
        None => Ok(()),
    }
}

/// Makes a folder with these permissions, unless there is one.
///
/// # Errors
/// [`InitError::Make`].
pub fn make_folder(path: &Path, mode: u32) -> Result<(), InitError> {
    if path.is_dir() {
        return Ok(());
    }
    let made = DirBuilder::new().mode(mode).create(path);
    made.map_err(|source| InitError::Make {
        path: path.into(),
        source,
    })
}

/// Writes a new file with these permissions.
///
/// # Errors
/// [`InitError::Make`], also if there is one.
pub fn write_new(path: &Path, mode: u32, text: &str) -> Result<(), InitError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| InitError::Make {
        path: path.into(),
        source,
    })
}

/// An example of a configuration with other values: `value` says, in TOML, what stands at a key of
/// a table, `""` for the first. What a line says beside its value stays.
pub fn with_values(example: &str, value: impl Fn(&str, &str) -> Option<String>) -> String {
    let mut text = String::new();
    let mut table = "";
    for line in example.lines() {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            table = name;
        }
        let key = line.split_once(" = ").map_or("", |(key, _)| key);
        match value(table, key) {
            Some(value) => {
                let remark = line.find(" # ").map_or("", |start| &line[start + 1..]);
                text += format!("{key} = {value}  {remark}").trim_end();
            }
            None => text += line,
        }
        text.push('\n');
    }
    text
}

/// A text as TOML writes it.
pub fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_keeps_its_words_around_the_values() {
        let example = "# about\na = 1\nb = \"old\"    # why\n\n[table]\nb = 2\n[other]\nb = 3\n";
        let text = with_values(example, |table, key| match (table, key) {
            ("", "b") => Some(quoted("new \"one\"")),
            ("table", "b") => Some("4".to_owned()),
            _ => None,
        });
        assert_eq!(
            text,
            "# about\na = 1\nb = 'new \"one\"'  # why\n\n[table]\nb = 4\n[other]\nb = 3\n"
        );
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        none_exists(&[&path]).unwrap();
        make_folder(folder.path(), 0o700).unwrap();
        write_new(&path, 0o600, "mine").unwrap();
        assert!(matches!(
            write_new(&path, 0o600, "other"),
            Err(InitError::Make { .. })
        ));
        let there = none_exists(&[folder.path().join("other").as_path(), &path]);
        assert!(matches!(there, Err(InitError::Exists(found)) if found == path));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    }
}

//! Secret texts, read from where the settings say.

use super::KeysError;
use crate::settings::SecretText;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where systemd puts the credentials of a service: systemd.exec(5).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

pub(super) fn read(source: &SecretText) -> Result<Zeroizing<String>, KeysError> {
    match source {
        SecretText::File(path) => read_private(path),
        SecretText::Credential(name) => {
            // Who may read it is systemd's affair; an access list shows as the group's mode.
            let folder = variable(CREDENTIALS)?;
            read_any(&PathBuf::from(folder.as_str()).join(name))
        }
        SecretText::Environment(name) => variable(name),
    }
}

/// A file that nobody but its owner may read.
pub(super) fn read_private(path: &Path) -> Result<Zeroizing<String>, KeysError> {
    let metadata = fs::metadata(path).map_err(|source| KeysError::File {
        path: path.into(),
        source,
    })?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(KeysError::OpenToOthers { path: path.into() });
    }
    read_any(path)
}

fn read_any(path: &Path) -> Result<Zeroizing<String>, KeysError> {
    let text = fs::read_to_string(path).map_err(|source| KeysError::File {
        path: path.into(),
        source,
    })?;
    Ok(Zeroizing::new(text))
}

fn variable(name: &str) -> Result<Zeroizing<String>, KeysError> {
    std::env::var(name)
        .map(Zeroizing::new)
        .map_err(|_| KeysError::NoVariable {
            variable: name.to_owned(),
        })
}

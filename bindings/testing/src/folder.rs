//! Where a university keeps its files. A process that exits runs no destructor, and the threads of a
//! database may still write while its folder is removed; so whoever makes a folder also removes those
//! that earlier processes left.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

const PREFIX: &str = "kazasu-testing-";
/// Locked as long as its folder is needed.
const IN_USE: &str = "in-use";
/// A folder that was only just made may not be locked yet.
const YOUNG: Duration = Duration::from_secs(60);

/// A temporary folder.
pub(crate) struct Folder {
    folder: TempDir,
    _in_use: File,
}

impl Folder {
    /// Makes one.
    ///
    /// # Errors
    /// If the machine has no space for it.
    pub(crate) fn new() -> io::Result<Self> {
        Self::new_in(&std::env::temp_dir())
    }

    fn new_in(parent: &Path) -> io::Result<Self> {
        remove_abandoned(parent);
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        let in_use = File::create(folder.path().join(IN_USE))?;
        in_use.lock()?;
        Ok(Self {
            folder,
            _in_use: in_use,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// What cannot be removed stays: it may be somebody else's.
fn remove_abandoned(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_ours && is_abandoned(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_abandoned(folder: &Path) -> bool {
    let made = fs::symlink_metadata(folder).and_then(|about| about.modified());
    let is_young = made.is_ok_and(|at| at.elapsed().is_ok_and(|age| age < YOUNG));
    // Without the file to lock, somebody began to remove it.
    !is_young && File::open(folder.join(IN_USE)).map_or(true, |file| file.try_lock().is_ok())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use std::time::SystemTime;

    fn make_old(folder: &Path) {
        let long_ago = SystemTime::now() - 2 * YOUNG;
        File::open(folder).unwrap().set_modified(long_ago).unwrap();
    }

    #[test]
    fn what_an_ended_process_left_is_removed_and_what_another_uses_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let in_use = Folder::new_in(parent.path()).unwrap();
        let Folder { folder, .. } = Folder::new_in(parent.path()).unwrap();
        let left = folder.keep();
        let half_removed = parent.path().join("kazasu-testing-half");
        let strange = parent.path().join("strange");
        let young = parent.path().join("kazasu-testing-young");
        for folder in [&half_removed, &strange, &young] {
            fs::create_dir(folder).unwrap();
        }
        for folder in [in_use.path(), &left, &half_removed, &strange] {
            make_old(folder);
        }
        let new = Folder::new_in(parent.path()).unwrap();
        assert!(!left.exists() && !half_removed.exists());
        assert!(in_use.path().exists() && strange.exists() && young.exists());
        assert!(new.path().exists());
    }
}

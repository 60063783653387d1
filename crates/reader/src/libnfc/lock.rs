//! One user per reader: libnfc lets a second one open the device and so break the first.

use nix::fcntl::OFlag;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Where lock files of devices live (FHS 3.0 §5.9), shared by all users.
const LOCK_DIRECTORY: &str = "/run/lock";
/// How long the process before may take to put the reader away.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

/// The lock of a reader. The system ends it with the process, however that ends.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    /// Open as long as the lock is held.
    _file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is still held: whoever waits for it finds out by `is_at`. Another user's file
        // may stay.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Takes the lock of a reader. `None` if somebody else has it.
///
/// # Errors
/// Where no lock file can be opened.
pub(super) fn acquire(connstring: &str) -> io::Result<Option<Lock>> {
    let name = file_name(connstring);
    let give_up = Instant::now() + PATIENCE;
    loop {
        let mut path = Path::new(LOCK_DIRECTORY).join(&name);
        let file = open(&path).or_else(|_| {
            path = std::env::temp_dir().join(&name);
            open(&path)
        })?;
        match file.try_lock() {
            Ok(()) if is_at(&file, &path)? => return Ok(Some(Lock { path, _file: file })),
            // Whoever had it removed the file meanwhile: this lock is nobody else's concern.
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= give_up => return Ok(None),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
        }
    }
}

/// Whether `path` still leads to `file`.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let opened = file.metadata()?;
    match std::fs::symlink_metadata(path) {
        Ok(found) => Ok((found.dev(), found.ino()) == (opened.dev(), opened.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn open(path: &Path) -> io::Result<File> {
    // Anybody can put something else into a shared directory: a link would make us create or lock
    // a file elsewhere, and opening a pipe would wait for its other end.
    let careful = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = OpenOptions::new()
        // Reading is enough for a lock, and all that is allowed on another user's file.
        .read(true)
        .custom_flags(careful.bits())
        .open(path)
        .or_else(|_| {
            OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o644)
                .custom_flags(careful.bits())
                .open(path)
        })?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::ErrorKind::InvalidInput.into())
    }
}

/// Two paths to one device share a lock: symbolic links are followed.
fn file_name(connstring: &str) -> PathBuf {
    let resolved = match connstring.split_once(':') {
        Some((driver, path)) if path.starts_with('/') => {
            // The same device at another speed is still the same device.
            let (device, _speed) = path.split_once(':').unwrap_or((path, ""));
            let device = std::fs::canonicalize(device).unwrap_or_else(|_| device.into());
            format!("{driver}:{}", device.display())
        }
        _ => connstring.to_owned(),
    };
    let safe: String = resolved
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(200)
        .collect();
    format!("kazasu-{safe}.lock").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_user_is_refused_until_the_first_is_done() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let device = directory.path().join("device");
        let link = directory.path().join("link");
        std::fs::write(&device, []).expect("a file");
        std::os::unix::fs::symlink(&device, &link).expect("a link");
        let by_path = format!("pn532_uart:{}", device.display());
        let by_link = format!("pn532_uart:{}:115200", link.display());

        let first = acquire(&by_path).expect("a lock file");
        let file = first.as_ref().expect("nobody else has it").path.clone();
        assert!(acquire(&by_link).expect("a lock file").is_none());
        drop(first);
        assert!(!file.exists());
        assert!(acquire(&by_link).expect("a lock file").is_some());
    }

    #[test]
    fn a_lock_on_a_file_that_was_removed_is_noticed() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("lock");
        let file = open(&path).expect("a file");
        assert!(is_at(&file, &path).expect("it can be looked at"));
        std::fs::remove_file(&path).expect("it is there");
        assert!(!is_at(&file, &path).expect("it can be looked at"));
        let _another = open(&path).expect("a file");
        assert!(!is_at(&file, &path).expect("it can be looked at"));
    }

    #[test]
    fn links_and_pipes_are_no_lock_files() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let link = directory.path().join("link");
        let target = directory.path().join("target");
        std::os::unix::fs::symlink(&target, &link).expect("a link");
        assert!(open(&link).is_err());
        assert!(!target.exists());
        let pipe = directory.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        assert!(open(&pipe).is_err());
    }
}

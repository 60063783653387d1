//! One user per reader: libnfc lets a second one open the device and so break the first.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Where lock files of devices live (FHS 3.0 §5.9), shared by all users.
const LOCK_DIRECTORY: &str = "/run/lock";
/// How long the process before may take to put the reader away.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

/// Takes the lock of a reader. It is held while the file is open, so it also ends with the
/// process, however that ends. `None` if somebody else has it.
///
/// # Errors
/// Where no lock file can be opened.
pub(super) fn acquire(connstring: &str) -> io::Result<Option<File>> {
    let name = file_name(connstring);
    let file = open(&Path::new(LOCK_DIRECTORY).join(&name))
        .or_else(|_| open(&std::env::temp_dir().join(&name)))?;
    let give_up = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= give_up => return Ok(None),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    // Reading is enough for a lock, and all that is allowed on another user's file.
    File::open(path).or_else(|_| {
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o644)
            .open(path)
    })
}

/// Two paths to one device share a lock: symbolic links are followed.
fn file_name(connstring: &str) -> PathBuf {
    let resolved = match connstring.split_once(':') {
        Some((driver, path)) if path.starts_with('/') => {
            let (device, speed) = path.split_once(':').unwrap_or((path, ""));
            let _ = speed; // the same device at another speed is still the same device
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
        assert!(first.is_some());
        assert!(acquire(&by_link).expect("a lock file").is_none());
        drop(first);
        assert!(acquire(&by_link).expect("a lock file").is_some());
        let _ = std::fs::remove_file(Path::new(LOCK_DIRECTORY).join(file_name(&by_path)));
    }
}

//! The line between portal and directory, which can be cut at the worst moment: after the directory
//! changed a password, before its answer arrives.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

/// RFC 3062: the request to modify a password names itself so.
const MODIFY_PASSWORD: &[u8] = b"1.3.6.1.4.1.4203.1.11.1";

/// What happens to a request to change a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Nothing.
    Never,
    /// It does not arrive.
    Before,
    /// It is carried out, and the answer does not arrive.
    After,
    /// The first one waits until something else is to happen; later ones overtake it.
    Wait,
}

/// A Unix socket that leads to another.
pub(crate) struct Line {
    path: PathBuf,
    cut: watch::Sender<Cut>,
    /// Requests that were cut.
    met: watch::Receiver<u32>,
    /// Requests to change a password.
    changes: Arc<AtomicUsize>,
}

impl Line {
    pub(crate) fn open(folder: &Path, to: &Path) -> Self {
        let path = folder.join("line");
        let listener = UnixListener::bind(&path).unwrap();
        let (cut, cuts) = watch::channel(Cut::Never);
        let (counter, met) = watch::channel(0);
        let (counter, to) = (Arc::new(counter), to.to_owned());
        let changes = Arc::new(AtomicUsize::new(0));
        let counted = changes.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = UnixStream::connect(&to).await else {
                    continue;
                };
                let (near_in, near_out) = near.into_split();
                let (far_in, far_out) = far.into_split();
                let broken = Arc::new(watch::Sender::new(false));
                let (cuts, counter) = (cuts.clone(), counter.clone());
                let (broke, counted) = (broken.clone(), counted.clone());
                tokio::spawn(requests(near_in, far_out, cuts, counter, broke, counted));
                tokio::spawn(answers(far_in, near_out, broken));
            }
        });
        Self {
            path,
            cut,
            met,
            changes,
        }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!(
            "ldapi://{}",
            self.path.display().to_string().replace('/', "%2F")
        )
    }

    pub(crate) fn cut(&self, cut: Cut) {
        self.cut.send_replace(cut);
    }

    /// How many requests to change a password there were.
    pub(crate) fn changes(&self) -> usize {
        self.changes.load(Ordering::Relaxed)
    }

    /// Waits until a request was cut.
    pub(crate) async fn has_cut(&self) {
        self.met.clone().wait_for(|met| *met > 0).await.unwrap();
    }
}

async fn requests(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut cuts: watch::Receiver<Cut>,
    counter: Arc<watch::Sender<u32>>,
    broken: Arc<watch::Sender<bool>>,
    changes: Arc<AtomicUsize>,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length) = from.read(&mut buffer).await {
        if length == 0 {
            return;
        }
        let request = &buffer[..length];
        let mut cut = *cuts.borrow();
        let is_change = request
            .windows(MODIFY_PASSWORD.len())
            .any(|w| w == MODIFY_PASSWORD);
        changes.fetch_add(is_change.into(), Ordering::Relaxed);
        if is_change && cut == Cut::Wait {
            let is_first = counter.send_replace(1) == 0;
            if is_first && cuts.wait_for(|cut| *cut != Cut::Wait).await.is_err() {
                return;
            }
            cut = Cut::Never;
        }
        if is_change && cut != Cut::Never {
            // Before anything can come back.
            broken.send_replace(true);
        }
        if !(is_change && cut == Cut::Before) && to.write_all(request).await.is_err() {
            return;
        }
        if is_change && cut != Cut::Never {
            counter.send_modify(|met| *met += 1);
        }
    }
}

async fn answers(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    broken: Arc<watch::Sender<bool>>,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length) = from.read(&mut buffer).await {
        if length == 0 {
            return;
        }
        if !*broken.borrow() && to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

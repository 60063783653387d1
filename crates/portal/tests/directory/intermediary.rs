//! Somebody between the portal and the server's socket, who counts and cuts.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

/// The operation that sets a password: RFC 3062.
const PASSWORD_MODIFY: &[u8] = b"1.3.6.1.4.1.4203.1.11.1";

/// Passes on what the portal and the server say.
pub(crate) struct Intermediary {
    folder: TempDir,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    open: AtomicUsize,
    most: AtomicUsize,
    loses_answers: AtomicBool,
    hangs_up: AtomicBool,
    holds: watch::Sender<bool>,
}

impl Intermediary {
    /// Before the socket at `server`.
    pub(crate) fn start(server: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("ldapi")).unwrap();
        let seen = Arc::new(Seen::default());
        let told = seen.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&server).await.unwrap();
                tokio::spawn(pass_on(client, server, told.clone()));
            }
        });
        Self { folder, seen }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("ldapi")
    }

    /// The most connections there were at once.
    pub(crate) fn most_connections(&self) -> usize {
        self.seen.most.load(Ordering::SeqCst)
    }

    /// From now on, whether the connection ends where a password was set and the answer would be.
    pub(crate) fn lose_answers(&self, lose: bool) {
        self.seen.loses_answers.store(lose, Ordering::SeqCst);
    }

    /// From now on, whether requests to set a password wait here. What waits is passed on later,
    /// although nobody waits for the answer any more.
    pub(crate) fn hold(&self, hold: bool) {
        self.seen.holds.send_replace(hold);
    }

    /// Ends a connection at the next question instead of passing it on.
    pub(crate) fn hang_up_once(&self) {
        self.seen.hangs_up.store(true, Ordering::SeqCst);
    }
}

/// The address of a socket.
pub(crate) fn url(socket: &Path) -> url::Url {
    let path = socket.display().to_string().replace('/', "%2F");
    format!("ldapi://{path}").parse().unwrap()
}

async fn pass_on(mut client: UnixStream, mut server: UnixStream, seen: Arc<Seen>) {
    let open = seen.open.fetch_add(1, Ordering::SeqCst) + 1;
    seen.most.fetch_max(open, Ordering::SeqCst);
    let (mut asked, mut answered) = ([0; 8192], [0; 8192]);
    let mut last = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => match read {
                Ok(length) if length > 0 && !seen.hangs_up.swap(false, Ordering::SeqCst) => {
                    let question = &asked[..length];
                    let mut parts = question.windows(PASSWORD_MODIFY.len());
                    let sets = parts.any(|part| part == PASSWORD_MODIFY);
                    last = sets && seen.loses_answers.load(Ordering::SeqCst);
                    if sets {
                        seen.holds.subscribe().wait_for(|holds| !holds).await.unwrap();
                    }
                    server.write_all(question).await.unwrap();
                }
                _ => break,
            },
            read = server.read(&mut answered) => match read {
                Ok(length) if length > 0 && !last => {
                    let _ = client.write_all(&answered[..length]).await;
                }
                _ => break,
            },
        }
    }
    seen.open.fetch_sub(1, Ordering::SeqCst);
}

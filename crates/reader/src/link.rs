//! What both transports have in common: jobs go in, one at a time, and each is answered.
//!
//! Whoever carries the jobs out (a task beside the child process, or a thread for PC/SC) finishes
//! an exchange even when nobody waits for its answer any more, so a dropped future can never
//! leave half an exchange for the next one to read.

use kazasu_card::ChannelLimits;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use zeroize::Zeroizing;

/// How long looking once for a card may take.
const POLL_TIME: Duration = Duration::from_secs(4);
/// How long a power cycle, with what it has to clear up, may take.
pub(crate) const RESET_TIME: Duration = Duration::from_secs(8);
/// How long putting a reader away may take.
const CLOSING_TIME: Duration = Duration::from_secs(3);

/// Something to do with the card.
#[derive(Clone)]
pub(crate) enum Request {
    /// Look once for a card and activate it, powering off one that was active before.
    Poll,
    /// Exchange one command.
    Transceive {
        command: Zeroizing<Vec<u8>>,
        timeout: Duration,
    },
    /// Power the card off and on.
    Reset,
}

impl Request {
    /// After how long the one who carries it out counts as hung.
    pub(crate) fn deadline(&self) -> Duration {
        match self {
            Self::Poll => POLL_TIME + RESET_TIME,
            Self::Transceive { timeout, .. } => *timeout + RESET_TIME,
            Self::Reset => RESET_TIME,
        }
    }
}

/// What came of it.
#[derive(PartialEq, Eq)]
pub(crate) enum Reply {
    /// A card is active, on a channel with these limits.
    Card(ChannelLimits),
    /// There is no card.
    NoCard,
    /// The card's answer.
    Response(Zeroizing<Vec<u8>>),
    /// The card left, or stopped answering.
    CardLost,
    /// The reader failed.
    ReaderGone,
    /// Somebody else uses the reader.
    InUse,
    /// This many bytes came back, more than a response may have.
    Garbage(usize),
}

/// A request, and where its answer goes. Dropping the job answers "the reader is gone".
pub(crate) struct Job {
    pub(crate) request: Request,
    pub(crate) answer: oneshot::Sender<Reply>,
}

/// A reader that carries out jobs.
pub(crate) struct Link {
    jobs: mpsc::Sender<Job>,
    closed: oneshot::Receiver<()>,
}

/// The end that carries the jobs out. `closed` is dropped when the reader has been put away.
pub(crate) struct Worker {
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) closed: oneshot::Sender<()>,
}

impl Link {
    pub(crate) fn new() -> (Self, Worker) {
        let (sender, jobs) = mpsc::channel(1);
        let (closing, closed) = oneshot::channel();
        (
            Self {
                jobs: sender,
                closed,
            },
            Worker {
                jobs,
                closed: closing,
            },
        )
    }

    /// Has a request carried out. [`Reply::ReaderGone`] also stands for a worker that died or
    /// hangs; the link is of no use afterwards.
    pub(crate) async fn request(&self, request: Request) -> Reply {
        // The PC/SC thread cannot be killed when it hangs, so the one who waits gives up. One
        // earlier job, abandoned by its caller, may still be under way.
        let patience = request.deadline() * 2;
        let (answer, answered) = oneshot::channel();
        let exchange = async {
            self.jobs.send(Job { request, answer }).await.ok()?;
            answered.await.ok()
        };
        match timeout(patience, exchange).await {
            Ok(Some(reply)) => reply,
            Ok(None) | Err(_) => Reply::ReaderGone,
        }
    }

    /// Puts the reader away, and waits until that is done.
    pub(crate) async fn close(self) {
        drop(self.jobs);
        // Nobody can act on a reader that does not close in time: its process ends it.
        let _ = timeout(CLOSING_TIME, self.closed).await;
    }
}

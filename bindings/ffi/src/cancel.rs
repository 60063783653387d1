//! Cancelling from languages that do not end our futures when theirs end.

use std::future::Future;
use std::sync::Arc;
use tokio::sync::watch;

/// Ends what it was given to. Kotlin and Python end a call by cancelling its coroutine; Swift's
/// tasks do not reach into it, and need this.
#[derive(Debug, uniffi::Object)]
pub struct CancelToken {
    cancelled: watch::Sender<bool>,
}

#[uniffi::export]
impl CancelToken {
    /// A token that is not cancelled.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            cancelled: watch::Sender::new(false),
        })
    }

    /// Ends every call that was given this token, and each that will be. The transaction goes on:
    /// `Tap.cancel` ends that.
    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }
}

impl CancelToken {
    async fn cancelled(&self) {
        // The sender lives as long as this token.
        let _ = self.cancelled.subscribe().wait_for(|is| *is).await;
    }
}

/// What the future returns, or `None` if the token was cancelled before.
pub(crate) async fn unless_cancelled<T>(
    token: Option<&CancelToken>,
    future: impl Future<Output = T>,
) -> Option<T> {
    let Some(token) = token else {
        return Some(future.await);
    };
    tokio::select! {
        biased;
        () = token.cancelled() => None,
        done = future => Some(done),
    }
}

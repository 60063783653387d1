//! An authority that answers when a test wants it to.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use std::sync::Arc;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock, watch};

/// What every question to the authority passes.
#[derive(Clone)]
pub(crate) struct Gate {
    asked: watch::Sender<()>,
    door: Arc<RwLock<()>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            asked: watch::Sender::new(()),
            door: Arc::default(),
        }
    }
}

impl Gate {
    /// The service behind this gate.
    pub(crate) fn before(&self, service: Router) -> Router {
        service.layer(from_fn_with_state(self.clone(), pass))
    }

    /// Lets everybody wait who asks from now on.
    pub(crate) async fn hold(&self) -> Held {
        Held {
            asked: self.asked.subscribe(),
            _door: self.door.clone().write_owned().await,
        }
    }
}

async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    gate.asked.send_replace(());
    let _open = gate.door.read().await;
    next.run(request).await
}

/// An authority that does not answer until this is let go.
pub(crate) struct Held {
    asked: watch::Receiver<()>,
    _door: OwnedRwLockWriteGuard<()>,
}

impl Held {
    /// Returns once somebody asked since it is held.
    pub(crate) async fn until_asked(&self) {
        self.asked.clone().changed().await.unwrap();
    }

    pub(crate) fn let_go(self) {}
}

//! The stream of a transaction's states.

use super::find;
use crate::app::App;
use crate::submit;
use crate::transaction::{State, Transaction};
use kazasu_proto::companion::v1;
use kazasu_service::telemetry;
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

pub(super) type Watch = ReceiverStream<Result<v1::WatchTransactionResponse, Status>>;

pub(super) fn watch(app: Arc<App>, companion_secret: Vec<u8>, transaction: Transaction) -> Watch {
    let (sender, receiver) = mpsc::channel(4);
    // Subscribed before the first state is sent, so that no change falls in between.
    let changes = app.store.changes();
    telemetry::spawn(follow(
        app,
        companion_secret,
        transaction.id,
        changes,
        sender,
    ));
    ReceiverStream::new(receiver)
}

async fn follow(
    app: Arc<App>,
    companion_secret: Vec<u8>,
    id: String,
    mut changes: broadcast::Receiver<String>,
    sender: mpsc::Sender<Result<v1::WatchTransactionResponse, Status>>,
) {
    let mut shown = None;
    loop {
        let seen = find(&app, &companion_secret).await;
        let state = seen.as_ref().ok().map(|transaction| transaction.state);
        if state.is_none() || shown != state {
            shown = state;
            let sent = sender
                .send(seen.map(|transaction| response(&app, &transaction, &companion_secret)))
                .await;
            if sent.is_err() || state.is_none_or(State::is_final) {
                return;
            }
        }
        tokio::select! {
            () = changed(&mut changes, &id) => {}
            () = tokio::time::sleep(app.store.look_again()) => {}
            () = sender.closed() => return,
            () = app.stopped() => {
                // Whoever went away needs no goodbye.
                let _ = sender.send(Err(Status::unavailable("the server is restarting"))).await;
                return;
            }
        }
    }
}

/// Returns when the transaction changed, or may have.
async fn changed(changes: &mut broadcast::Receiver<String>, id: &str) {
    // Lagging behind or closed: the database knows.
    while changes.recv().await.is_ok_and(|changed| changed != id) {}
}

fn response(
    app: &App,
    transaction: &Transaction,
    companion_secret: &[u8],
) -> v1::WatchTransactionResponse {
    use v1::TransactionState as Wire;
    let state = match transaction.state {
        State::Created => Wire::Created,
        State::Claimed => Wire::Claimed,
        State::Paired => Wire::Paired,
        State::Accepted => Wire::Accepted,
        State::Redeemed => Wire::Redeemed,
        State::Cancelled => Wire::Cancelled,
        State::Rejected => Wire::Rejected,
        State::Expired => Wire::Expired,
    };
    let reason = transaction
        .closed_because()
        .filter(|_| transaction.state == State::Rejected);
    let return_url = match transaction.state {
        State::Accepted => submit::return_url(app, transaction, companion_secret),
        _ => String::new(),
    };
    v1::WatchTransactionResponse {
        state: state.into(),
        reason: reason.map(Into::into),
        return_url,
    }
}

//! The end of a server.

use crate::harness::{LONG, PATIENT, SHORT, Served, read_to_end};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use kazasu_service::listener::Patience;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Semaphore;

/// A handler that says when it was reached and waits until it may answer.
fn waiting(reached: Arc<Semaphore>, may_answer: Arc<Semaphore>) -> Router {
    Router::new().route(
        "/",
        get(move || async move {
            reached.add_permits(1);
            may_answer.acquire().await.unwrap().forget();
            "late"
        }),
    )
}

#[tokio::test]
async fn requests_under_way_are_answered_and_nobody_connects_any_more() {
    let (reached, may_answer) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let router = waiting(reached.clone(), may_answer.clone());
    let served = Served::start(router, |listener| listener).await;
    let idle = served.connect().await;
    let address = served.address;
    let clients = [
        reqwest::Client::new(),
        reqwest::Client::builder()
            .http2_prior_knowledge()
            .build()
            .unwrap(),
    ];
    let requests = clients.map(|client| tokio::spawn(client.get(served.url("/")).send()));
    reached.acquire_many(2).await.unwrap().forget();

    let mut ended = served.stop();
    // The idle connection is closed at once, and by then the port is.
    assert_eq!(read_to_end(idle).await, "");
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    let early = tokio::time::timeout(SHORT, &mut ended).await;
    assert!(early.is_err(), "it waits for the requests under way");
    may_answer.add_permits(2);
    for request in requests {
        let response = request.await.unwrap().unwrap();
        assert_eq!(response.text().await.unwrap(), "late");
    }
    tokio::time::timeout(LONG, ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_does_not_end_in_time_is_closed() {
    let endless = get(|| async {
        let stream = tokio_stream::pending::<Result<String, Infallible>>();
        Body::from_stream(stream)
    });
    let patience = Patience {
        drain: SHORT,
        ..PATIENT
    };
    let served = Served::start(Router::new().route("/", endless), |listener| {
        listener.with_patience(patience)
    })
    .await;
    let mut response = reqwest::get(served.url("/")).await.unwrap();
    let mut half = served.connect().await;
    half.write_all(b"GET / HT").await.unwrap();
    let ended = served.stop();
    assert!(response.chunk().await.is_err());
    read_to_end(half).await;
    tokio::time::timeout(LONG, ended).await.unwrap().unwrap();
}

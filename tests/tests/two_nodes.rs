//! Two nodes of one verifier, on one PostgreSQL, behind a balancer.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use kazasu_demo::browser::Browser;
use kazasu_demo::relying_party::Answer;
use kazasu_demo::started::Started;
use kazasu_proto::companion::v1 as pb;
use kazasu_tests::cluster::Cluster;
use kazasu_tests::crowd::Crowd;
use kazasu_tests::engine::Engine;
use pb::companion_service_client::CompanionServiceClient;
use std::time::Duration;
use tokio::time::timeout;

/// What one node does, the other shows within this.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_killed_under_load_loses_nothing_and_nothing_is_accepted_twice() {
    let mut cluster = Cluster::start(Engine::Postgres, 2).await.unwrap();
    let mut crowd = Crowd::start(&cluster).unwrap();
    crowd.wait_for(40).await.unwrap();
    cluster.nodes[0].crash().await.unwrap();
    crowd.wait_for(40).await.unwrap();
    crowd
        .stop()
        .await
        .unwrap()
        .check(&cluster, 1)
        .await
        .unwrap();
}

/// A browser that starts at the first node, where everybody is sent from now on.
async fn begun_at_the_first(cluster: &Cluster, mode: &str) -> Started {
    cluster.go_to(&[0]).unwrap();
    let begin = || Started::begin_in(Browser::new(), &cluster.stand.party, "view", mode);
    match begin().await {
        Ok(started) => started,
        // The relying party's connection was cut while it had nothing to say.
        Err(_) => begin().await.unwrap(),
    }
}

#[tokio::test]
async fn a_tap_begun_at_one_node_goes_on_at_the_other_and_ends_at_the_first() {
    let cluster = Cluster::start(Engine::Postgres, 2).await.unwrap();
    let channels = cluster.channels().unwrap();
    let started = begun_at_the_first(&cluster, "same-phone").await;
    let tap = cluster
        .stand
        .claim(started, channels[1].clone(), 0)
        .await
        .unwrap();
    let mut second = CompanionServiceClient::new(channels[1].clone());
    let answer = second.submit_assertion(tap.submission).await.unwrap();
    let Some(pb::submit_assertion_response::Outcome::Accepted(accepted)) =
        answer.into_inner().outcome
    else {
        panic!("it is accepted");
    };
    let mut started = tap.started;
    let visit = started
        .browser
        .open(&accepted.return_url.parse().unwrap())
        .await
        .unwrap();
    let callback = visit.callback().unwrap();
    let party = &cluster.stand.party;
    let answer = party.finish(started.request, &callback).await.unwrap();
    assert!(matches!(answer, Answer::Identity(_)), "{answer:?}");
}

#[tokio::test]
async fn who_watches_at_one_node_soon_sees_what_happens_at_the_other() {
    let cluster = Cluster::start(Engine::Postgres, 2).await.unwrap();
    let channels = cluster.channels().unwrap();
    let mut started = begun_at_the_first(&cluster, "other-device").await;
    let (_, ticket) = started.ticket.rsplit_once('/').unwrap();
    let mut second = CompanionServiceClient::new(channels[1].clone());
    let ticket = ticket.to_owned();
    let claimed = second
        .claim_ticket(pb::ClaimTicketRequest { ticket })
        .await
        .unwrap()
        .into_inner();
    let companion_secret = claimed.companion_secret;
    let watch = pb::WatchTransactionRequest {
        companion_secret: companion_secret.clone(),
    };
    let mut states = second.watch_transaction(watch).await.unwrap().into_inner();
    let first = states.message().await.unwrap().unwrap();
    assert_eq!(first.state(), pb::TransactionState::Claimed);
    let pairing = pb::StartPairingRequest { companion_secret };
    let digits = second
        .start_pairing(pairing)
        .await
        .unwrap()
        .into_inner()
        .digits;
    started.type_digits(&digits).await.unwrap();
    let paired = timeout(SOON, async {
        loop {
            let state = states.message().await.unwrap().unwrap().state();
            if state == pb::TransactionState::Paired {
                break;
            }
        }
    });
    paired.await.expect("the first node paired it");
}

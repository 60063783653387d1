//! The second port of a verifier.

use crate::harness::Server;
use kazasu_proto::METHOD_PATHS;
use reqwest::StatusCode;
use tonic::transport::Channel;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

async fn get(server: &Server, path: &str) -> (StatusCode, String) {
    let url = format!("{}{path}", server.admin);
    let answer = server.http.get(url).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn requests_and_steps_are_counted_by_route_and_no_secret_is_told() {
    let server = Server::start().await;
    assert_eq!(get(&server, "/health/ready").await.0, StatusCode::OK);
    let (_, _, ticket) = server.ticket("same-phone").await;
    let request = kazasu_proto::companion::v1::ClaimTicketRequest {
        ticket: ticket.clone(),
    };
    let mut companion = server.companion().await;
    companion.claim_ticket(request.clone()).await.unwrap();
    companion.claim_ticket(request).await.unwrap_err();
    let strange = format!("{}/{ticket}", server.origin);
    server.http.get(strange).send().await.unwrap();

    let (_, text) = get(&server, "/metrics").await;
    for line in [
        "kazasu_requests_total{route=\"/oidc/par\",status=\"201\"} 1",
        "kazasu_requests_total{route=\"/kazasu.companion.v1.CompanionService/ClaimTicket\",status=\"grpc-0\"} 1",
        "kazasu_requests_total{route=\"/kazasu.companion.v1.CompanionService/ClaimTicket\",status=\"grpc-6\"} 1",
        "kazasu_requests_total{route=\"unmatched\",status=\"404\"} 1",
        "kazasu_transactions_total{state=\"created\"} 1",
        "kazasu_transactions_total{state=\"claimed\"} 1",
        "kazasu_store_waiting 0",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
    }
    let waits = text
        .lines()
        .find_map(|line| line.strip_prefix("kazasu_store_wait_seconds_count "));
    let waits: u64 = waits.unwrap().parse().unwrap();
    assert!(waits >= 4, "a push, a start, a ticket, a claim: {waits}");
    assert!(!text.contains(&ticket));
}

#[tokio::test]
async fn the_second_port_is_not_on_the_first() {
    let server = Server::start().await;
    for path in ["/metrics", "/health/ready", "/health/live"] {
        let answer = server.http.get(format!("{}{path}", server.origin));
        assert_eq!(answer.send().await.unwrap().status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn reflection_describes_the_companion_service() {
    let server = Server::start().await;
    let channel = Channel::from_shared(server.admin.clone()).unwrap();
    let channel = channel.connect().await.unwrap();
    let mut client = ServerReflectionClient::new(channel);
    let service = "kazasu.companion.v1.CompanionService";
    let question = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::FileContainingSymbol(service.into())),
    };
    let answers = client
        .server_reflection_info(tokio_stream::iter([question]))
        .await;
    let answer = answers
        .unwrap()
        .into_inner()
        .message()
        .await
        .unwrap()
        .unwrap();
    let Some(MessageResponse::FileDescriptorResponse(files)) = answer.message_response else {
        panic!("no descriptors: {answer:?}")
    };
    let described = &files.file_descriptor_proto[0];
    for path in METHOD_PATHS {
        let method = path.rsplit('/').next().unwrap().as_bytes();
        assert!(
            described.windows(method.len()).any(|name| name == method),
            "{path}"
        );
    }
    assert_eq!(METHOD_PATHS.len(), 6);
}

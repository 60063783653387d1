//! The second listener, asked by real clients.

use crate::harness::LONG;
use axum::Router;
use axum::routing::get;
use kazasu_service::admin::Admin;
use kazasu_service::metrics::Metrics;
use reqwest::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpListener;
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

/// What stands in for a service of the server's own.
const DESCRIBED: (&str, &[u8]) = (
    "grpc.health.v1.Health",
    tonic_health::pb::FILE_DESCRIPTOR_SET,
);

struct Running {
    origin: String,
    ready: Arc<AtomicBool>,
    metrics: Metrics,
}

async fn start() -> Running {
    let ready = Arc::new(AtomicBool::new(true));
    let metrics = Metrics::new();
    let asked = ready.clone();
    let admin = Admin::new(metrics.clone(), move || {
        let ready = asked.load(Ordering::SeqCst);
        async move { ready }
    })
    .with_service(DESCRIBED.0, DESCRIBED.1)
    .with_routes(Router::new().route("/more", get(|| async { "more" })));
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", tcp.local_addr().unwrap());
    tokio::spawn(admin.serve(tcp, std::future::pending()));
    Running {
        origin,
        ready,
        metrics,
    }
}

impl Running {
    async fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(self.origin.clone()).unwrap();
        endpoint.connect().await.unwrap()
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let answer = reqwest::get(format!("{}{path}", self.origin))
            .await
            .unwrap();
        (answer.status(), answer.text().await.unwrap())
    }
}

#[tokio::test]
async fn a_server_that_is_not_ready_is_still_alive() {
    let running = start().await;
    assert_eq!(running.get("/health/ready").await.0, StatusCode::OK);
    running.ready.store(false, Ordering::SeqCst);
    assert_eq!(
        running.get("/health/ready").await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(running.get("/health/live").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_server_that_does_not_know_whether_it_is_ready_is_not() {
    let admin = Admin::new(Metrics::new(), std::future::pending);
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/health/ready", tcp.local_addr().unwrap());
    tokio::spawn(admin.serve(tcp, std::future::pending()));
    let answer = tokio::time::timeout(LONG, reqwest::get(url)).await;
    let status = answer.unwrap().unwrap().status();
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn what_a_server_adds_is_beside_the_rest() {
    let running = start().await;
    let more = (StatusCode::OK, "more".to_owned());
    assert_eq!(running.get("/more").await, more);
    assert_eq!(running.get("/health/live").await.0, StatusCode::OK);
}

#[tokio::test]
async fn grpc_health_follows_readiness() {
    let running = start().await;
    let mut client = HealthClient::new(running.channel().await);
    for (ready, expected) in [
        (true, ServingStatus::Serving),
        (false, ServingStatus::NotServing),
        (true, ServingStatus::Serving),
    ] {
        running.ready.store(ready, Ordering::SeqCst);
        for service in ["", DESCRIBED.0] {
            let request = HealthCheckRequest {
                service: service.into(),
            };
            let mut changes = client.watch(request).await.unwrap().into_inner();
            let followed =
                async { while changes.message().await.unwrap().unwrap().status() != expected {} };
            tokio::time::timeout(LONG, followed).await.unwrap();
        }
    }
    let unknown = HealthCheckRequest {
        service: "nobody".into(),
    };
    assert_eq!(
        client.check(unknown).await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn reflection_names_and_describes_the_services() {
    let running = start().await;
    let mut client = ServerReflectionClient::new(running.channel().await);
    let ask = |question| ServerReflectionRequest {
        host: String::new(),
        message_request: Some(question),
    };
    let questions = [
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol(DESCRIBED.0.into())),
    ];
    let answers = client
        .server_reflection_info(tokio_stream::iter(questions))
        .await
        .unwrap();
    let mut answers = answers.into_inner();
    let mut next = async || {
        answers
            .message()
            .await
            .unwrap()
            .unwrap()
            .message_response
            .unwrap()
    };
    let MessageResponse::ListServicesResponse(list) = next().await else {
        panic!("no list")
    };
    assert!(
        list.service
            .iter()
            .any(|service| service.name == DESCRIBED.0)
    );
    let MessageResponse::FileDescriptorResponse(files) = next().await else {
        panic!("no descriptors")
    };
    let names = &files.file_descriptor_proto[0];
    assert!(names.windows(6).any(|name| name == b"Health"));
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let running = start().await;
    running.metrics.rate_limited("address");
    let (status, text) = running.get("/metrics").await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("kazasu_rate_limited_total{limit=\"address\"} 1\n"));
    // Each sample is a name, perhaps labels, and a number; each metric has help and type before.
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        value.parse::<f64>().unwrap();
        let family = name.split('{').next().unwrap();
        assert!(text.contains(&format!("# TYPE {family} ")), "{line}");
    }
}

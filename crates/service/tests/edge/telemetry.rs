//! What is told about requests: the log, and the spans a collector gets.

use crate::harness::{LONG, Served};
use axum::Router;
use axum::routing::get;
use kazasu_service::metrics::Metrics;
use kazasu_service::telemetry::{
    LogFormat, Telemetry, TelemetrySettings, observe, reference, spawn,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tonic::{Request, Response, Status};
use tracing_subscriber::util::SubscriberInitExt as _;

/// In a path, a query and a header: nothing of it may be told.
const CANARY: &str = "canary7391";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// A collector that keeps what it gets.
struct Collector(mpsc::UnboundedSender<ExportTraceServiceRequest>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.send(request.into_inner()).unwrap();
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// A server whose one handler logs and answers with its reference.
async fn serve() -> Served {
    let handler = get(|| async {
        let reference = reference();
        // As any crate beneath could.
        drop(tracing::info_span!(target: "other", "foreign", CANARY));
        tracing::debug!(target: "other", CANARY);
        tracing::error!(reference, "internal error");
        reference
    });
    let router = Router::new().route("/t/{ticket}", handler);
    let observed = observe(router, Metrics::new());
    Served::start(observed, |listener| listener).await
}

async fn ask(served: &Served) -> (String, String) {
    let url = served.url(&format!("/t/{CANARY}?code={CANARY}"));
    let request = reqwest::Client::new().get(url).header("cookie", CANARY);
    // Whoever chose their own could hide behind that of somebody else.
    let request = request.header("x-request-id", CANARY);
    let answer = request.send().await.unwrap();
    let id = answer.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    (id, answer.text().await.unwrap())
}

#[tokio::test]
async fn one_identifier_is_in_the_header_the_answer_and_every_line_of_the_log() {
    for format in [LogFormat::Text, LogFormat::Json] {
        let settings = TelemetrySettings {
            log: format,
            otlp_endpoint: None,
        };
        let log = Log::default();
        let writer = log.clone();
        let (subscriber, _telemetry) =
            Telemetry::prepare(&settings, "tested", "trace", move || writer.clone(), false)
                .unwrap();
        let _default = subscriber.set_default();
        let served = serve().await;
        let (id, reference) = ask(&served).await;
        assert_eq!(id, reference);
        let method = reqwest::Method::from_bytes(CANARY.as_bytes()).unwrap();
        let strange = served.url(&format!("/{CANARY}"));
        let strange = reqwest::Client::new().request(method, strange);
        assert_eq!(strange.send().await.unwrap().status(), 404);
        let text = log.text();
        let lines: Vec<_> = text
            .lines()
            .filter(|line| line.contains("/t/{ticket}"))
            .collect();
        assert!(lines.len() >= 3, "{text}");
        assert!(lines.iter().all(|line| line.contains(&id)), "{text}");
        assert!(
            text.contains("unmatched") && text.contains("other"),
            "{text}"
        );
        assert!(!text.contains(CANARY), "{text}");
        if format == LogFormat::Json {
            for line in text.lines() {
                serde_json::from_str::<serde_json::Value>(line).unwrap();
            }
        }
    }
}

#[tokio::test]
async fn what_goes_on_after_the_answer_has_its_identifier() {
    let log = Log::default();
    let writer = log.clone();
    let settings = TelemetrySettings::default();
    let prepared = Telemetry::prepare(&settings, "tested", "info", move || writer.clone(), false);
    let (subscriber, _telemetry) = prepared.unwrap();
    let _default = subscriber.set_default();
    let (go_on, mut went_on) = (Arc::new(Notify::new()), mpsc::unbounded_channel());
    let (wait, sender) = (go_on.clone(), went_on.0);
    let handler = get(|| async move {
        spawn(async move {
            wait.notified().await;
            tracing::info!("news");
            sender.send(reference()).unwrap();
        });
    });
    let router = Router::new().route("/t/{ticket}", handler);
    let served = Served::start(observe(router, Metrics::new()), |listener| listener).await;
    let (id, _) = ask(&served).await;
    go_on.notify_one();
    let reference = tokio::time::timeout(LONG, went_on.1.recv()).await;
    assert_eq!(reference.unwrap(), Some(id.clone()));
    let text = log.text();
    let news = text.lines().find(|line| line.contains("news")).unwrap();
    assert!(news.contains(&id), "{text}");
}

#[tokio::test]
async fn spans_reach_a_collector_before_the_end_and_tell_routes_only() {
    let (sender, mut received) = mpsc::unbounded_channel();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", tcp.local_addr().unwrap());
    let collector = tonic::transport::Server::builder()
        .add_service(TraceServiceServer::new(Collector(sender)))
        .serve_with_incoming(tokio_stream::wrappers::TcpListenerStream::new(tcp));
    tokio::spawn(collector);
    let settings = TelemetrySettings {
        log: LogFormat::Text,
        otlp_endpoint: Some(endpoint.parse().unwrap()),
    };
    let (subscriber, telemetry) =
        Telemetry::prepare(&settings, "tested", "off", std::io::sink, false).unwrap();
    let default = subscriber.set_default();
    let served = serve().await;
    let (id, _) = ask(&served).await;
    drop(default);
    telemetry.end().await;

    let request = tokio::time::timeout(LONG, received.recv())
        .await
        .unwrap()
        .unwrap();
    assert!(!format!("{request:?}").contains(CANARY), "{request:?}");
    let resource = &request.resource_spans[0];
    assert!(format!("{:?}", resource.resource).contains("tested"));
    let spans: Vec<&Span> = resource
        .scope_spans
        .iter()
        .flat_map(|scope| &scope.spans)
        .collect();
    assert_eq!(spans.len(), 1, "{spans:?}");
    assert_eq!(spans[0].name, "GET /t/{ticket}");
    let told = format!("{:?}", spans[0].attributes);
    assert!(told.contains(&id) && told.contains("\"200\""), "{told}");
}

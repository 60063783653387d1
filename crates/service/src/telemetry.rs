//! What a server tells about itself while it runs: a log on standard error, and spans for an
//! OpenTelemetry collector if one is configured. Each request has an identifier that its answer,
//! its log lines and its span carry.

mod request;

pub use request::{observe, reference, spawn};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde::Deserialize;
use std::io::IsTerminal as _;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, LevelFilter, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use url::Url;

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What is told, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetrySettings {
    /// The form of the log on standard error.
    pub log: LogFormat,
    /// A collector that takes spans as OTLP over gRPC; `http` only, so one beside this server,
    /// which can pass them on over TLS.
    pub otlp_endpoint: Option<Url>,
}

/// Why telemetry cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TelemetryError {
    /// The exporter of spans cannot be made.
    #[error("spans cannot be exported to that collector")]
    Exporter(#[from] ExporterBuildError),
    /// `RUST_LOG` is set to something else than a filter.
    #[error("RUST_LOG is no filter")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
}

/// Running telemetry.
pub struct Telemetry {
    spans: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Starts the log and the export of the process; `service` is the name under which a collector
    /// shows it. `RUST_LOG` says what of our own code is logged, `info` if unset; of all other code
    /// at most `info` is, for its lines for developers show headers and parameters of queries.
    ///
    /// To be called once, within a runtime of tokio.
    ///
    /// # Errors
    /// [`TelemetryError`].
    pub fn start(
        settings: &TelemetrySettings,
        service: &'static str,
    ) -> Result<Self, TelemetryError> {
        let filter = match std::env::var("RUST_LOG") {
            Ok(filter) => filter,
            Err(_) => "info".to_owned(),
        };
        let colours = std::io::stderr().is_terminal();
        let (subscriber, telemetry) =
            Self::prepare(settings, service, &filter, std::io::stderr, colours)?;
        subscriber.init();
        Ok(telemetry)
    }

    /// The same without installing it: a test installs the subscriber for itself, with a writer of
    /// its own.
    ///
    /// # Errors
    /// As for [`Telemetry::start`].
    pub fn prepare<W>(
        settings: &TelemetrySettings,
        service: &'static str,
        filter: &str,
        writer: W,
        colours: bool,
    ) -> Result<(impl Subscriber + Send + Sync + use<W>, Self), TelemetryError>
    where
        W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    {
        let log = tracing_subscriber::fmt::layer()
            .with_writer(writer)
            .with_ansi(colours);
        let log = match settings.log {
            LogFormat::Text => log.boxed(),
            LogFormat::Json => log.json().flatten_event(true).with_span_list(false).boxed(),
        };
        // With a hint, or nobody knows what is never told and every library asks each time.
        let harmless = filter_fn(|code| is_ours(code) || *code.level() <= Level::INFO)
            .with_max_level_hint(LevelFilter::TRACE);
        let log = log.with_filter(EnvFilter::try_new(filter)?.and(harmless));
        let spans = match &settings.otlp_endpoint {
            None => None,
            Some(endpoint) => Some(exporting(endpoint, service)?),
        };
        let export = spans.as_ref().map(|spans| {
            tracing_opentelemetry::layer()
                .with_tracer(spans.tracer(service))
                .with_filter(
                    filter_fn(|code| is_ours(code) && *code.level() <= Level::INFO)
                        .with_max_level_hint(LevelFilter::INFO),
                )
        });
        let subscriber = tracing_subscriber::registry().with(export).with(log);
        Ok((subscriber, Self { spans }))
    }

    /// Sends what was not sent yet, and ends the export.
    pub async fn end(self) {
        let Some(spans) = self.spans else { return };
        let ended = tokio::task::spawn_blocking(move || spans.shutdown()).await;
        if let Err(error) = ended.expect("ending the export does not panic") {
            tracing::warn!(%error, "the last spans were not exported");
        }
    }
}

/// Every crate of the project begins so.
fn is_ours(code: &Metadata<'_>) -> bool {
    code.target().starts_with("kazasu")
}

fn exporting(
    endpoint: &Url,
    service: &'static str,
) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint.as_str())
        .build()?;
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(Resource::builder().with_service_name(service).build())
        .build())
}

//! The exporter: a thread that sends finished spans in batches. What the collector doesn't take is
//! dropped, never waited for.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanEvents, SpanExporter as SendSpans,
    SpanLinks, SpanProcessor,
};

use super::{ExportError, ExportOptions};
use crate::Repeated;
use crate::span::{Export, Finished, Kind, export_to};
use crate::trace::Trace;

/// Spans that wait to be sent; further ones are dropped.
const QUEUE_MAX: usize = 8192;

/// How long a span waits for others to be sent with.
const GATHER: Duration = Duration::from_secs(1);

/// How long the collector may take to answer, and the end of the program may wait for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// An export under way.
#[derive(Debug)]
pub struct Exporting(Arc<BatchSpanProcessor>);

impl Exporting {
    /// Sends what waits, and ends. Blocks: not to be called by an asynchronous task.
    pub fn finish(self) {
        if let Err(error) = self.0.shutdown_with_timeout(PATIENCE) {
            tracing::warn!(%error, "The last spans could not be exported");
        }
    }
}

/// Begins to export spans.
///
/// # Errors
/// When the endpoint is no URL, or a thread can't be started.
pub fn start(options: &ExportOptions) -> Result<Exporting, ExportError> {
    if options.endpoint.starts_with("https://") {
        let why = "https needs TLS, which this build lacks; send to a collector on this machine";
        return Err(ExportError(why.to_owned()));
    }
    let endpoint = format!("{}/v1/traces", options.endpoint.trim_end_matches('/'));
    let sender = SpanExporter::builder()
        .with_http()
        .with_endpoint(endpoint)
        .with_timeout(PATIENCE)
        .build()
        .map_err(|error| ExportError(error.to_string()))?;
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE_MAX)
        .with_scheduled_delay(GATHER)
        .build();
    let mut processor =
        BatchSpanProcessor::builder(Telling(sender)).with_batch_config(batches).build();
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let service = options.service_name.clone();
    let resource = Resource::builder().with_service_name(service).with_attribute(version);
    processor.set_resource(&resource.build());
    let processor = Arc::new(processor);
    let export = Exporter { processor: Arc::clone(&processor), below: threshold(options.ratio) };
    if export_to(Box::new(export)) {
        Ok(Exporting(processor))
    } else {
        Err(ExportError("traces are exported already".to_owned()))
    }
}

struct Exporter {
    processor: Arc<BatchSpanProcessor>,
    /// Traces go whose id's last 56 bits are below it.
    below: u64,
}

/// As OpenTelemetry's ratio sampler does: the id decides, so all who see a trace agree.
fn threshold(ratio: f64) -> u64 {
    (ratio.clamp(0.0, 1.0) * (1_u64 << 56) as f64) as u64
}

impl Export for Exporter {
    fn wants(&self, trace: &Trace) -> bool {
        let [.., a, b, c, d, e, f, g] = trace.id_bytes();
        trace.is_sampled() && u64::from_be_bytes([0, a, b, c, d, e, f, g]) < self.below
    }

    fn export(&self, span: Finished) {
        self.processor.on_end(span_data(span));
    }
}

fn span_data(span: Finished) -> SpanData {
    let trace_id = TraceId::from_bytes(span.trace.id_bytes());
    let id = |id: u64| SpanId::from_bytes(id.to_be_bytes());
    let place = id(span.trace.span_id());
    let context =
        SpanContext::new(trace_id, place, TraceFlags::SAMPLED, false, TraceState::default());
    SpanData {
        span_context: context,
        parent_span_id: span.parent.map_or(SpanId::INVALID, id),
        parent_span_is_remote: span.kind != Kind::Internal,
        span_kind: match span.kind {
            Kind::Server => SpanKind::Server,
            Kind::Producer => SpanKind::Producer,
            Kind::Consumer => SpanKind::Consumer,
            Kind::Internal => SpanKind::Internal,
        },
        name: span.name,
        start_time: span.from,
        end_time: span.to,
        attributes: span.notes.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: if span.failed { Status::error("") } else { Status::Unset },
        instrumentation_scope: InstrumentationScope::builder("ticketing").build(),
    }
}

/// Said once in a while: a collector may be away for hours.
static NOT_SENT: Repeated = Repeated::every(Duration::from_secs(60));

/// Sends, and tells the log what could not be sent.
#[derive(Debug)]
struct Telling(SpanExporter);

impl SendSpans for Telling {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let sent = self.0.export(batch).await;
        if let Err(error) = &sent
            && let Some(kept_back) = NOT_SENT.say()
        {
            tracing::warn!(%error, spans, kept_back, "Could not export spans; they are lost");
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_reached_is_refused_at_the_start() {
        let start = |endpoint: &str| {
            let (endpoint, service_name) = (endpoint.to_owned(), "tests".to_owned());
            start(&ExportOptions { endpoint, service_name, ratio: 1.0 })
        };
        assert!(start("https://collector.example").unwrap_err().to_string().contains("TLS"));
        assert!(start("http://not a host").is_err());
    }

    #[test]
    fn a_ratio_is_a_part_of_the_ids() {
        assert_eq!(threshold(0.0), 0);
        assert_eq!(threshold(0.5), 1 << 55);
        assert_eq!(threshold(1.0), 1 << 56, "all of them: ids have 56 bits here");
        assert_eq!(threshold(f64::NAN), 0);
    }
}

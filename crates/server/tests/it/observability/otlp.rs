//! A collector that takes OTLP over HTTP and reads from its protobuf what the tests want to know:
//! <https://github.com/open-telemetry/opentelemetry-proto>, `trace/v1/trace.proto`.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use tokio::net::TcpListener;

/// A span as the collector got it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) trace_id: String,
    pub(super) id: String,
    /// Empty when it has none.
    pub(super) parent: String,
    pub(super) name: String,
}

/// A collector that listens.
pub(super) struct Collector {
    pub(super) url: String,
    spans: Arc<Mutex<Vec<Span>>>,
}

impl Collector {
    pub(super) async fn start() -> Self {
        let spans = Arc::<Mutex<Vec<Span>>>::default();
        let take = |State(spans): State<Arc<Mutex<Vec<Span>>>>, body: Bytes| async move {
            spans.lock().unwrap().extend(read_request(&body));
        };
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&spans));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, spans }
    }

    /// What it got of this trace so far.
    pub(super) fn of_trace(&self, trace_id: &str) -> Vec<Span> {
        let spans = self.spans.lock().unwrap();
        spans.iter().filter(|span| span.trace_id == trace_id).cloned().collect()
    }

    /// How many spans it got, of whatever trace.
    pub(super) fn count(&self) -> usize {
        self.spans.lock().unwrap().len()
    }
}

/// `ExportTraceServiceRequest.resource_spans.scope_spans.spans`
fn read_request(body: &[u8]) -> Vec<Span> {
    let inner = |message: &[u8], wanted: u64| -> Vec<Vec<u8>> {
        let fields = fields(message).into_iter();
        fields.filter(|(number, _)| *number == wanted).map(|(_, value)| value).collect()
    };
    let resources = inner(body, 1);
    let scopes = resources.iter().flat_map(|resource| inner(resource, 2));
    let spans = scopes.flat_map(|scope| inner(&scope, 2));
    spans.map(|span| read_span(&span)).collect()
}

fn read_span(message: &[u8]) -> Span {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut span = Span::default();
    for (number, value) in fields(message) {
        match number {
            1 => span.trace_id = hex(&value),
            2 => span.id = hex(&value),
            4 => span.parent = hex(&value),
            5 => span.name = String::from_utf8(value).unwrap(),
            _ => {}
        }
    }
    span
}

/// The fields of a message that have a length, by their numbers; others are skipped.
fn fields(mut message: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        let length = match key & 7 {
            0 => {
                varint(&mut message);
                continue;
            }
            1 => 8,
            2 => usize::try_from(varint(&mut message)).unwrap(),
            5 => 4,
            other => panic!("no such wire type: {other}"),
        };
        let (value, rest) = message.split_at(length);
        message = rest;
        if key & 7 == 2 {
            found.push((key >> 3, value.to_vec()));
        }
    }
    found
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return number;
        }
    }
    panic!("a number without end")
}

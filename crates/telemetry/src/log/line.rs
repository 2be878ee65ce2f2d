//! How a line of the log looks: for people ([`TextLine`]), and for machines ([`JsonLine`]).
//!
//! What a line is a part of, a request or an event, and its trace are asked for when there is a
//! line to write. Requests that log nothing, nearly all, pay nothing for it, as they would for a
//! span of `tracing`'s.

use std::fmt::{self, Debug};

use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::trace;

/// `2026-05-01T19:30:00.123456Z  INFO request{trace_id=4bf9…}: Placed order 7 order.id=7`
pub(super) struct TextLine;

/// `{"timestamp":"…","level":"INFO","message":"…","order.id":"7","target":"orders",`
/// `"span":{"name":"request","trace_id":"4bf9…"}}`
pub(super) struct JsonLine;

impl<S, N> FormatEvent<S, N> for TextLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let level = *event.metadata().level();
        let is_coloured = line.has_ansi_escapes();
        let style = |code| if is_coloured { code } else { "" };
        let (dim, bold, plain) = (style("\u{1b}[2m"), style("\u{1b}[1m"), style("\u{1b}[0m"));
        let colour = style(colour(level));
        write!(line, "{dim}")?;
        SystemTime.format_time(&mut line)?;
        write!(line, "{plain} {colour}{level:>5}{plain} ")?;
        let told = trace::logged(|what, trace| {
            write!(line, "{bold}{what}{{{plain}trace_id={}{bold}}}{plain}: ", trace.id())
        });
        told.unwrap_or(Ok(()))?;
        context.format_fields(line.by_ref(), event)?;
        writeln!(line)
    }
}

/// Its escape sequence (ECMA-48, "select graphic rendition").
const fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        Level::DEBUG => "\u{1b}[34m",
        Level::TRACE => "\u{1b}[35m",
    }
}

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut now = String::new();
        SystemTime.format_time(&mut Writer::new(&mut now))?;
        let mut object = Object::default();
        object.add("timestamp", now);
        object.add("level", event.metadata().level().as_str());
        event.record(&mut object);
        object.add("target", event.metadata().target());
        let span =
            |what, trace: &trace::Trace| json!({"name": what, "trace_id": trace.id().to_string()});
        if let Some(span) = trace::logged(span) {
            object.add("span", span);
        }
        writeln!(line, "{}}}", object.0)
    }
}

/// A JSON object but for the brace that closes it. Its members keep their order.
#[derive(Default)]
struct Object(String);

impl Object {
    fn add(&mut self, name: &str, value: impl Into<Value>) {
        let (sign, name) = (if self.0.is_empty() { '{' } else { ',' }, Value::from(name));
        self.0.push_str(&format!("{sign}{name}:{}", value.into()));
    }
}

impl Visit for Object {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let name = field.name();
        self.add(name.strip_prefix("r#").unwrap_or(name), format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::SubscriberBuilder;

    use super::*;
    use crate::span::Span;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(line)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Kept {
        fn lines(&self) -> Vec<String> {
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            text.lines().map(str::to_owned).collect()
        }
    }

    const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn log_both() {
        let why = "a\n\"b\"";
        tracing::info!(order.id = %7, seats = 2, price = 1.5, paid = true, why, "Done");
        let request = Span::of_request(Some(TRACEPARENT));
        let within = request.scope(async { tracing::warn!("Within\u{1b}[31m") });
        now(within);
    }

    /// Runs what needs no waiting.
    fn now<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
    }

    #[test]
    fn a_line_for_machines_is_an_object() {
        let kept = Kept::default();
        let log = kept.clone();
        let subscriber = SubscriberBuilder::default()
            .event_format(JsonLine)
            .with_writer(move || log.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, log_both);
        let lines: Vec<Value> =
            kept.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let done = &lines[0];
        assert_eq!(done["level"], "INFO");
        assert_eq!(done["message"], "Done");
        assert_eq!(done["order.id"], "7");
        assert_eq!(
            (&done["seats"], &done["price"], &done["paid"]),
            (&2.into(), &1.5.into(), &true.into())
        );
        assert_eq!(done["why"], "a\n\"b\"");
        assert!(done["target"].as_str().unwrap().starts_with("telemetry"));
        assert!(done["timestamp"].as_str().unwrap().ends_with('Z'));
        assert!(done.get("span").is_none());
        let span = json!({"name": "request", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"});
        assert_eq!(lines[1]["span"], span);
    }

    #[test]
    fn a_line_for_people_has_colours_on_a_terminal_only() {
        for is_terminal in [false, true] {
            let kept = Kept::default();
            let log = kept.clone();
            let subscriber = SubscriberBuilder::default()
                .with_ansi(is_terminal)
                .event_format(TextLine)
                .with_writer(move || log.clone())
                .finish();
            tracing::subscriber::with_default(subscriber, log_both);
            let lines = kept.lines();
            assert_eq!(lines.len(), 2, "what is logged makes no lines of its own: {lines:?}");
            assert_eq!(lines[0].contains('\u{1b}'), is_terminal, "{lines:?}");
            assert!(lines[1].contains("Within\\x1b[31m"), "nor colours: {lines:?}");
            if !is_terminal {
                let (time, rest) = lines[0].split_once(' ').unwrap();
                assert!(time.ends_with('Z'));
                assert!(rest.starts_with(" INFO Done order.id=7 seats=2"), "{rest}");
                let request = "request{trace_id=4bf92f3577b34da6a3ce929d0e0e4736}: Within";
                assert!(lines[1].contains(request), "{lines:?}");
            }
        }
    }
}

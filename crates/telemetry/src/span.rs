//! Spans: pieces of work that have a place in a trace. Whatever is logged within one carries the
//! trace's id; whatever it causes continues the trace; and it is exported, if that is configured.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::time::SystemTime;

use crate::trace::{self, Trace};

/// What kind of work it is, in OpenTelemetry's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A request is answered.
    Server,
    /// An event is handed over.
    Producer,
    /// An event is handled.
    Consumer,
    /// Something within one of these.
    Internal,
}

/// A piece of work that is over.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Its place.
    pub trace: Trace,
    /// The id of what it is a part of; none when it began the trace.
    pub parent: Option<u64>,
    /// What was done.
    pub name: Cow<'static, str>,
    /// What kind of work it was.
    pub kind: Kind,
    /// When it began.
    pub from: SystemTime,
    /// When it was over.
    pub to: SystemTime,
    /// What else is known of it.
    pub notes: Vec<(&'static str, String)>,
    /// Whether it failed.
    pub failed: bool,
}

/// Where finished spans go.
pub trait Export: Send + Sync {
    /// Whether spans of this trace are wanted.
    fn wants(&self, trace: &Trace) -> bool;

    /// Takes a span; doesn't wait.
    fn export(&self, span: Finished);
}

static EXPORT: OnceLock<Box<dyn Export>> = OnceLock::new();

/// Sends all spans from now on to `export`. Whether that was the first call; others do nothing.
pub fn export_to(export: Box<dyn Export>) -> bool {
    EXPORT.set(export).is_ok()
}

/// A piece of work under way. It ends when it is dropped.
#[derive(Debug)]
pub struct Span {
    trace: Trace,
    /// What log lines within are told to be a part of; none when what is around it is told.
    log: Option<&'static str>,
    /// What will be exported; none when nobody wants it.
    record: Option<Finished>,
}

impl Span {
    /// Begins to answer a request that came with this `traceparent`.
    #[must_use]
    pub fn of_request(traceparent: Option<&str>) -> Self {
        let parent = traceparent.and_then(Trace::parse);
        Self::begin(parent.as_ref(), Kind::Server, "request", Some("request"))
    }

    /// Begins to carry or to handle an event whose row or envelope has this `traceparent`; what
    /// goes on here already is nearer.
    #[must_use]
    pub fn of_event(kind: Kind, name: &'static str, traceparent: Option<&str>) -> Self {
        if let Some(around) = trace::current() {
            return Self::begin(Some(&around), kind, name, None);
        }
        let parent = traceparent.and_then(Trace::parse);
        Self::begin(parent.as_ref(), kind, name, Some("event"))
    }

    /// Begins a part of what goes on here; log lines within it look like those around it.
    #[must_use]
    pub fn of_part(name: &'static str) -> Self {
        let around = trace::current();
        let mut part = Self::begin(around.as_ref(), Kind::Internal, name, None);
        if around.is_none() {
            // a part of nothing is nobody's news
            part.record = None;
        }
        part
    }

    fn begin(
        parent: Option<&Trace>,
        kind: Kind,
        name: &'static str,
        log: Option<&'static str>,
    ) -> Self {
        let trace = parent.map_or_else(Trace::start, Trace::child);
        let wanted = EXPORT.get().is_some_and(|export| export.wants(&trace));
        let record = wanted.then(|| {
            let (now, parent) = (now(), parent.map(Trace::span_id));
            let (name, trace) = (Cow::Borrowed(name), trace.clone());
            Finished { trace, parent, name, kind, from: now, to: now, notes: vec![], failed: false }
        });
        Self { trace, log, record }
    }

    /// Its place in the trace.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Runs `work` as this span: what it logs and causes belongs to the trace.
    pub fn scope<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        trace::scope_as(self.trace.clone(), self.log, work)
    }

    /// As [`Self::scope`], for what needs no waiting.
    pub fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        trace::within(self.trace.clone(), self.log, work)
    }

    /// Notes what is known of the work, if anybody wants to know.
    pub fn note(&mut self, key: &'static str, value: impl ToString) {
        if let Some(record) = &mut self.record {
            record.notes.push((key, value.to_string()));
        }
    }

    /// Names it more closely than it was begun, if anybody wants to know.
    pub fn rename(&mut self, name: impl FnOnce() -> String) {
        if let Some(record) = &mut self.record {
            record.name = Cow::Owned(name());
        }
    }

    /// Says that it failed.
    pub const fn fail(&mut self) {
        if let Some(record) = &mut self.record {
            record.failed = true;
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let (Some(record), Some(export)) = (self.record.take(), EXPORT.get()) {
            export.export(Finished { to: now(), ..record });
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "when a span was is for people; nothing hangs on it")]
fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<Finished>>>);

    impl Export for Kept {
        fn wants(&self, trace: &Trace) -> bool {
            trace.is_sampled()
        }

        fn export(&self, span: Finished) {
            self.0.lock().unwrap().push(span);
        }
    }

    /// One test, as there is one place for exports in a process.
    #[tokio::test]
    async fn parts_are_below_what_they_are_a_part_of() {
        let kept = Kept::default();
        assert!(export_to(Box::new(kept.clone())));
        let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let request = Span::of_request(Some(header));
        let stored = request
            .scope(async {
                let mut part = Span::of_part("commit");
                part.note("events", 2);
                part.fail();
                trace::current().unwrap().to_string()
            })
            .await;
        let request_id = request.trace().span_id();
        drop(request);
        let mut consumer = Span::of_event(Kind::Consumer, "event", Some(&stored));
        consumer.rename(|| "order:created to tickets".to_owned());
        drop(consumer);
        drop(Span::of_request(Some(&header.replace("-01", "-00"))));
        drop(Span::of_request(Some("nonsense")));

        let spans = kept.0.lock().unwrap();
        let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
        assert_eq!(names, ["commit", "request", "order:created to tickets", "request"]);
        let parents: Vec<_> = spans.iter().map(|span| span.parent).collect();
        assert_eq!(
            parents,
            [Some(request_id), Some(0x00f0_67aa_0ba9_02b7), Some(request_id), None]
        );
        assert_eq!(spans[0].notes, [("events", "2".to_owned())]);
        assert_eq!(
            spans.iter().map(|span| span.failed).collect::<Vec<_>>(),
            [true, false, false, false]
        );
        let ids = |index: usize| spans[index].trace.id_bytes();
        assert_eq!(ids(0), ids(2), "one trace");
        assert_ne!(ids(0), ids(3), "what has none begins its own");
    }
}

//! The trace: W3C Trace Context (<https://www.w3.org/TR/trace-context/>), carried from the
//! request through every row and event it causes.
//!
//! The edge and the consumers [`scope`] their work with a trace; whoever stores an event asks for
//! the [`current`] one.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task::JoinError;
use uuid::Uuid;

tokio::task_local! {
    static CURRENT: (Trace, Option<&'static str>);
}

/// How long a `traceparent` header is.
const HEADER_LENGTH: usize = 55;

/// A trace and the caller's place in it, as the header `traceparent` writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    trace_id: Uuid,
    parent_id: u64,
    flags: u8,
}

impl Trace {
    /// A new trace, for work that nobody else began.
    #[must_use]
    pub fn start() -> Self {
        let id = &*IDS;
        let halves = (id.next(), id.next());
        Self { trace_id: Uuid::from_u64_pair(halves.0, halves.1), parent_id: id.next(), flags: 1 }
    }

    /// A new place in the same trace, below this one.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { parent_id: IDS.next(), ..self.clone() }
    }

    /// The id that all work of the trace shares, as 32 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> impl fmt::Display + use<> {
        self.trace_id.simple()
    }

    /// The id of the trace as bytes.
    #[must_use]
    pub fn id_bytes(&self) -> [u8; 16] {
        self.trace_id.into_bytes()
    }

    /// The id of this place in it.
    #[must_use]
    pub const fn span_id(&self) -> u64 {
        self.parent_id
    }

    /// Whether whoever began the trace wants it recorded.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.flags & 1 == 1
    }

    /// The trace and this place in it as a header has them: what `to_string` says, without asking
    /// for memory.
    #[must_use]
    pub fn header(&self) -> [u8; HEADER_LENGTH] {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        let (high, low) = self.trace_id.as_u64_pair();
        let numbers = [(3..19, high), (19..35, low), (36..52, self.parent_id)];
        for (at, number) in numbers.into_iter().chain([(53..55, u64::from(self.flags))]) {
            let mut rest = number;
            for digit in text[at].iter_mut().rev() {
                *digit = b"0123456789abcdef"[(rest & 15) as usize];
                rest >>= 4;
            }
        }
        text
    }

    /// Reads a `traceparent` header; none when it isn't one, as the standard asks.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace, parent, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_hex = |part: &str, length| {
            let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
            part.len() == length && part.bytes().all(lower)
        };
        let too_long = version == "00" && parts.next().is_some();
        if !is_hex(version, 2) || version == "ff" || too_long {
            return None;
        }
        if !is_hex(trace, 32) || !is_hex(parent, 16) || !is_hex(flags, 2) {
            return None;
        }
        let parsed = Self {
            trace_id: Uuid::try_parse(trace).ok()?,
            parent_id: u64::from_str_radix(parent, 16).ok()?,
            flags: u8::from_str_radix(flags, 16).ok()?,
        };
        (!parsed.trace_id.is_nil() && parsed.parent_id != 0).then_some(parsed)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{:016x}-{:02x}", self.trace_id.simple(), self.parent_id, self.flags)
    }
}

/// Ids of traces and of places in them.
static IDS: LazyLock<Ids> = LazyLock::new(Ids::new);

/// Ids that are unlike each other, and unlike other processes', without asking the system for
/// randomness each time: a counter under a keyed hash whose key nobody else knows. An id tells
/// neither the next one nor how many there were.
struct Ids {
    counter: AtomicU64,
    key: RandomState,
}

impl Ids {
    fn new() -> Self {
        Self { counter: AtomicU64::new(0), key: RandomState::new() }
    }

    fn next(&self) -> u64 {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        // zero is no id
        self.key.hash_one(number).max(1)
    }
}

/// Runs `work` within `trace`.
pub fn scope<F: Future>(trace: Trace, work: F) -> impl Future<Output = F::Output> {
    scope_as(trace, None, work)
}

/// Does `work` to its end within the trace of this task, also when whoever waits for it goes away
/// meanwhile.
///
/// # Errors
/// When the work panicked.
pub async fn carry_out<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, JoinError> {
    match current() {
        Some(trace) => tokio::spawn(scope(trace, work)),
        None => tokio::spawn(work),
    }
    .await
}

/// As [`scope`]; log lines within tell the trace, and that they are a part of `what`, or of what
/// the work around it is.
pub(crate) fn scope_as<F: Future>(
    trace: Trace,
    what: Option<&'static str>,
    work: F,
) -> impl Future<Output = F::Output> {
    CURRENT.scope((trace, what.or_else(around)), work)
}

/// As [`scope_as`], for what needs no waiting.
pub(crate) fn within<T>(trace: Trace, what: Option<&'static str>, work: impl FnOnce() -> T) -> T {
    CURRENT.sync_scope((trace, what.or_else(around)), work)
}

/// What the work around this is, for the log.
fn around() -> Option<&'static str> {
    CURRENT.try_with(|(_, what)| *what).ok().flatten()
}

/// What a log line is a part of, and its trace; none outside of such work.
pub(crate) fn logged<T>(tell: impl FnOnce(&'static str, &Trace) -> T) -> Option<T> {
    CURRENT.try_with(|(trace, what)| what.map(|what| tell(what, trace))).ok().flatten()
}

/// The trace this task works in, as a row or an event carries it on.
#[must_use]
pub fn current_header() -> Option<String> {
    CURRENT.try_with(|(trace, _)| trace.to_string()).ok()
}

/// The trace this task works in, if any.
#[must_use]
pub fn current() -> Option<Trace> {
    CURRENT.try_with(|(trace, _)| trace.clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_the_round_trip() {
        let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(Trace::parse(header).unwrap().to_string(), header);
        let started = Trace::start();
        assert_eq!(started.header(), started.to_string().as_bytes());
        assert_eq!(Trace::parse(&started.to_string()), Some(started));
    }

    #[test]
    fn what_is_no_header_starts_no_trace() {
        let bad = [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-é9f92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        ];
        for header in bad {
            assert_eq!(Trace::parse(header), None, "{header}");
        }
    }

    #[test]
    fn places_in_a_trace_differ_and_the_trace_stays() {
        let root = Trace::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00").unwrap();
        let children: std::collections::HashSet<_> =
            (0..10_000).map(|_| root.child().span_id()).collect();
        assert_eq!(children.len(), 10_000);
        assert!(!children.contains(&0));
        let child = root.child();
        assert_eq!(child.id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(!child.is_sampled(), "what isn't wanted stays unwanted");
    }

    #[test]
    fn traces_differ_in_both_halves() {
        let started: Vec<_> = (0..10_000).map(|_| Trace::start().trace_id.as_u64_pair()).collect();
        for half in [|id: &(u64, u64)| id.0, |id: &(u64, u64)| id.1] {
            let halves: std::collections::HashSet<_> = started.iter().map(half).collect();
            assert_eq!(halves.len(), started.len());
        }
    }

    #[tokio::test]
    async fn log_lines_are_told_the_outermost_work() {
        let trace = Trace::start();
        let told = || logged(|what, trace| (what, trace.clone()));
        assert_eq!(told(), None);
        let part = trace.child();
        let within = scope_as(trace.clone(), Some("request"), async {
            scope_as(part.clone(), None, async { told() }).await
        });
        assert_eq!(within.await, Some(("request", part)));
        assert_eq!(scope(trace, async { told() }).await, None);
    }

    #[tokio::test]
    async fn work_knows_its_trace() {
        assert_eq!(current(), None);
        let trace = Trace::start();
        let seen = scope(trace.clone(), async { current() }).await;
        assert_eq!(seen, Some(trace));
    }
}

//! The trace: W3C Trace Context (<https://www.w3.org/TR/trace-context/>), carried from the
//! request through every row and event it causes.
//!
//! The edge and the consumers [`scope`] their work with a trace; whoever stores an event asks for
//! the [`current`] one.

use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

tokio::task_local! {
    static CURRENT: Trace;
}

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
        let mut bytes = [0; 24];
        // without randomness the trace is all zeros, which no reader takes for a trace
        if getrandom::fill(&mut bytes).is_err() {
            tracing::warn!("No randomness for a trace id");
        }
        let (trace, parent) = bytes.split_at(16);
        let mut parent_id = [0; 8];
        parent_id.copy_from_slice(parent);
        Self {
            trace_id: Uuid::from_slice(trace).unwrap_or_default(),
            parent_id: u64::from_be_bytes(parent_id),
            flags: 1,
        }
    }

    /// A new place in the same trace, below this one.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { parent_id: next_span_id(), ..self.clone() }
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

/// Ids of places in traces: unlike each other, and unlike other processes', without asking the
/// system for randomness each time. A counter from a random start, mixed (splitmix64).
fn next_span_id() -> u64 {
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| {
        let start = Trace::start();
        AtomicU64::new(start.parent_id ^ start.trace_id.as_u64_pair().1)
    });
    let mut id = NEXT.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
    id = (id ^ (id >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    id = (id ^ (id >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    // zero is no id
    (id ^ (id >> 31)).max(1)
}

/// Runs `work` within `trace`.
pub async fn scope<F: Future>(trace: Trace, work: F) -> F::Output {
    CURRENT.scope(trace, work).await
}

/// The trace this task works in, as a row or an event carries it on.
#[must_use]
pub fn current_header() -> Option<String> {
    CURRENT.try_with(ToString::to_string).ok()
}

/// The trace this task works in, if any.
#[must_use]
pub fn current() -> Option<Trace> {
    CURRENT.try_with(Clone::clone).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_the_round_trip() {
        let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(Trace::parse(header).unwrap().to_string(), header);
        let started = Trace::start();
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

    #[tokio::test]
    async fn work_knows_its_trace() {
        assert_eq!(current(), None);
        let trace = Trace::start();
        let seen = scope(trace.clone(), async { current() }).await;
        assert_eq!(seen, Some(trace));
    }
}

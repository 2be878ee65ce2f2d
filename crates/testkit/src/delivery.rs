//! Property tests of consumers: events as their senders stored them, in every way in which they
//! may be delivered.

use std::iter::repeat_n;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use events::{Envelope, Event};
use kernel::{Clock, EventId, SystemClock, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use store::Engine;
use tokio::runtime::{Builder, Runtime};

/// The event as its sender stored it: a repeat carries the same id.
pub fn sealed(event: impl Into<Event>) -> Arc<Envelope> {
    let envelope = event.into().seal(EventId::generate(), SystemClock.now(), None);
    Arc::new(envelope.unwrap())
}

/// Every way to deliver `count` events: each once to three times, in any order.
pub fn deliveries(count: usize) -> impl Strategy<Value = Vec<usize>> {
    vec(1..=3_usize, count).prop_flat_map(|times| {
        let repeated = times.into_iter().enumerate();
        let all: Vec<_> = repeated.flat_map(|(event, times)| repeat_n(event, times)).collect();
        Just(all).prop_shuffle()
    })
}

/// On PostgreSQL, where each commit is an fsync, one case for so many of SQLite's in memory.
const FEWER: u32 = 20;

/// So many cases, fewer on PostgreSQL; a failure prints its smallest input rather than write it to
/// a file.
#[must_use]
pub fn cases(cases: u32) -> ProptestConfig {
    let cases = match crate::engine() {
        Engine::Sqlite => cases,
        Engine::Postgres => cases.div_ceil(FEWER),
    };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// A runtime for the asynchronous part of a case.
#[must_use]
pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A clock that stands still until it is moved.
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows the time of the machine's, and stands still.
    #[must_use]
    pub fn started() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(SystemClock.now().as_micros())))
    }

    /// Moves it on.
    pub fn advance(&self, span: Duration) {
        self.0.store(self.now().plus(span).as_micros(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

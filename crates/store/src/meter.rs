//! What the writer counts: its commits, how long they took, and how many batches shared each.

use std::time::Duration;

use telemetry::metrics::catalog::{BATCHES, COMMIT_DURATION, COMMIT_GROUP, COMMITS};
use telemetry::metrics::{Counter, Histogram, Metric};

use crate::StoreError;

/// The metrics of one database.
pub(crate) struct Meter {
    committed: Counter,
    not_committed: Counter,
    duration: Histogram,
    group: Histogram,
    applied: Counter,
    refused: Counter,
    failed: Counter,
}

impl Meter {
    pub(crate) fn of(database: &str) -> Self {
        let name = || database.to_owned();
        let counter = |metric: Metric, outcome: &str| metric.counter(&[name(), outcome.to_owned()]);
        Self {
            committed: counter(COMMITS, "ok"),
            not_committed: counter(COMMITS, "failed"),
            duration: COMMIT_DURATION.histogram(&[name()]),
            group: COMMIT_GROUP.histogram(&[name()]),
            applied: counter(BATCHES, "applied"),
            refused: counter(BATCHES, "refused"),
            failed: counter(BATCHES, "failed"),
        }
    }

    /// A commit that took `time` stood; these are its batches.
    pub(crate) fn committed(&self, time: Duration, batches: &[Result<(), StoreError>]) {
        let applied = batches.iter().filter(|batch| batch.is_ok()).count();
        self.committed.increment(1);
        self.duration.record(time.as_secs_f64());
        self.group.record(batches.len() as f64);
        self.applied.increment(applied as u64);
        self.refused.increment((batches.len() - applied) as u64);
    }

    /// Nothing of a group of so many batches was stored.
    pub(crate) fn not_committed(&self, batches: usize) {
        self.not_committed.increment(1);
        self.failed.increment(batches as u64);
    }
}
